/*
 * Replays files through a libFuzzer entry point, for builds without libFuzzer.
 *
 * usage: fuzz_NAME (FILE | DIRECTORY)...
 * Each input is handed over in a block of exactly its size, so that AddressSanitizer
 * sees a read one byte too far. Finding no input at all is a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_exact(const char *path, size_t size, uint8_t *into) {
  FILE *file = fopen(path, "rb");
  if (!file) return -1;
  const size_t got = fread(into, 1, size, file);
  fclose(file);
  return got == size ? 0 : -1;
}

static int replay_file(const char *path, size_t size) {
  uint8_t *exact = malloc(size ? size : 1);
  if (!exact || read_exact(path, size, exact) != 0) {
    fprintf(stderr, "%s: cannot be read\n", path);
    free(exact);
    return -1;
  }
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  return 1;
}

/* Returns how many inputs were replayed, -1 after a failure. */
static int replay(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return -1;
  }
  if (!S_ISDIR(info.st_mode)) return replay_file(path, (size_t)info.st_size);
  DIR *dir = opendir(path);
  if (!dir) return -1;
  int total = 0;
  const struct dirent *entry;
  while (total >= 0 && (entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    char child[PATH_MAX];
    const int n = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
    const int replayed = n > 0 && (size_t)n < sizeof child ? replay(child) : -1;
    total = replayed < 0 ? -1 : total + replayed;
  }
  closedir(dir);
  return total;
}

int main(int argc, char **argv) {
  int total = 0;
  for (int i = 1; i < argc; i++) {
    const int replayed = replay(argv[i]);
    if (replayed < 0) return EXIT_FAILURE;
    total += replayed;
  }
  if (total == 0) {
    fprintf(stderr, "%s: no input to replay\n", argv[0]);
    return EXIT_FAILURE;
  }
  printf("%d inputs replayed\n", total);
  return EXIT_SUCCESS;
}
