/* What was built under a running cluster; whether somebody uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/builds.h"
#include "cluster/idle.h"
#include "cluster/remove.h"
#include "support/cmocka_c.h"

static char folder[] = "/tmp/ferrule-builds-XXXXXX";

static int set_up(void **state) {
  (void)state;
  char below[64];
  (void)snprintf(folder, sizeof folder, "/tmp/ferrule-builds-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  (void)snprintf(below, sizeof below, "%s/.cluster", folder);
  return mkdir(below, 0755);
}

static int tear_down(void **state) {
  (void)state;
  return frl__cluster_remove_tree(folder, NULL) == FRL_OK ? 0 : -1;
}

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static frl_cluster_state with_jar(void) {
  frl_cluster_state s = {0};
  (void)snprintf(s.settings.folder, sizeof s.settings.folder, "%s", folder);
  (void)snprintf(s.settings.jar, sizeof s.settings.jar, "%s/a.jar", folder);
  put(s.settings.jar, "first");
  return s;
}

static void the_copy_runs_and_a_new_build_is_noticed(void **state) {
  (void)state;
  frl_cluster_state s = with_jar();
  char what[64];
  assert_int_equal(frl__cluster_copy_builds(&s.settings, NULL), FRL_OK);
  assert_string_not_equal(s.settings.own_jar, s.settings.jar);
  assert_true(frl__cluster_same_bytes(s.settings.own_jar, s.settings.jar));
  assert_false(frl__cluster_builds_differ(&s, what, sizeof what));
  put(s.settings.jar, "first"); /* the same again */
  assert_false(frl__cluster_builds_differ(&s, what, sizeof what));
  put(s.settings.jar, "other");
  assert_true(frl__cluster_builds_differ(&s, what, sizeof what));
  assert_string_equal(what, "jar");
  (void)unlink(s.settings.jar); /* a build is under way */
  assert_false(frl__cluster_builds_differ(&s, what, sizeof what));
}

static void a_start_takes_the_present_build(void **state) {
  (void)state;
  frl_cluster_state s = with_jar();
  assert_int_equal(frl__cluster_copy_builds(&s.settings, NULL), FRL_OK);
  put(s.settings.jar, "second");
  assert_int_equal(frl__cluster_copy_builds(&s.settings, NULL), FRL_OK);
  assert_true(frl__cluster_same_bytes(s.settings.own_jar, s.settings.jar));
}

static void the_command_of_this_process_is_this_command(void **state) {
  (void)state;
  frl_cluster_state s = {.supervisor_pid = (int32_t)getpid()};
  char what[64];
  const ssize_t n =
      readlink("/proc/self/exe", s.settings.command, sizeof s.settings.command - 1);
  assert_true(n > 0);
  assert_false(frl__cluster_builds_differ(&s, what, sizeof what));
  (void)snprintf(s.settings.command, sizeof s.settings.command, "/bin/sh");
  assert_true(frl__cluster_builds_differ(&s, what, sizeof what));
  assert_string_equal(what, "command");
}

static void a_missing_jar_or_wheel_is_told(void **state) {
  (void)state;
  frl_cluster_state s = with_jar();
  frl_error err = {0};
  (void)unlink(s.settings.jar);
  assert_int_not_equal(frl__cluster_copy_builds(&s.settings, &err), FRL_OK);
  assert_non_null(strstr(err.message, "a.jar"));
  s = with_jar();
  (void)snprintf(s.settings.wheel, sizeof s.settings.wheel, "%s/a.jar", folder);
  (void)snprintf(s.settings.python, sizeof s.settings.python, "/bin/false");
  s.settings.jar[0] = '\0';
  assert_int_not_equal(frl__cluster_copy_builds(&s.settings, &err), FRL_OK);
  assert_non_null(strstr(err.message, "cannot be unpacked"));
}

static void connections_are_read_from_the_table(void **state) {
  (void)state;
  char table[64];
  (void)snprintf(table, sizeof table, "%s/tcp", folder);
  put(table,
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
      "   0: 0100007F:3A9A 00000000:0000 0A 00000000:00000000 00:00000000 0\n"
      "   1: 0100007F:3A9B 0100007F:C350 01 00000000:00000000 00:00000000 0\n"
      "   2: 0100007F:C350 0100007F:3A9B 01 00000000:00000000 00:00000000 0\n");
  assert_false(frl__cluster_is_connected(table, 0x3A9A)); /* only listened on */
  assert_true(frl__cluster_is_connected(table, 0x3A9B));
  assert_false(frl__cluster_is_connected(table, 1));
  assert_false(frl__cluster_is_connected("/nowhere", 0x3A9B));
}

static void drivers_are_counted_by_the_master(void **state) {
  (void)state;
  static const char two[] = "{\"activeapps\": [{\"id\": 1}, {\"id\": 2}]}";
  assert_int_equal(frl__cluster_active_applications(two, sizeof two - 1), 2);
  assert_int_equal(frl__cluster_active_applications("{\"activeapps\": []}", 18), 0);
  assert_int_equal(frl__cluster_active_applications("{}", 2), -1);
  assert_int_equal(frl__cluster_active_applications("<html>", 6), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          the_copy_runs_and_a_new_build_is_noticed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_start_takes_the_present_build, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          the_command_of_this_process_is_this_command, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_missing_jar_or_wheel_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          connections_are_read_from_the_table, set_up, tear_down),
      cmocka_unit_test(drivers_are_counted_by_the_master),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
