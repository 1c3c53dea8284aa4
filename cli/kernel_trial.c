#include "kernel_trial.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VERDICT_NONE, VERDICT_GOOD, VERDICT_BAD, VERDICT_REFUSED };
enum { PLACE_UNKNOWN, PLACE_INPUT, PLACE_BEYOND, PLACE_NULL, PLACE_STACK };
enum { NULL_BYTES = 65536, HANDLER_STACK_BYTES = 65536, STACK_SLACK_BYTES = 1 << 20 };

/** What the child tells, even as it dies. */
typedef struct told {
  volatile sig_atomic_t verdict; /* VERDICT_NONE: the kernel did not come back */
  volatile sig_atomic_t place;   /* of a memory fault */
} told;

static told *shared;
static uintptr_t stack_top; /* of the child */
static uintptr_t stack_bytes;

/* ---- the child ---- */

static int place_of(const void *address) {
  const uintptr_t at = (uintptr_t)address;
  switch (frl_kernel_trial_place(address)) {
    case FRL_KERNEL_IN_BUFFER:
      return PLACE_INPUT;
    case FRL_KERNEL_BEHIND_BUFFER:
      return PLACE_BEYOND;
    default:
      break;
  }
  if (at < NULL_BYTES) return PLACE_NULL;
  const bool stack = at <= stack_top && stack_top - at < stack_bytes;
  return stack ? PLACE_STACK : PLACE_UNKNOWN;
}

/** Once: the instruction is then tried again, and kills the process. */
static void on_fault(int number, siginfo_t *info, void *context) {
  (void)context;
  shared->place = place_of(info->si_addr);
  if (info->si_code <= 0) (void)raise(number); /* sent by someone, not by the CPU */
}

/** Where a fault lies is found out, unless a sanitizer does that itself. */
static void watch_faults(void) {
  static const int numbers[] = {SIGSEGV, SIGBUS};
  static char handler_stack[HANDLER_STACK_BYTES];
  const stack_t other = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  struct rlimit limit = {0};
  (void)getrlimit(RLIMIT_STACK, &limit);
  stack_top = (uintptr_t)__builtin_frame_address(0);
  stack_bytes = (uintptr_t)limit.rlim_cur + STACK_SLACK_BYTES;
  if (limit.rlim_cur == RLIM_INFINITY) stack_bytes = UINTPTR_MAX;
  if (sigaltstack(&other, NULL) != 0) return;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction old;
    struct sigaction ours = {.sa_sigaction = on_fault,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    if (sigaction(numbers[i], NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    (void)sigaction(numbers[i], &ours, NULL);
  }
}

static void try_one(
    frl_kernel *kernel, size_t trial, const cli_kernel_options *options) {
  frl_error err = {0};
  int refused = 0;
  watch_faults();
  const frl_status st =
      frl_kernel_try(kernel, trial, options->items, options->n, &refused, &err);
  if (st != FRL_OK) (void)printf("%s\n", err.message);
  (void)fflush(stdout);
  shared->verdict = st == FRL_OK ? VERDICT_GOOD
                    : refused    ? VERDICT_REFUSED
                                 : VERDICT_BAD;
}

/* ---- the parent ---- */

static const char *death(int number) {
  static const char *const places[] = {"it touches memory that is none of its own",
      "it writes to its input", "it reads or writes beyond its input",
      "it follows a NULL pointer", "it overflows its stack"};
  switch (number) {
    case SIGSEGV:
    case SIGBUS:
      return places[shared->place];
    case SIGABRT:
      return "an assertion, or memory that was freed twice or overrun";
    case SIGFPE:
      return "it divides by zero, or what overflows";
    case SIGKILL:
      return "by someone, or for want of memory";
    default:
      return "it did not come back";
  }
}

static bool failed(int status, const char *which, const char *what) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    (void)printf("FAILED   %s: it does not come to an end (%s)\n", which, what);
  } else if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    (void)printf("FAILED   %s: killed by %s: %s (%s)\n", which, strsignal(number),
        death(number), what);
  } else if (shared->verdict == VERDICT_NONE) {
    (void)printf(
        "FAILED   %s: the process ended within the kernel, with exit status %d: it "
        "called exit, or a sanitizer did, which says why (%s)\n",
        which, WEXITSTATUS(status), what);
  } else if (shared->verdict == VERDICT_BAD) {
    (void)printf("FAILED   %s: the message above (%s)\n", which, what);
  } else {
    (void)printf(
        "FAILED   %s: what the sanitizer found at the end, such as leaks (%s)\n", which,
        what);
  }
  return false;
}

static bool report(const char *kernel, size_t trial, int status) {
  const char *what = frl_kernel_trial_what(trial);
  char which[256];
  (void)snprintf(
      which, sizeof which, "%.160s, %s", kernel, frl_kernel_trial_name(trial));
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (ended && shared->verdict == VERDICT_GOOD) {
    (void)printf("ok       %s: %s\n", which, what);
    return true;
  }
  if (ended && shared->verdict == VERDICT_REFUSED) {
    (void)printf("refused  %s: the message above\n", which);
    return true;
  }
  return failed(status, which, what);
}

static bool share(void) {
  if (!shared) {
    void *at = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return false;
    shared = at;
  }
  *shared = (told){.verdict = VERDICT_NONE, .place = PLACE_UNKNOWN};
  return true;
}

bool cli_kernel_trial(frl_kernel *kernel, size_t trial,
    const cli_kernel_options *options, unsigned limit_s) {
  (void)fflush(stdout);
  const pid_t child = share() ? fork() : -1;
  if (child == 0) {
    (void)alarm(limit_s);
    try_one(kernel, trial, options);
    exit(0); /* not _exit: leaks are reported at exit */
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("ferrule kernel check");
    return false;
  }
  return report(frl_kernel_name(kernel), trial, status);
}
