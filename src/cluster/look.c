/* What the doctor looks at. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "cluster/doctor.h"
#include "cluster/outside.h"

static const char ask_python[] =
    "import importlib.util as u\n"
    "from importlib.metadata import version\n"
    "names = ('pyarrow', 'pandas', 'grpc', 'grpc_status', 'yaml')\n"
    "print(version('pyspark'))\n"
    "print(*(n for n in names if not u.find_spec(n)))\n";

static void take_line(char *out, size_t max, const char *text) {
  (void)snprintf(out, max, "%.*s", (int)strcspn(text, "\r\n"), text);
}

unsigned frl__cluster_java_version(const char *line) {
  while (*line && !isdigit((unsigned char)*line)) line++;
  return (unsigned)strtoul(line, NULL, 10);
}

static void look_at_java(frl_cluster_facts *f, const frl_cluster_settings *s) {
  char java[FRL_CLUSTER_PATH_MAX + 16];
  char output[512];
  (void)snprintf(java, sizeof java, "%s/bin/java", s->java_home);
  const char *const argv[] = {java, "--version", NULL};
  if (s->java_home[0] && frl__cluster_ask(argv, output, sizeof output)) {
    take_line(f->java, sizeof f->java, output);
  }
}

static void look_at_python(frl_cluster_facts *f, const frl_cluster_settings *s) {
  char output[512];
  const char *const argv[] = {s->python, "-c", ask_python, NULL};
  if (!s->spark_home[0] || !frl__cluster_ask(argv, output, sizeof output)) return;
  take_line(f->spark, sizeof f->spark, output);
  const char *second = strchr(output, '\n');
  take_line(f->lacks, sizeof f->lacks, second ? second + 1 : "");
}

uint64_t frl__cluster_free_disk(const char *folder) {
  uv_fs_t request;
  uint64_t bytes = 0;
  if (uv_fs_statfs(NULL, &request, folder, NULL) == 0) {
    const uv_statfs_t *fs = request.ptr;
    bytes = fs->f_bavail * fs->f_bsize;
  }
  uv_fs_req_cleanup(&request);
  return bytes;
}

void frl__cluster_look(frl_cluster_facts *out, const frl_cluster_settings *s) {
  *out = (frl_cluster_facts){0};
  look_at_java(out, s);
  look_at_python(out, s);
  out->jar_missing = s->jar[0] && access(s->jar, R_OK) != 0;
  out->wheel_missing = s->wheel[0] && access(s->wheel, R_OK) != 0;
  out->folder_writable = access(s->folder, W_OK | X_OK) == 0;
  out->memory_bytes = uv_get_free_memory();
  const uint64_t limit = uv_get_constrained_memory();
  if (limit && limit < out->memory_bytes) out->memory_bytes = limit;
  out->disk_bytes = frl__cluster_free_disk(s->folder);
}
