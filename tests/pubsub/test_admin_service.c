/* Admin calls and the opening of connections. */
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
      .struct_size = sizeof options, .project_id = "p", .timeout_ms = 200};
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
