#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/doctor.h"
#include "cluster/probe.h"
#include "support/cmocka_c.h"

typedef struct seen {
  char bad[64]; /* the last that is not good */
  char found[256];
  char remedy[256];
} seen;

static void see(void *ctx, const frl_cluster_finding *f) {
  seen *s = ctx;
  if (f->good) return;
  (void)snprintf(s->bad, sizeof s->bad, "%s", f->what);
  (void)snprintf(s->found, sizeof s->found, "%s", f->found);
  (void)snprintf(s->remedy, sizeof s->remedy, "%s", f->remedy);
}

static frl_cluster_facts good_facts(void) {
  return (frl_cluster_facts){.java = "openjdk 17.0.15 2025-04-15",
      .spark = "4.1.1",
      .folder_writable = true,
      .memory_bytes = 16ULL << 30,
      .disk_bytes = 16ULL << 30};
}

static frl_cluster_settings good_settings(void) {
  return (frl_cluster_settings){.folder = "/srv/spark",
      .python = "/usr/bin/python3",
      .java_home = "/usr/lib/jvm/java",
      .spark_home = "/spark",
      .jar = "/ferrule.jar",
      .workers = 1,
      .cores = 4,
      .memory_bytes = 2ULL << 30};
}

static seen judge(
    const frl_cluster_facts *f, const frl_cluster_settings *s, uint32_t n) {
  seen result = {0};
  frl_cluster_report report = {.each = see, .ctx = &result};
  frl__cluster_judge(f, s, &report);
  assert_int_equal(report.bad, n);
  return result;
}

static void a_good_machine_has_no_bad_finding(void **state) {
  (void)state;
  const frl_cluster_facts f = good_facts();
  const frl_cluster_settings s = good_settings();
  (void)judge(&f, &s, 0);
}

