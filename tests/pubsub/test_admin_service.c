/* Admin calls and the opening of connections. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pubsub/connection.h"
#include "service.h"
#include "support/cmocka_c.h"

static frl_status look_for(void *ctx, const char *name) {
  const char **wanted = ctx;
  if (*wanted && strstr(name, *wanted)) *wanted = NULL;
  return FRL_OK;
}

static frl_status stop(void *ctx, const char *name) {
  (void)name;
  ++*(int *)ctx;
  return FRL_E_CANCELLED;
}

static void what_is_made_is_listed_and_described(void **state) {
  (void)state;
  service s;
  const frl_subscription_options options = {
      .struct_size = sizeof options, .ack_deadline_s = 33, .ordered = true};
  service_open(&s, &options);
  const char *wanted = s.topic;
  assert_int_equal(frl_pubsub_list_topics(s.pubsub, look_for, &wanted, NULL), FRL_OK);
  assert_null(wanted);
  wanted = s.subscription;
  assert_int_equal(
      frl_pubsub_list_subscriptions(s.pubsub, look_for, &wanted, NULL), FRL_OK);
  assert_null(wanted);
  int calls = 0;
  assert_int_equal(
      frl_pubsub_list_topics(s.pubsub, stop, &calls, NULL), FRL_E_CANCELLED);
  assert_int_equal(calls, 1);
  frl_subscription_info info = {.struct_size = sizeof info};
  assert_int_equal(
      frl_pubsub_get_subscription(s.pubsub, s.subscription, &info, NULL), FRL_OK);
  assert_non_null(strstr(info.name, s.subscription));
  assert_non_null(strstr(info.topic, s.topic));
  assert_int_equal(info.ack_deadline_s, 33);
  assert_true(info.ordered);
  assert_false(info.exactly_once);
  assert_false(info.dead_letter);
  assert_false(info.detached);
  service_close(&s);
}

static void every_setting_is_kept(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  const frl_subscription_options options = {.struct_size = sizeof options,
      .topic = s.topic,
      .ack_deadline_s = 600,
      .exactly_once = true,
      .filter = "attributes:a",
      .dead_letter_topic = s.topic,
      .max_delivery_attempts = 7,
      .retention_s = 86400,
      .retain_acked = true};
  char name[80];
  (void)snprintf(name, sizeof name, "%s-2", s.subscription);
  assert_int_equal(
      frl_pubsub_create_subscription(s.pubsub, name, &options, NULL), FRL_OK);
  frl_subscription_info info = {.struct_size = sizeof info};
  assert_int_equal(frl_pubsub_get_subscription(s.pubsub, name, &info, NULL), FRL_OK);
  assert_int_equal(info.ack_deadline_s, 600);
  assert_true(info.exactly_once);
  assert_string_equal(info.filter, "attributes:a");
  assert_true(info.dead_letter);
  assert_string_equal(info.dead_letter_topic, info.topic);
  assert_int_equal(info.max_delivery_attempts, 7);
  assert_int_equal(info.retention_s, 86400);
  assert_true(info.retain_acked);
  /* and the defaults of one that asks for nothing */
  info = (frl_subscription_info){.struct_size = sizeof info};
  assert_int_equal(
      frl_pubsub_get_subscription(s.pubsub, s.subscription, &info, NULL), FRL_OK);
  assert_string_equal(info.filter, "");
  assert_string_equal(info.dead_letter_topic, "");
  assert_int_equal(info.max_delivery_attempts, 0);
  assert_int_equal(info.retention_s, 7 * 86400);
  assert_false(info.retain_acked);
  assert_int_equal(frl_pubsub_delete_subscription(s.pubsub, name, NULL), FRL_OK);
  service_close(&s);
}

