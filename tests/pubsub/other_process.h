/** The test program again as another process, which can be killed like a real one. */
#ifndef FRL_TESTS_PUBSUB_OTHER_PROCESS_H
#define FRL_TESTS_PUBSUB_OTHER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct other_process {
  int pid;
  int from; /* its output */
} other_process;

/**
 * Starts this program with the arguments (NULL at the end); main hands them to
 * other_process_main before it runs tests.
 */
other_process other_start(const char *const *arguments);
/** Its next line of output, without newline. */
void other_line(const other_process *p, char *line, int size);
/** SIGKILL, and waits. */
void other_kill(other_process *p);

/**
 * What it does then: "executor PARTITION NAME ROWS" reads up to ROWS rows (0: all)
 * and writes "read N"; "driver CONFIG" opens a coordinator, plans a batch and writes
 * its first partition. Both stay until they are killed. false: nothing of that.
 */
bool other_process_main(int argc, char **argv);

#endif /* FRL_TESTS_PUBSUB_OTHER_PROCESS_H */
