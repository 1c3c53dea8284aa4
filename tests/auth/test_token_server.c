#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "support/certs.h"
#include "support/cmocka_c.h"
#include "support/key_json.h"
#include "support/token_server.h"

enum { LONG_MS = 200 * 1000, LOOKS = 20000, LOOK_MS = 10 };

/* A server, a key file that names it, a clock to turn, and the source. */
typedef struct rig {
  token_server server;
  key_json key;
  atomic_llong wall_s;
  frl_clock clock;
  frl_service_account account;
  frl_token_source *source;
} rig;

static int64_t wall_us(void *ctx) {
  return (int64_t)atomic_load(&((rig *)ctx)->wall_s) * 1000000;
}
static int64_t monotonic_ms(void *ctx) {
  return (int64_t)atomic_load(&((rig *)ctx)->wall_s) * 1000;
}

static void open_source(rig *r) {
  char more[128];
  (void)snprintf(more, sizeof more, ",\"token_uri\":\"%s\"", r->server.url);
  key_json_make(&r->key, more);
  atomic_init(&r->wall_s, 5000);
  r->clock = (frl_clock){monotonic_ms, wall_us, r};
  r->account.key_file = r->key.path;
  r->account.service = "pubsub";
  r->account.target = "pubsub.googleapis.com:443";
  r->account.scopes = "https://a/x https://a/y";
  assert_int_equal(
      frl_token_service_account(&r->source, &r->account, &r->clock, NULL, NULL),
      FRL_OK);
  assert_false(frl_token_source_is_local(r->source));
}

static void open_with(rig *r, const token_reply *replies, size_t n) {
  for (size_t i = 0; i < n; i++) r->server.replies[i] = replies[i];
  r->server.n_replies = n;
  token_server_start(&r->server, NULL, NULL);
  open_source(r);
}

static void close_rig(rig *r) {
  frl_token_source_destroy(r->source);
  token_server_stop(&r->server);
  key_json_remove(&r->key);
}

static frl_status header_of(rig *r, char text[64], frl_error *err) {
  frl_buf b;
  frl_buf_init(&b, NULL, 63);
  const frl_status st = frl_token_header(r->source, &b, err);
  text[0] = '\0';
  if (st == FRL_OK) {
    memcpy(text, b.data, b.len);
    text[b.len] = '\0';
  }
  frl_buf_deinit(&b);
  return st;
}

static void pause_ms(int ms) {
  frl_mutex lock;
  frl_cond never;
  frl_mutex_init(&lock);
  frl_cond_init(&never);
  frl_mutex_lock(&lock);
  (void)frl_cond_wait_ms(&never, &lock, ms);
  frl_mutex_unlock(&lock);
  frl_cond_deinit(&never);
  frl_mutex_deinit(&lock);
}

static void await_header(rig *r, const char *header) {
  char text[64];
  for (int i = 0; i < LOOKS; i++) {
    if (header_of(r, text, NULL) == FRL_OK && strcmp(text, header) == 0) return;
    pause_ms(LOOK_MS);
  }
  fail_msg("never \"%s\"", header);
}

/* Waits in short turns, so that what was learnt between them is told. */
static void await_failure(rig *r, frl_status status, const char *says) {
  frl_error err = {0};
  for (int i = 0; i < LOOKS; i++) {
    const frl_status st = frl_token_wait(r->source, LOOK_MS, &err);
    assert_int_not_equal(st, FRL_OK);
    if (st == status && strstr(err.message, says)) return;
  }
  fail_msg("never \"%s\" but \"%s\"", says, err.message);
}

#define TOKEN(name, life) \
  { .status = 200, .body = "{\"access_token\":\"" name "\",\"expires_in\":" life "}" }

static void a_signed_claim_is_exchanged(void **state) {
  (void)state;
  rig r = {0};
  open_with(&r, &(token_reply)TOKEN("t1", "3600"), 1);
  assert_int_equal(frl_token_wait(r.source, LONG_MS, NULL), FRL_OK);
  char text[64];
  assert_int_equal(header_of(&r, text, NULL), FRL_OK);
  assert_string_equal(text, "Bearer t1");
  char claims[256];
  (void)snprintf(claims, sizeof claims,
      "{\"iss\":\"me@p.iam\",\"scope\":\"https://a/x https://a/y\",\"aud\":\"%s\","
      "\"iat\":5000,\"exp\":8600}",
      r.server.url);
  key_json_check(&r.key, token_server_assertion(&r.server), claims);
  assert_memory_equal(r.server.head, "POST /token HTTP/1.1\r\n", 22);
  assert_non_null(
      strstr(r.server.head, "Content-Type: application/x-www-form-urlencoded"));
  assert_int_equal(token_server_requests(&r.server), 1);
  close_rig(&r);
}

