/**
 * The processes of this machine, as the system tells of them.
 *
 * A process is named by its id and its start: ids are used again, the pair is not.
 * Threads: any.
 */
#ifndef FRL_BASE_PROCESS_H
#define FRL_BASE_PROCESS_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_process {
  int32_t pid;
  uint64_t started; /* clock ticks since the machine's start */
  uint64_t resident_bytes;
  char name[32]; /* of its program, cut */
} frl_process;

/** false: there is none, or it has ended and waits for its parent. */
bool frl_process_find(int32_t pid, frl_process *out);
/** Whether the process of that id and start still runs. */
bool frl_process_runs(int32_t pid, uint64_t started);

/**
 * Calls each for every process of this user whose environment at its start held
 * `variable` ("NAME=VALUE"), but not for the caller. FRL_E_IO where the system tells
 * nothing.
 */
FRL_NODISCARD frl_status frl_process_with_variable(const char *variable,
    void (*each)(void *ctx, const frl_process *process), void *ctx, frl_error *err);

/** The working directory of a process of this user. false: unknown, or it has ended. */
bool frl_process_folder(int32_t pid, char *out, size_t max);

/**
 * Who listens on a TCP port of the loopback interface or of all.
 * false: unknown (nobody, or another user's process).
 */
bool frl_process_listening(uint16_t port, frl_process *out);

/**
 * Whether a table of the kernel's (/proc/net/tcp, tcp6) has a socket of this local port
 * in a state, two hexadecimal digits as the table has them: 0A listens, 01 is
 * connected.
 * @param inode  receives the first one's; may be NULL
 */
bool frl_process_socket(
    const char *table, uint16_t port, const char *state, uint64_t *inode);

#endif /* FRL_BASE_PROCESS_H */
