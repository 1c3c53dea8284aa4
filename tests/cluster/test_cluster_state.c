#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/launch.h"
#include "cluster/lock.h"
#include "support/cmocka_c.h"

static frl_cluster_state *sample(void) {
  frl_cluster_state *s = calloc(1, sizeof *s);
  assert_non_null(s);
  (void)snprintf(s->id, sizeof s->id, "0123456789abcdef");
  (void)snprintf(s->settings.folder, sizeof s->settings.folder, "/somewhere/\"else\"");
  (void)snprintf(s->settings.subscriptions, 64, "a:b,c:d");
  s->settings.workers = 3;
  s->settings.cores = 7;
  s->settings.memory_bytes = 3ULL << 30;
  s->settings.port_base = 21000;
  s->settings.restart = true;
  s->supervisor_pid = 4242;
  s->supervisor_started = 17;
  frl__cluster_plan(s);
  s->services[1].state = FRL_CLUSTER_ENDED;
  s->services[1].restarts = 2;
  s->services[1].since_us = 1234567;
  (void)snprintf(s->services[1].reason, 32, "killed by signal 9");
  return s;
}

static void a_state_comes_back_as_it_was_written(void **state) {
  (void)state;
  frl_cluster_state *s = sample();
  frl_cluster_state *back = calloc(1, sizeof *back);
  size_t n = 0;
  char *text = frl__cluster_state_text(s, &n);
  assert_non_null(text);
  assert_int_equal(frl__cluster_state_parse(back, text, n, NULL), FRL_OK);
  assert_memory_equal(back, s, sizeof *s);
  free(text);
  free(back);
  free(s);
}

static void every_prefix_of_a_state_is_refused(void **state) {
  (void)state;
  frl_cluster_state *s = sample();
  size_t n = 0;
  char *text = frl__cluster_state_text(s, &n);
  for (size_t len = 0; len < n; len++) {
    frl_error err = {0};
    char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    assert_int_equal(frl__cluster_state_parse(s, exact, len, &err), FRL_E_MALFORMED);
    assert_non_null(strstr(err.message, "state file"));
    free(exact);
  }
  free(text);
  free(s);
}

/* The field of a good text replaced, and what the refusal must name. */
static void refuse(const char *from, const char *to, const char *field) {
  frl_cluster_state *s = sample();
  frl_error err = {0};
  size_t n = 0;
  char *text = frl__cluster_state_text(s, &n);
  char *at = strstr(text, from);
  assert_non_null(at);
  char *changed = malloc(n + strlen(to) + 1);
  const int len = snprintf(changed, n + strlen(to) + 1, "%.*s%s%s", (int)(at - text),
      text, to, at + strlen(from));
  assert_int_equal(
      frl__cluster_state_parse(s, changed, (size_t)len, &err), FRL_E_MALFORMED);
  assert_non_null(strstr(err.message, field));
  free(changed);
  free(text);
  free(s);
}

static void a_wrong_field_is_named(void **state) {
  (void)state;
  refuse("\"version\": 1", "\"version\": 2", "version");
  refuse("\"workers\": 3", "\"workers\": 900", "workers");
  refuse("\"ended\"", "\"asleep\"", "state");
  refuse("\"portBase\": 21000", "\"portBase\": \"x\"", "portBase");
  refuse("\"pid\": 0", "\"pid\": -1", "pid");
}

static void services_and_ports_follow_the_settings(void **state) {
  (void)state;
  frl_cluster_state *s = sample();
  frl_cluster_ports p;
  uint32_t number = 9;
  assert_int_equal(s->n_services, 6);
  assert_string_equal(s->services[0].name, "spark-master");
  assert_string_equal(s->services[1].name, "spark-worker");
  assert_string_equal(s->services[3].name, "spark-worker-3");
  assert_string_equal(s->services[4].url, "sc://127.0.0.1:21002");
  assert_int_equal(frl__cluster_kind_of(s, 3, &number), FRL_CLUSTER_WORKER);
  assert_int_equal(number, 2);
  assert_int_equal(frl__cluster_kind_of(s, 5, &number), FRL_CLUSTER_EMULATOR);
  s->settings.port_base = 0;
  frl__cluster_ports_of(&p, &s->settings);
  assert_int_equal(p.master_ui, 8080);
  assert_int_equal(p.worker_ui[0], 8081);
  assert_int_equal(p.connect, 15002);
  free(s);
}