static void nobody_waits_for_a_token_that_is_being_renewed(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {TOKEN("t1", "3600"), {.hang = true}};
  open_with(&r, replies, 2);
  await_header(&r, "Bearer t1");
  atomic_store(&r.wall_s, 5000 + 3600 - 299);
  while (token_server_requests(&r.server) < 2) await_header(&r, "Bearer t1");
  char text[64];
  assert_int_equal(header_of(&r, text, NULL), FRL_OK);
  assert_string_equal(text, "Bearer t1");
  assert_int_equal(frl_token_wait(r.source, 0, NULL), FRL_OK);
  /* the old one ended meanwhile */
  atomic_store(&r.wall_s, 5000 + 3600);
  frl_error err = {0};
  assert_int_equal(header_of(&r, text, &err), FRL_E_UNAVAILABLE);
  assert_true(err.retriable);
  assert_int_equal(frl_token_wait(r.source, LOOK_MS, &err), FRL_E_TIMEOUT);
  /* and a request that hangs does not hold the end up */
  close_rig(&r);
}

typedef struct asker {
  rig *rig;
  frl_thread thread;
} asker;

static void ask_often(void *ctx) {
  rig *r = ((asker *)ctx)->rig;
  char text[64];
  for (int i = 0; i < 2000; i++) {
    if (header_of(r, text, NULL) != FRL_OK) abort();
    if (frl_token_wait(r->source, 0, NULL) != FRL_OK) abort();
  }
}

static void it_is_renewed_once_before_its_end(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {TOKEN("t1", "3600"), TOKEN("t2", "3600")};
  open_with(&r, replies, 2);
  await_header(&r, "Bearer t1");
  atomic_store(&r.wall_s, 5000 + 3600 - 301);
  await_header(&r, "Bearer t1");
  assert_int_equal(token_server_requests(&r.server), 1);
  atomic_store(&r.wall_s, 5000 + 3600 - 300);
  asker askers[4];
  for (size_t i = 0; i < 4; i++) {
    askers[i].rig = &r;
    assert_int_equal(
        frl_thread_start(&askers[i].thread, "asker", ask_often, &askers[i], NULL),
        FRL_OK);
  }
  for (size_t i = 0; i < 4; i++) frl_thread_join(&askers[i].thread);
  await_header(&r, "Bearer t2");
  assert_int_equal(token_server_requests(&r.server), 2);
  close_rig(&r);
}

static void a_short_life_is_used_for_three_quarters(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {TOKEN("t1", "80"), TOKEN("t2", "80")};
  open_with(&r, replies, 2);
  await_header(&r, "Bearer t1");
  atomic_store(&r.wall_s, 5000 + 59);
  await_header(&r, "Bearer t1");
  assert_int_equal(token_server_requests(&r.server), 1);
  atomic_store(&r.wall_s, 5000 + 60);
  await_header(&r, "Bearer t2");
  close_rig(&r);
}

static void an_ended_token_is_not_sent(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {TOKEN("t1", "100"), TOKEN("t2", "100")};
  open_with(&r, replies, 2);
  await_header(&r, "Bearer t1");
  atomic_store(&r.wall_s, 5000 + 1000);
  assert_int_equal(frl_token_wait(r.source, LONG_MS, NULL), FRL_OK);
  char text[64];
  assert_int_equal(header_of(&r, text, NULL), FRL_OK);
  assert_string_equal(text, "Bearer t2");
  close_rig(&r);
}

static void a_failing_server_is_asked_again(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {{.status = 503, .body = "<html>"}, {.status = 500},
      {.status = 400, .body = "{\"error\":\"temporarily_unavailable\"}"},
      TOKEN("t1", "3600")};
  open_with(&r, replies, 4);
  assert_int_equal(frl_token_wait(r.source, LONG_MS, NULL), FRL_OK);
  await_header(&r, "Bearer t1");
  assert_int_equal(token_server_requests(&r.server), 4);
  close_rig(&r);
}

static void patience_ends_with_the_last_failure(void **state) {
  (void)state;
  rig r = {0};
  open_with(&r, &(token_reply){.status = 500}, 1);
  await_failure(&r, FRL_E_UNAVAILABLE, "HTTP 500");
  char text[64];
  frl_error err = {0};
  assert_int_equal(header_of(&r, text, &err), FRL_E_UNAVAILABLE);
  assert_true(err.retriable);
  assert_non_null(strstr(err.message, "me@p.iam"));
  assert_non_null(strstr(err.message, r.server.url));
  close_rig(&r);
}

static void a_slow_server_is_given_up(void **state) {
  (void)state;
  rig r = {0};
  r.account.timeout_ms = 100;
  open_with(&r, &(token_reply){.hang = true}, 1);
  await_failure(&r, FRL_E_TIMEOUT, "no answer within 100 ms");
  close_rig(&r);
}

static void nobody_at_the_address_is_told(void **state) {
  (void)state;
  rig r = {0};
  open_with(&r, &(token_reply){.status = 500}, 1);
  frl_token_source_destroy(r.source);
  token_server_stop(&r.server);
  assert_int_equal(
      frl_token_service_account(&r.source, &r.account, &r.clock, NULL, NULL), FRL_OK);
  await_failure(&r, FRL_E_UNAVAILABLE, "cannot be reached");
  frl_token_source_destroy(r.source);
  key_json_remove(&r.key);
}

