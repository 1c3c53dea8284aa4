#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void on_signal(int number) {
  caught = 1;
  (void)signal(number, SIG_DFL);
}

void cli_interrupt_catch(void) {
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  /* a reader that went away is an error of write(), not an end */
  (void)signal(SIGPIPE, SIG_IGN);
}

bool cli_interrupted(void) { return caught != 0; }
