/** The folders of executors, WORK/APPLICATION/NUMBER. */
#ifndef FRL_CLUSTER_EXECUTORS_H
#define FRL_CLUSTER_EXECUTORS_H

#include <stdint.h>

/**
 * Deletes the folders of executors that have ended, but not the `keep` newest, whose
 * logs tell why they ended, nor one that was written to within the last min_age_s
 * seconds. An executor runs as long as a process with the variable ("NAME=VALUE", see
 * frl_process_with_variable) is in its folder. Spark's worker deletes the folder of an
 * application as a whole, days after its end, and an application of the Connect server
 * has a new executor after each pause.
 *
 * @return how many were deleted
 */
uint32_t frl__cluster_prune_executors(
    const char *folder, const char *variable, uint32_t keep, int64_t min_age_s);

#endif /* FRL_CLUSTER_EXECUTORS_H */