/* Once is enough to know: the wait ends long before its time. */
static void what_cannot_get_better_is_told_at_once(void **state) {
  (void)state;
  static const struct {
    token_reply reply;
    frl_status status;
    const char *says;
  } cases[] = {
      {{.status = 400,
           .body = "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT "
                   "Signature.\"}"},
          FRL_E_AUTH, "key or its account was deleted"},
      {{.status = 400,
           .headers = "Date: Thu, 01 Jan 1970 02:00:00 GMT\r\n",
           .body = "{\"error\":\"invalid_grant\"}"},
          FRL_E_AUTH, "clock is 2200 seconds behind the server's"},
      {{.status = 200, .body = "\xff\xfe garbage"}, FRL_E_MALFORMED, "access_token"},
      {{.status = 404, .body = "<html>"}, FRL_E_MALFORMED, "HTTP 404"},
      {{.status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"}, FRL_E_AUTH,
          "redirects"},
      {{.status = 200, .body = "{", .fill_bytes = 64 << 20}, FRL_E_LIMIT, "too long"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig r = {0};
    open_with(&r, &cases[i].reply, 1);
    frl_error err = {0};
    assert_int_equal(frl_token_wait(r.source, LONG_MS, &err), cases[i].status);
    assert_non_null(strstr(err.message, cases[i].says));
    assert_non_null(strstr(err.message, "token server http://127.0.0.1:"));
    assert_false(err.retriable);
    close_rig(&r);
  }
}

static void an_old_token_goes_out_where_no_renewal_helps(void **state) {
  (void)state;
  rig r = {0};
  const token_reply replies[] = {
      TOKEN("t1", "3600"), {.status = 400, .body = "{\"error\":\"invalid_grant\"}"}};
  open_with(&r, replies, 2);
  await_header(&r, "Bearer t1");
  atomic_store(&r.wall_s, 5000 + 4000);
  assert_int_equal(frl_token_wait(r.source, LONG_MS, NULL), FRL_E_AUTH);
  /* the service refuses it, and that ends what waits */
  char text[64];
  assert_int_equal(header_of(&r, text, NULL), FRL_OK);
  assert_string_equal(text, "Bearer t1");
  close_rig(&r);
}

static void the_servers_certificate_must_hold(void **state) {
  (void)state;
  certs c;
  certs_make(&c);
  const struct {
    const char *cert;
    const char *key;
    const char *ca;
    const char *says; /* NULL: it works */
  } cases[] = {{c.server_cert, c.server_key, c.ca, NULL},
      {c.server_cert, c.server_key, NULL, "certificate does not hold"},
      {c.other_cert, c.other_key, c.ca, "certificate does not hold"},
      {c.expired_cert, c.expired_key, c.ca, "certificate does not hold"},
      {c.stranger_cert, c.stranger_key, c.ca, "certificate does not hold"},
      {c.server_cert, c.server_key, c.server_key, "no certificates in PEM"},
      {c.server_cert, c.server_key, "/nonexistent.pem", "/nonexistent.pem"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig r = {0};
    r.account.ca_file = cases[i].ca;
    r.server.replies[0] = (token_reply)TOKEN("t1", "3600");
    r.server.n_replies = 1;
    token_server_start(&r.server, cases[i].cert, cases[i].key);
    open_source(&r);
    frl_error err = {0};
    const frl_status st = frl_token_wait(r.source, LONG_MS, &err);
    assert_int_equal(st, cases[i].says ? FRL_E_AUTH : FRL_OK);
    if (cases[i].says) assert_non_null(strstr(err.message, cases[i].says));
    assert_int_equal(token_server_requests(&r.server), cases[i].says ? 0 : 1);
    close_rig(&r);
  }
  certs_remove(&c);
}

static void what_nobody_asked_asks_nobody(void **state) {
  (void)state;
  rig r = {0};
  open_with(&r, &(token_reply)TOKEN("t1", "3600"), 1);
  close_rig(&r);
  assert_int_equal(r.server.requests, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_signed_claim_is_exchanged),
      cmocka_unit_test(nobody_waits_for_a_token_that_is_being_renewed),
      cmocka_unit_test(it_is_renewed_once_before_its_end),
      cmocka_unit_test(a_short_life_is_used_for_three_quarters),
      cmocka_unit_test(an_ended_token_is_not_sent),
      cmocka_unit_test(a_failing_server_is_asked_again),
      cmocka_unit_test(patience_ends_with_the_last_failure),
      cmocka_unit_test(a_slow_server_is_given_up),
      cmocka_unit_test(nobody_at_the_address_is_told),
      cmocka_unit_test(what_cannot_get_better_is_told_at_once),
      cmocka_unit_test(an_old_token_goes_out_where_no_renewal_helps),
      cmocka_unit_test(the_servers_certificate_must_hold),
      cmocka_unit_test(what_nobody_asked_asks_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