static void settings_that_differ_are_named(void **state) {
  (void)state;
  frl_cluster_state *a = sample();
  frl_cluster_state *b = sample();
  assert_null(frl__cluster_difference(&a->settings, &b->settings));
  b->settings.restart = false; /* may change */
  assert_null(frl__cluster_difference(&a->settings, &b->settings));
  a->settings.restart = false;
  b->settings.restart = true;
  assert_string_equal(frl__cluster_difference(&a->settings, &b->settings), "restart");
  b->settings.restart = false;
  b->settings.memory_bytes++;
  assert_string_equal(frl__cluster_difference(&a->settings, &b->settings), "memory");
  free(a);
  free(b);
}

static void what_is_not_named_is_as_it_runs(void **state) {
  (void)state;
  frl_cluster_state *running = sample();
  frl_cluster_state *asked = calloc(1, sizeof *asked);
  frl_cluster_settings *s = &asked->settings;
  assert_non_null(asked);
  s->workers = 1;
  s->cores = 4;
  s->memory_bytes = 2ULL << 30;
  (void)snprintf(s->java_home, sizeof s->java_home, "/of/this/shell");
  (void)snprintf(running->settings.java_home, sizeof s->java_home, "/of/another");
  frl__cluster_inherit(s, &(frl_cluster_options){.cores = 4}, &running->settings);
  assert_int_equal(s->workers, 3);
  assert_int_equal(s->port_base, 21000);
  assert_true(s->restart);
  assert_string_equal(s->java_home, "/of/another");
  assert_string_equal(s->subscriptions, "a:b,c:d");
  assert_string_equal(frl__cluster_difference(&running->settings, s), "cores");
  s->cores = 7;
  assert_null(frl__cluster_difference(&running->settings, s));
  free(running);
  free(asked);
}

static void a_lock_is_held_by_one(void **state) {
  (void)state;
  char folder[] = "/tmp/ferrule-lock-XXXXXX";
  char place[64];
  int lock = -1;
  int second = -1;
  assert_non_null(mkdtemp(folder));
  assert_false(frl__cluster_is_supervised(folder));
  (void)snprintf(place, sizeof place, "%s/.cluster", folder);
  assert_int_equal(mkdir(place, 0755), 0);
  assert_int_equal(frl__cluster_lock(&lock, folder, NULL), FRL_OK);
  assert_true(frl__cluster_is_supervised(folder));
  assert_int_equal(frl__cluster_lock(&second, folder, NULL), FRL_E_STATE);
  frl__cluster_unlock(lock);
  assert_false(frl__cluster_is_supervised(folder));
  uint32_t ended = 1;
  assert_int_equal(frl_cluster_clean(folder, true, NULL), FRL_OK);
  assert_int_equal(access(place, F_OK), -1);
  assert_int_equal(frl_cluster_stop(folder, &ended, NULL), FRL_OK);
  assert_int_equal(ended, 0);
  assert_int_equal(rmdir(folder), 0);
}

static void clean_removes_a_state_that_nobody_can_read(void **state) {
  (void)state;
  char folder[] = "/tmp/ferrule-state-XXXXXX";
  char place[64];
  char file[96];
  uint32_t ended = 0;
  frl_error err = {0};
  assert_non_null(mkdtemp(folder));
  (void)snprintf(place, sizeof place, "%s/.cluster", folder);
  (void)snprintf(file, sizeof file, "%s/state.json", place);
  assert_int_equal(mkdir(place, 0755), 0);
  assert_int_equal(frl__cluster_replace_file(file, "{}", 2, NULL), FRL_OK);
  assert_int_equal(frl_cluster_stop(folder, &ended, &err), FRL_E_MALFORMED);
  assert_non_null(strstr(err.message, "state.json"));
  assert_int_equal(frl_cluster_clean(folder, true, NULL), FRL_OK);
  assert_int_equal(rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_state_comes_back_as_it_was_written),
      cmocka_unit_test(every_prefix_of_a_state_is_refused),
      cmocka_unit_test(a_wrong_field_is_named),
      cmocka_unit_test(services_and_ports_follow_the_settings),
      cmocka_unit_test(settings_that_differ_are_named),
      cmocka_unit_test(what_is_not_named_is_as_it_runs),
      cmocka_unit_test(a_lock_is_held_by_one),
      cmocka_unit_test(clean_removes_a_state_that_nobody_can_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