static void settings_that_no_subscription_has_are_refused(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  if (!s.emulator) { /* a fake that takes what Google's service refuses */
    service_close(&s);
    skip();
  }
  static const frl_subscription_options cases[] = {{.max_delivery_attempts = 5},
      {.ack_deadline_s = 9}, {.retention_s = 599}, {.retention_s = 31 * 86400 + 1},
      {.filter = "no filter"}, {.dead_letter_topic = "a/b"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_subscription_options options = cases[i];
    options.struct_size = sizeof options;
    options.topic = s.topic;
    frl_error err = {0};
    assert_int_equal(
        frl_pubsub_create_subscription(s.pubsub, "bad-one", &options, &err),
        FRL_E_INVALID);
    assert_true(err.message[0]);
  }
  service_close(&s);
}

/* A caller that was compiled when the structs were shorter. */
static void shorter_structs_are_taken(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  struct {
    frl_subscription_info info;
    char behind[8];
  } out;
  memset(&out, 0x5a, sizeof out);
  out.info.struct_size = offsetof(frl_subscription_info, dead_letter_topic);
  assert_int_equal(
      frl_pubsub_get_subscription(s.pubsub, s.subscription, &out.info, NULL), FRL_OK);
  assert_non_null(strstr(out.info.topic, s.topic));
  assert_int_equal(out.info.dead_letter_topic[0], 0x5a);
  assert_int_equal(
      out.info.struct_size, offsetof(frl_subscription_info, dead_letter_topic));
  service_close(&s);
}

static void what_exists_is_not_made_again(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  frl_error err = {0};
  assert_int_equal(frl_pubsub_create_topic(s.pubsub, s.topic, &err), FRL_E_EXISTS);
  assert_int_equal(frl_pubsub_delete_topic(s.pubsub, s.topic, &err), FRL_OK);
  assert_int_equal(frl_pubsub_delete_topic(s.pubsub, s.topic, &err), FRL_E_NOT_FOUND);
  assert_int_equal(
      frl_pubsub_delete_subscription(s.pubsub, s.subscription, &err), FRL_OK);
  frl_subscription_info info = {.struct_size = sizeof info};
  assert_int_equal(frl_pubsub_get_subscription(s.pubsub, s.subscription, &info, &err),
      FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, "create it"));
  service_close(&s);
}

static void nobody_at_the_address_is_told_with_the_address(void **state) {
  (void)state;
  const frl_pubsub_options options = {.struct_size = sizeof options,
      .project_id = "p",
      .emulator_host = "127.0.0.1:1",
      .timeout_ms = 500};
  frl_pubsub *pubsub;
  frl_error err = {0};
  assert_int_equal(frl_pubsub_open(&pubsub, &options, &err), FRL_OK);
  assert_int_equal(frl_pubsub_create_topic(pubsub, "t", &err), FRL_E_UNAVAILABLE);
  assert_non_null(strstr(err.message, "127.0.0.1:1"));
  assert_non_null(strstr(err.message, "emulator host option"));
  assert_true(err.retriable);
  frl_pubsub_close(pubsub);
}

static void options_that_contradict_are_refused(void **state) {
  (void)state;
  frl_pubsub *pubsub;
  frl_error err = {0};
  const frl_pubsub_options both = {
      .struct_size = sizeof both, .emulator_host = "a:1", .endpoint = "b:2"};
  assert_int_equal(frl_pubsub_open(&pubsub, &both, &err), FRL_E_INVALID);
  assert_null(pubsub);
  assert_non_null(strstr(err.message, "a:1"));
  const frl_pubsub_options no_port = {
      .struct_size = sizeof no_port, .emulator_host = "localhost"};
  assert_int_equal(frl_pubsub_open(&pubsub, &no_port, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "port"));
}

