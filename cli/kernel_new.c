#include <embedded/kernel_files.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"

enum { PATH_BYTES = 4096, NAME_MAX_BYTES = 60 };

/** A file of the project, as it lies in this program. */
typedef struct project_file {
  const char *path; /* within the project; "my_kernel" stands for its name */
  const unsigned char *bytes;
  size_t n;
} project_file;

static const project_file files[] = {FRL_KERNEL_FILES};

static const char placeholder[] = "my_kernel";
static const char placeholder_capitals[] = "MY_KERNEL";

static bool is_name(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  const size_t n = strlen(name);
  return n > 0 && n <= NAME_MAX_BYTES && strchr(letters, name[0]) &&
         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/** Names of the project's own row types, and a macro of C. */
static bool is_taken(const char *name) {
  return strcmp(name, "input") == 0 || strcmp(name, "output") == 0 ||
         strcmp(name, "errno") == 0;
}

/** Writes bytes with the placeholder replaced by the name. */
static bool put(FILE *out, const char *bytes, size_t n, const char *name) {
  const size_t word = sizeof placeholder - 1;
  for (size_t i = 0; i < n;) {
    const bool found = n - i >= word && memcmp(bytes + i, placeholder, word) == 0;
    const bool capitals =
        n - i >= word && memcmp(bytes + i, placeholder_capitals, word) == 0;
    if (!found && !capitals) {
      if (putc(bytes[i++], out) == EOF) return false;
      continue;
    }
    for (const char *c = name; *c; c++) {
      const bool lower = *c >= 'a' && *c <= 'z';
      if (putc(capitals && lower ? *c - 'a' + 'A' : *c, out) == EOF) return false;
    }
    i += word;
  }
  return true;
}

/** The file's path in the folder; false where it is too long. */
static bool target_path(
    char *path, const char *folder, const project_file *file, const char *name) {
  const char *found = strstr(file->path, placeholder);
  const char *shown = strcmp(file->path, "gitignore") == 0 ? ".gitignore" : file->path;
  int n;
  if (found) {
    n = snprintf(path, PATH_BYTES, "%s/%.*s%s%s", folder, (int)(found - file->path),
        file->path, name, found + sizeof placeholder - 1);
  } else {
    n = snprintf(path, PATH_BYTES, "%s/%s", folder, shown);
  }
  return n > 0 && n < PATH_BYTES;
}

static bool make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    const bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
    *slash = '/';
    if (!made) return false;
  }
  return true;
}

static bool write_file(const char *folder, const project_file *file, const char *name) {
  char path[PATH_BYTES];
  errno = ENAMETOOLONG;
  if (!target_path(path, folder, file, name) || !make_folders(path)) return false;
  FILE *out = fopen(path, "wbx");
  if (!out) return false;
  const bool ours = strncmp(file->path, "include/", 8) != 0;
  const bool written = ours ? put(out, (const char *)file->bytes, file->n, name)
                            : fwrite(file->bytes, 1, file->n, out) == file->n;
  return (fclose(out) == 0) && written;
}

static int run(const cli_args *args) {
  const char *name = args->operands[0];
  if (!is_name(name)) {
    return cli_usage(args,
        "%s: a name of small letters, digits and underscores is needed, that begins "
        "with a letter",
        name);
  }
  if (is_taken(name)) {
    return cli_usage(args, "%s: the project has that name for something else", name);
  }
  const char *folder = cli_text(args, "folder", name);
  if (mkdir(folder, 0777) != 0) {
    (void)fprintf(stderr, "ferrule kernel new: %s: %s\n", folder, strerror(errno));
    return CLI_FAILED;
  }
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (write_file(folder, &files[i], name)) continue;
    (void)fprintf(stderr, "ferrule kernel new: %s/%s: %s\n", folder, files[i].path,
        strerror(errno));
    return CLI_FAILED;
  }
  (void)printf("%s: edit %s.h and %s.c, then run make\n", folder, name, name);
  return CLI_OK;
}

static const cli_option options[] = {
    {"folder", "FOLDER", "Where to write; it must not exist. Default: ./NAME."},
    {0},
};

const cli_command cli_kernel_new = {
    .name = "kernel new",
    .summary = "Write a project for a kernel that builds and passes its test",
    .operands = "NAME",
    .description =
        "Makes a folder with a kernel, its test, a Makefile, a CMakeLists.txt and the "
        "headers that kernels include: it needs a C compiler and nothing else. make "
        "builds the library and runs the test; make check tries it on awkward batches.",
    .examples = "  ferrule kernel new clean_names\n  make -C clean_names",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
