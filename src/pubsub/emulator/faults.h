/**
 * Faults on request.
 *
 *   faults = fault *( ";" fault )        "" = none
 *   fault  = kind *( blank name "=" value )
 *
 * | kind           | names                          | what happens                    |
 * |----------------|--------------------------------|---------------------------------|
 * | kill-streams   | after every how status         | StreamingPulls end: now, after  |
 * |                |                                | N messages, every N ms          |
 * | refuse         | method calls how status        | calls fail without being read   |
 * | delay          | method calls ms                | answers come later              |
 * | expire-leases  | -                              | all leases end, now             |
 * | drop-acks      | method calls                   | acks are answered and ignored   |
 * | duplicate      | every                          | each Nth message comes twice    |
 *
 * how: status (default), reset (RST_STREAM), drop (the connection). status: a gRPC
 * code by name or number, UNAVAILABLE by default. method: Publish, or a whole path;
 * all by default. calls: only the next N; no end by default. A setting that the kind
 * does not heed is refused.
 * Threads: values.
 */
#ifndef FRL_PUBSUB_EMULATOR_FAULTS_H
#define FRL_PUBSUB_EMULATOR_FAULTS_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

enum { FRL_EM_FAULTS_MAX = 16, FRL_EM_FAULT_METHOD_MAX = 96 };

typedef enum frl_em_fault_kind {
  FRL_EM_KILL_STREAMS,
  FRL_EM_REFUSE,
  FRL_EM_DELAY,
  FRL_EM_EXPIRE_LEASES,
  FRL_EM_DROP_ACKS,
  FRL_EM_DUPLICATE
} frl_em_fault_kind;

typedef enum frl_em_how { FRL_EM_STATUS, FRL_EM_RESET, FRL_EM_DROP } frl_em_how;

typedef struct frl_em_fault {
  frl_em_fault_kind kind;
  frl_em_how how;
  int32_t status;
  uint64_t calls; /* left; UINT64_MAX: no end */
  uint64_t after;
  uint64_t every;
  uint64_t ms;
  uint64_t count; /* of duplicate: messages seen */
  char method[FRL_EM_FAULT_METHOD_MAX];
} frl_em_fault;

typedef struct frl_em_faults {
  frl_em_fault items[FRL_EM_FAULTS_MAX];
  size_t n;
} frl_em_faults;

/** FRL_E_INVALID says what is wrong; out is then untouched. */
FRL_NODISCARD frl_status frl_em_faults_parse(
    frl_em_faults *out, frl_cursor text, frl_error *err);
/** A fault of the kind for a call of the path, used up once; or NULL. */
const frl_em_fault *frl_em_faults_use(
    frl_em_faults *f, frl_em_fault_kind kind, const char *path);
/** The first of the kind, or NULL. */
frl_em_fault *frl_em_faults_find(frl_em_faults *f, frl_em_fault_kind kind);

#endif /* FRL_PUBSUB_EMULATOR_FAULTS_H */