static void without_credentials_the_message_says_what_to_do(void **state) {
  (void)state;
  assert_int_equal(unsetenv("PUBSUB_EMULATOR_HOST"), 0);
  assert_int_equal(unsetenv("GOOGLE_APPLICATION_CREDENTIALS"), 0);
  frl_pubsub *pubsub;
  frl_error err = {0};
  const frl_pubsub_options options = {.struct_size = sizeof options, .project_id = "p"};
  assert_int_equal(frl_pubsub_open(&pubsub, &options, &err), FRL_E_AUTH);
  assert_non_null(strstr(err.message, "GOOGLE_APPLICATION_CREDENTIALS"));
  assert_non_null(strstr(err.message, "PUBSUB_EMULATOR_HOST"));
}

static void the_environment_names_the_emulator(void **state) {
  (void)state;
  assert_int_equal(setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1", 1), 0);
  frl_pubsub *pubsub;
  frl_error err = {0};
  const frl_pubsub_options options = {
      .struct_size = sizeof options, .project_id = "p", .timeout_ms = 2000};
  assert_int_equal(frl_pubsub_open(&pubsub, &options, &err), FRL_OK);
  assert_int_equal(frl_pubsub_create_topic(pubsub, "t", &err), FRL_E_UNAVAILABLE);
  assert_non_null(strstr(err.message, "PUBSUB_EMULATOR_HOST"));
  frl_pubsub_close(pubsub);
  assert_int_equal(unsetenv("PUBSUB_EMULATOR_HOST"), 0);
}

static void every_call_says_who_calls_and_where_it_goes(void **state) {
  (void)state;
  const frl_pubsub_options options = {.struct_size = sizeof options,
      .project_id = "p",
      .endpoint = "europe-west1-pubsub.googleapis.com",
      .access_token = "secret"};
  frl_pubsub *pubsub;
  assert_int_equal(frl_pubsub_open(&pubsub, &options, NULL), FRL_OK);
  assert_string_equal(pubsub->target, "europe-west1-pubsub.googleapis.com:443");
  char *name;
  assert_int_equal(frl__pubsub_full_name(pubsub, "topics", "a+b", &name, NULL), FRL_OK);
  assert_string_equal(name, "projects/p/topics/a+b");
  const frl_rpc_route route = {"/google.pubsub.v1.Publisher/Publish", "topic", name};
  frl_metadata md;
  assert_int_equal(frl__pubsub_metadata(pubsub, &route, &md, NULL), FRL_OK);
  assert_string_equal(frl_metadata_get(&md, "authorization"), "Bearer secret");
  assert_string_equal(frl_metadata_get(&md, "x-goog-request-params"),
      "topic=projects%2Fp%2Ftopics%2Fa%2Bb");
  frl_metadata_deinit(&md, &pubsub->mem);
  frl_free(&pubsub->mem, name);
  frl_pubsub_close(pubsub);
}

static void names_are_checked_before_anything_is_sent(void **state) {
  (void)state;
  const frl_pubsub_options options = {
      .struct_size = sizeof options, .emulator_host = "127.0.0.1:1"};
  frl_pubsub *pubsub;
  frl_error err = {0};
  assert_int_equal(frl_pubsub_open(&pubsub, &options, &err), FRL_OK);
  static const char *const bad[] = {"", "short", "a/b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(frl_pubsub_create_topic(pubsub, bad[i], &err), FRL_E_INVALID);
  }
  frl_pubsub_close(pubsub);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_made_is_listed_and_described),
      cmocka_unit_test(every_setting_is_kept),
      cmocka_unit_test(settings_that_no_subscription_has_are_refused),
      cmocka_unit_test(shorter_structs_are_taken),
      cmocka_unit_test(what_exists_is_not_made_again),
      cmocka_unit_test(nobody_at_the_address_is_told_with_the_address),
      cmocka_unit_test(options_that_contradict_are_refused),
      cmocka_unit_test(without_credentials_the_message_says_what_to_do),
      cmocka_unit_test(the_environment_names_the_emulator),
      cmocka_unit_test(every_call_says_who_calls_and_where_it_goes),
      cmocka_unit_test(names_are_checked_before_anything_is_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
