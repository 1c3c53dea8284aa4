/** One trial of `kernel check`: a process of its own, and what became of it. */
#ifndef FERRULE_CLI_KERNEL_TRIAL_H
#define FERRULE_CLI_KERNEL_TRIAL_H

#include "kernel_library.h"

/** Runs the trial and prints how it went; false where the kernel is at fault. */
bool cli_kernel_trial(frl_kernel *kernel, size_t trial,
    const cli_kernel_options *options, unsigned limit_s);

#endif /* FERRULE_CLI_KERNEL_TRIAL_H */
