/* Each option of a stream does what it says. */
#include <ferrule/pubsub.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "numbered.h"
#include "publish_batch.h"
#include "support/certs.h"
#include "support/cmocka_c.h"
#include "support/key_json.h"

enum { COUNT = 3000, PAYLOAD = 100, STREAMS = 3 };

/* ---- bounds ---- */

/** Payloads of PAYLOAD bytes and a little more. */
static numbered *start_with_texts(uint32_t count) {
  char fill[PAYLOAD + 1];
  memset(fill, 'x', PAYLOAD);
  fill[PAYLOAD] = 0;
  fill[0] = ' ';
  numbered *n = numbered_start(false);
  numbered_publish_texts(n, count, "", fill);
  return n;
}

static void max_bytes_bounds_a_batch(void **state) {
  (void)state;
  numbered *n = start_with_texts(COUNT);
  numbered_open(n, "\"maxBytesPerBatch\":40000,\"numPartitions\":2,", true);
  uint32_t batches;
  assert_int_equal(numbered_run_within(n, 40000 / PAYLOAD, &batches), COUNT);
  assert_true(batches >= COUNT * PAYLOAD / 40000);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void a_message_larger_than_a_batch_is_a_batch(void **state) {
  (void)state;
  numbered *n = start_with_texts(5);
  numbered_open(n, "\"maxBytesPerBatch\":1,\"numPartitions\":1,", true);
  assert_int_equal(numbered_run_within(n, 1, NULL), 5);
  numbered_end(n);
}

/* ---- streams, addresses ---- */

static void as_many_streams_as_asked_for_are_opened(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  char option[64];
  (void)snprintf(option, sizeof option,
      "\"streamsPerExecutor\":%d,\"numPartitions\":1,", (int)STREAMS);
  numbered_open(n, option, false);
  assert_int_equal(numbered_metric(n, "openStreams"), -1); /* nobody has told */
  frl_emulator_stats stats = {.struct_size = sizeof stats};
  for (int i = 0; i < 100 && stats.streams < STREAMS; i++) {
    numbered_wait(n);
    (void)numbered_scan_all(n);
    numbered_committed(n);
    frl_emulator_get_stats(n->emulator, &stats);
  }
  assert_int_equal(stats.streams, STREAMS);
  for (int i = 0; i < 500 && numbered_metric(n, "openStreams") != STREAMS; i++) {
    numbered_pause(10);
  }
  assert_int_equal(numbered_metric(n, "openStreams"), STREAMS);
  numbered_end(n);
}

/** A port that was free just now. */
static uint16_t free_port(void) {
  frl_emulator *e;
  const frl_emulator_options options = {.struct_size = sizeof options};
  assert_int_equal(frl_emulator_start(&e, &options, NULL), FRL_OK);
  const uint16_t port = frl_emulator_port(e);
  frl_emulator_stop(e);
  return port;
}

static void executors_are_told_the_host_and_port_that_were_named(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 10, 0);
  char option[128];
  const unsigned port = free_port();
  (void)snprintf(option, sizeof option,
      "\"coordinatorHost\":\"localhost\",\"coordinatorPort\":%u,", port);
  numbered_open(n, option, true);
  assert_true(numbered_next(n));
  (void)snprintf(option, sizeof option, "\"localhost:%u\"", port);
  assert_non_null(strstr(n->parts[0], option));
  uint64_t rows = numbered_scan_all(n); /* which goes through it */
  numbered_committed(n);
  rows += numbered_run(n);
  assert_int_equal(rows, 10);
  numbered_end(n);
}

static bool has_ipv6(void) {
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  const bool has =
      fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&to, sizeof to) == 0;
  if (fd >= 0) (void)close(fd);
  return has;
}

static void an_ipv6_address_is_a_coordinator_host(void **state) {
  (void)state;
  if (!has_ipv6()) skip();
  const char *const hosts[] = {"::1", "[::1]"};
  for (size_t i = 0; i < 2; i++) {
    numbered *n = numbered_start(false);
    numbered_publish(n, 0, 10, 0);
    char option[128];
    (void)snprintf(option, sizeof option, "\"coordinatorHost\":\"%s\",", hosts[i]);
    numbered_open(n, option, true);
    assert_true(numbered_next(n));
    assert_non_null(strstr(n->parts[0], "\"[::1]:"));
    const uint64_t rows = numbered_scan_all(n); /* which goes through it */
    numbered_committed(n);
    assert_int_equal(rows + numbered_run(n), 10);
    numbered_end(n);
  }
}

/** Executors may reach us by an address that is not ours. */
static void an_ipv6_address_of_another_machine_is_one_too(void **state) {
  (void)state;
  if (!has_ipv6()) skip();
  numbered *n = numbered_start(false);
  numbered_open(n, "\"coordinatorHost\":\"[2001:db8::1]\",", false);
  assert_true(numbered_next(n));
  assert_non_null(strstr(n->parts[0], "\"[2001:db8::1]:"));
  numbered_end(n);
}

static void a_host_with_a_port_is_no_coordinator_host(void **state) {
  (void)state;
  const char *const hosts[] = {"localhost:7077", "[::1", "[::1]:7077", "[]"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    numbered *n = numbered_start(false);
    char config[256];
    (void)snprintf(config, sizeof config,
        "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\","
        "\"coordinatorHost\":\"%s\"}",
        n->host, hosts[i]);
    frl_error err = {0};
    assert_int_not_equal(frl_coordinator_open(&n->c, config, &err), FRL_OK);
    assert_non_null(strstr(err.message, "coordinatorHost"));
    assert_null(n->c);
    numbered_end(n);
  }
}