static void each_lack_is_named_with_a_remedy(void **state) {
  (void)state;
  static const struct {
    const char *what, *found;
    frl_cluster_facts facts;
  } cases[] = {
      {"java", "fails", {.java = ""}},
      {"java", "openjdk 11.0.2", {.java = "openjdk 11.0.2 2019-01-15"}},
      {"java", "openjdk 25", {.java = "openjdk 25 2025-09-16"}},
      {"python", "no PySpark", {.spark = ""}},
      {"python", "3.5.9", {.spark = "3.5.9"}},
      {"python", "grpc", {.lacks = "grpc"}},
      {"jar", "/ferrule.jar", {.jar_missing = true}},
      {"folder", "/srv/spark", {.folder_writable = false}},
      {"memory", "100 MB available", {.memory_bytes = 100 << 20}},
      {"disk", "7 MB free", {.disk_bytes = 7 << 20}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    frl_cluster_facts f = good_facts();
    const frl_cluster_facts *c = &cases[i].facts;
    const frl_cluster_settings s = good_settings();
    if (i <= 2) (void)snprintf(f.java, sizeof f.java, "%s", c->java);
    if (i == 3 || i == 4) (void)snprintf(f.spark, sizeof f.spark, "%s", c->spark);
    if (i == 5) (void)snprintf(f.lacks, sizeof f.lacks, "%s", c->lacks);
    f.jar_missing = c->jar_missing;
    if (i == 7) f.folder_writable = false;
    if (i == 8) f.memory_bytes = c->memory_bytes;
    if (i == 9) f.disk_bytes = c->disk_bytes;
    const seen got = judge(&f, &s, 1);
    assert_string_equal(got.bad, cases[i].what);
    assert_non_null(strstr(got.found, cases[i].found));
    assert_true(strlen(got.remedy) > 10);
  }
}

static void a_folder_that_spark_cannot_name_is_refused(void **state) {
  (void)state;
  const frl_cluster_facts f = good_facts();
  frl_cluster_settings s = good_settings();
  (void)snprintf(s.folder, sizeof s.folder, "/srv/my spark");
  assert_string_equal(judge(&f, &s, 1).bad, "folder");
}

static void more_workers_need_more_memory(void **state) {
  (void)state;
  frl_cluster_facts f = good_facts();
  frl_cluster_settings s = good_settings();
  f.memory_bytes = 4ULL << 30;
  (void)judge(&f, &s, 0);
  s.workers = 4;
  assert_string_equal(judge(&f, &s, 1).bad, "memory");
}

static void java_versions_are_read(void **state) {
  (void)state;
  assert_int_equal(frl__cluster_java_version("openjdk 17.0.15 2025-04-15"), 17);
  assert_int_equal(frl__cluster_java_version("java 21 2023-09-19 LTS"), 21);
  assert_int_equal(frl__cluster_java_version("openjdk 25-ea 2025-09-16"), 25);
  assert_int_equal(frl__cluster_java_version("nothing"), 0);
}

static void a_taken_port_is_named_with_who_has_it(void **state) {
  (void)state;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
  frl_cluster_settings s = good_settings();
  s.port_base = ntohs(address.sin_port); /* so the master's port is the taken one */
  s.workers = 0;
  seen result = {0};
  char pid[32];
  char what[64];
  frl_cluster_report report = {.each = see, .ctx = &result};
  frl__cluster_judge_ports(&s, &report);
  assert_true(report.bad >= 1);
  (void)snprintf(pid, sizeof pid, "process %d ", (int)getpid());
  (void)snprintf(what, sizeof what, "port %u (spark-master)", s.port_base);
  if (report.bad == 1) { /* another program may hold one of the next ports */
    assert_string_equal(result.bad, what);
    assert_non_null(strstr(result.found, pid));
    assert_non_null(strstr(result.remedy, "--port-base"));
  }
  (void)close(fd);
}

typedef struct taken {
  unsigned n;
  const char *folder;
} taken;

static void see_taken(void *ctx, const frl_cluster_finding *f) {
  taken *t = ctx;
  char what[96];
  (void)snprintf(what, sizeof what, "process %d ", (int)getpid());
  if (f->good || !strstr(f->found, what)) return;
  t->n++;
  (void)snprintf(what, sizeof what, "taken by the cluster in %s, ", t->folder);
  assert_non_null(strstr(f->found, what));
  (void)snprintf(what, sizeof what, "ferrule cluster stop --folder %s, or ", t->folder);
  assert_non_null(strstr(f->remedy, what));
}

/* Its launcher may have been killed: nobody supervises it. */
static void a_port_of_another_cluster_is_named_by_its_folder(void **state) {
  (void)state;
  char folder[] = "/tmp/ferrule-doctor-XXXXXX";
  char place[64];
  char file[80];
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof address;
  const int before = open(".", O_RDONLY | O_DIRECTORY);
  assert_non_null(mkdtemp(folder));
  (void)snprintf(place, sizeof place, "%s/.cluster", folder);
  (void)snprintf(file, sizeof file, "%s/state.json", place);
  assert_int_equal(mkdir(place, 0755), 0);
  (void)close(open(file, O_WRONLY | O_CREAT, 0644));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
  frl_cluster_settings s = good_settings();
  s.port_base = ntohs(address.sin_port);
  s.workers = 0;
  taken t = {.folder = folder};
  frl_cluster_report report = {.each = see_taken, .ctx = &t};
  assert_int_equal(chdir(place), 0);
  frl__cluster_judge_ports(&s, &report);
  assert_int_equal(fchdir(before), 0);
  assert_int_equal(t.n, 1);
  (void)close(fd);
  (void)close(before);
  (void)unlink(file);
  (void)rmdir(place);
  (void)rmdir(folder);
}

static void a_worker_is_alive_when_its_master_says_so(void **state) {
  (void)state;
  static const char json[] =
      "{\"workers\":[{\"webuiaddress\":\"http://127.0.0.1:8081\",\"state\":\"DEAD\"},"
      "{\"webuiaddress\":\"http://127.0.0.1:8081\",\"state\":\"ALIVE\"},"
      "{\"webuiaddress\":\"http://127.0.0.1:8082\",\"state\":\"DEAD\"},{\"x\":1}]}";
  assert_true(frl__cluster_worker_is_alive(json, sizeof json - 1, 8081));
  assert_false(frl__cluster_worker_is_alive(json, sizeof json - 1, 8082));
  assert_false(frl__cluster_worker_is_alive(json, sizeof json - 1, 81));
  for (size_t len = 0; len < sizeof json - 1; len++) {
    assert_false(frl__cluster_worker_is_alive(json, len, 8081));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_machine_has_no_bad_finding),
      cmocka_unit_test(each_lack_is_named_with_a_remedy),
      cmocka_unit_test(a_folder_that_spark_cannot_name_is_refused),
      cmocka_unit_test(more_workers_need_more_memory),
      cmocka_unit_test(java_versions_are_read),
      cmocka_unit_test(a_taken_port_is_named_with_who_has_it),
      cmocka_unit_test(a_port_of_another_cluster_is_named_by_its_folder),
      cmocka_unit_test(a_worker_is_alive_when_its_master_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
