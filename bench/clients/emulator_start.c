/* Milliseconds from exec of `ferrule emulator` to its first answered call. */
#include <ferrule/pubsub.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9 };

static double now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static pid_t start_emulator(const char *program, int *out) {
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) return -1;
  const pid_t pid = fork();
  if (pid == 0) {
    (void)dup2(pipe_fds[1], STDOUT_FILENO);
    (void)close(pipe_fds[0]);
    (void)execl(program, program, "emulator", "--host-port", "127.0.0.1:0", (char *)0);
    _exit(127);
  }
  (void)close(pipe_fds[1]);
  *out = pipe_fds[0];
  return pid;
}

/* The first line of the emulator ends in its address. */
static bool read_address(int fd, char *address, size_t n) {
  FILE *in = fdopen(fd, "r");
  char line[256];
  const bool ok = in && fgets(line, sizeof line, in);
  const char *host = ok ? strstr(line, "127.0.0.1:") : NULL;
  if (host) (void)snprintf(address, n, "%.*s", (int)strspn(host, "0123456789.:"), host);
  if (in) (void)fclose(in);
  return host != NULL;
}

static frl_status ask(const char *address, frl_error *err) {
  const frl_pubsub_options options = {
      .struct_size = sizeof options, .project_id = "bench", .emulator_host = address};
  frl_pubsub *pubsub = NULL;
  frl_status st = frl_pubsub_open(&pubsub, &options, err);
  if (st == FRL_OK) st = frl_pubsub_create_topic(pubsub, "bench-topic", err);
  frl_pubsub_close(pubsub);
  return st;
}

static double round_ms(const char *program) {
  const double started = now_ms();
  int out = -1;
  const pid_t pid = start_emulator(program, &out);
  if (pid < 0) return -1;
  char address[64];
  frl_error err = {0};
  const bool ok =
      read_address(out, address, sizeof address) && ask(address, &err) == FRL_OK;
  const double took = now_ms() - started;
  if (!ok) (void)fprintf(stderr, "emulator_start: %s\n", err.message);
  (void)kill(pid, SIGTERM);
  (void)waitpid(pid, NULL, 0);
  return ok ? took : -1;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    (void)fprintf(stderr, "usage: emulator_start PATH_OF_FERRULE\n");
    return 2;
  }
  double took[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    took[i] = round_ms(argv[1]);
    if (took[i] < 0) return 1;
  }
  qsort(took, ROUNDS, sizeof took[0], by_size);
  (void)printf("{\"ready_ms\":%.2f}\n", took[ROUNDS / 2]);
  return 0;
}
