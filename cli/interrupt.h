/** Ctrl-C and SIGTERM ask the work to end; the second one ends the process. */
#ifndef FERRULE_CLI_INTERRUPT_H
#define FERRULE_CLI_INTERRUPT_H

#include <stdbool.h>

void cli_interrupt_catch(void);
bool cli_interrupted(void);

#endif /* FERRULE_CLI_INTERRUPT_H */