static void a_taken_coordinator_port_is_named(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  char config[256];
  (void)snprintf(config, sizeof config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\","
      "\"coordinatorPort\":%u}",
      n->host, (unsigned)frl_emulator_port(n->emulator));
  frl_error err = {0};
  assert_int_not_equal(frl_coordinator_open(&n->c, config, &err), FRL_OK);
  assert_non_null(strstr(err.message, "coordinatorPort"));
  assert_null(n->c);
  numbered_end(n);
}

/* ---- endpoint, caFile, credentialsFile ---- */

typedef struct secured {
  certs certs;
  key_json key;
  numbered *n;
  char config[1024];
} secured;

static frl_pubsub *connect_to(const secured *s) {
  frl_pubsub *pubsub;
  const frl_pubsub_options options = {.struct_size = sizeof options,
      .project_id = "p",
      .endpoint = s->n->host,
      .ca_file = s->certs.ca,
      .credentials_file = s->key.path};
  assert_int_equal(frl_pubsub_open(&pubsub, &options, NULL), FRL_OK);
  return pubsub;
}

/** A server behind TLS that has count messages. */
static void secured_start(secured *s, size_t count) {
  certs_make(&s->certs);
  key_json_make(&s->key, "");
  s->n = calloc(1, sizeof *s->n);
  assert_non_null(s->n);
  s->n->executors = 1;
  s->n->cores = 1;
  const frl_emulator_options options = {.struct_size = sizeof options,
      .cert_file = s->certs.server_cert,
      .key_file = s->certs.server_key};
  assert_int_equal(frl_emulator_start(&s->n->emulator, &options, NULL), FRL_OK);
  (void)snprintf(s->n->host, sizeof s->n->host, "localhost:%u",
      (unsigned)frl_emulator_port(s->n->emulator));
  frl_pubsub *pubsub = connect_to(s);
  assert_int_equal(frl_pubsub_create_topic(pubsub, "numbers", NULL), FRL_OK);
  const frl_subscription_options subscription = {
      .struct_size = sizeof subscription, .topic = "numbers"};
  assert_int_equal(
      frl_pubsub_create_subscription(pubsub, "numbers", &subscription, NULL), FRL_OK);
  const frl_publisher_options publishing = {
      .struct_size = sizeof publishing, .topic = "numbers"};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, pubsub, &publishing, NULL), FRL_OK);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "", 0, count);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, 20000, NULL), FRL_OK);
  frl_publisher_close(publisher, 0);
  frl_schema_release(&schema);
  frl_pubsub_close(pubsub);
}

static frl_status secured_open(secured *s, const char *ca, frl_error *err) {
  (void)snprintf(s->config, sizeof s->config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"endpoint\":\"%s\","
      "\"credentialsFile\":\"%s\",%s%s%s\"drainIdleMs\":700,\"numPartitions\":1}",
      s->n->host, s->key.path, ca ? "\"caFile\":\"" : "", ca ? ca : "",
      ca ? "\"," : "");
  return frl_coordinator_open(&s->n->c, s->config, err);
}

static void secured_end(secured *s) {
  numbered_end(s->n);
  key_json_remove(&s->key);
  certs_remove(&s->certs);
}

static void a_stream_reads_over_tls_with_a_key_and_an_authority(void **state) {
  (void)state;
  secured s = {0};
  secured_start(&s, 1000);
  assert_int_equal(secured_open(&s, s.certs.ca, NULL), FRL_OK);
  assert_int_equal(frl_coordinator_drain(s.n->c, NULL), FRL_OK);
  assert_int_equal(frl_coordinator_initial_offset(s.n->c, &s.n->offset, NULL), FRL_OK);
  assert_int_equal(numbered_run(s.n), 1000);
  assert_int_equal(numbered_wrong(s.n, 1000, 1, 1), 0);
  assert_int_equal(numbered_stop(s.n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(s.n), 0);
  secured_end(&s);
}

static void a_server_of_another_authority_fails_the_start(void **state) {
  (void)state;
  secured s = {0};
  secured_start(&s, 1);
  const char *const wrong[] = {NULL, s.certs.stranger_ca};
  for (size_t i = 0; i < 2; i++) {
    frl_error err = {0};
    assert_int_equal(secured_open(&s, wrong[i], &err), FRL_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, s.n->host));
    assert_non_null(strstr(err.message, "caFile"));
    assert_null(s.n->c);
  }
  secured_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(max_bytes_bounds_a_batch),
      cmocka_unit_test(a_message_larger_than_a_batch_is_a_batch),
      cmocka_unit_test(as_many_streams_as_asked_for_are_opened),
      cmocka_unit_test(executors_are_told_the_host_and_port_that_were_named),
      cmocka_unit_test(an_ipv6_address_is_a_coordinator_host),
      cmocka_unit_test(an_ipv6_address_of_another_machine_is_one_too),
      cmocka_unit_test(a_host_with_a_port_is_no_coordinator_host),
      cmocka_unit_test(a_taken_coordinator_port_is_named),
      cmocka_unit_test(a_stream_reads_over_tls_with_a_key_and_an_authority),
      cmocka_unit_test(a_server_of_another_authority_fails_the_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
