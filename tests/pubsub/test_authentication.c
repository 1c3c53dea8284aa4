/* A key file, a token server and a Pub/Sub server behind TLS: what reaches the latter.
 */
#include <stdlib.h>
#include <string.h>

#include "net/grpc_server.h"
#include "pubsub/connection.h"
#include "support/certs.h"
#include "support/cmocka_c.h"
#include "support/key_json.h"
#include "support/token_server.h"

static const char TOKEN[] = "{\"access_token\":\"t1\",\"expires_in\":3600}";

typedef struct rig {
  certs certs;
  token_server tokens;
  key_json key;
  frl_loop *loop;
  frl_server *server;
  char target[64];
  frl_pubsub *pubsub;
  /* written by the server's loop, read after an answer */
  char authorization[256];
  unsigned calls;
} rig;

static frl_status create_topic(void *service, frl_server_call *call,
    const uint8_t *request, size_t n, frl_buf *response, frl_error *err) {
  (void)request;
  (void)n;
  (void)response;
  (void)err;
  rig *r = service;
  r->calls++;
  const char *value = frl_metadata_get(frl_server_call_metadata(call), "authorization");
  (void)snprintf(r->authorization, sizeof r->authorization, "%s", value ? value : "");
  return FRL_OK;
}

static void rig_open(rig *r, const token_reply *reply, const char *scopes) {
  certs_make(&r->certs);
  r->tokens.replies[0] = *reply;
  r->tokens.n_replies = 1;
  token_server_start(&r->tokens, r->certs.server_cert, r->certs.server_key);
  char more[128];
  (void)snprintf(more, sizeof more, ",\"token_uri\":\"%s\"", r->tokens.url);
  key_json_make(&r->key, more);
  assert_int_equal(frl_loop_start(&r->loop, NULL, "server", NULL), FRL_OK);
  const frl_server_options server = {.struct_size = sizeof server,
      .cert_file = r->certs.server_cert,
      .key_file = r->certs.server_key};
  assert_int_equal(frl_server_listen(&r->server, r->loop, &server, NULL, NULL), FRL_OK);
  assert_int_equal(frl_server_add_unary(r->server,
                       "/google.pubsub.v1.Publisher/CreateTopic", create_topic, r),
      FRL_OK);
  (void)snprintf(
      r->target, sizeof r->target, "127.0.0.1:%u", frl_server_port(r->server));
  const frl_pubsub_options options = {.struct_size = sizeof options,
      .project_id = "p",
      .endpoint = r->target,
      .credentials_file = r->key.path,
      .ca_file = r->certs.ca,
      .scopes = scopes};
  assert_int_equal(frl_pubsub_open(&r->pubsub, &options, NULL), FRL_OK);
}

static void rig_close(rig *r) {
  frl_pubsub_close(r->pubsub);
  frl_server_shutdown(r->server, 0);
  frl_loop_stop(r->loop);
  token_server_stop(&r->tokens);
  key_json_remove(&r->key);
  certs_remove(&r->certs);
}

static void scopes_bring_the_token_servers_token(void **state) {
  (void)state;
  rig r = {0};
  rig_open(&r, &(token_reply){.status = 200, .body = TOKEN}, "https://a/pubsub");
  assert_int_equal(frl_pubsub_create_topic(r.pubsub, "t", NULL), FRL_OK);
  assert_string_equal(r.authorization, "Bearer t1");
  assert_int_equal(frl_pubsub_create_topic(r.pubsub, "u", NULL), FRL_OK);
  assert_int_equal(token_server_requests(&r.tokens), 1);
  rig_close(&r);
}

static void without_scopes_no_token_server_is_asked(void **state) {
  (void)state;
  rig r = {0};
  rig_open(&r, &(token_reply){.status = 200, .body = TOKEN}, NULL);
  assert_int_equal(frl_pubsub_create_topic(r.pubsub, "t", NULL), FRL_OK);
  assert_memory_equal(r.authorization, "Bearer eyJ", 10);
  assert_int_equal(token_server_requests(&r.tokens), 0);
  rig_close(&r);
}

static void what_the_token_server_refuses_never_reaches_the_service(void **state) {
  (void)state;
  rig r = {0};
  rig_open(
      &r, &(token_reply){.status = 400, .body = "{\"error\":\"invalid_grant\"}"}, "a");
  frl_error err = {0};
  assert_int_equal(frl_pubsub_create_topic(r.pubsub, "t", &err), FRL_E_AUTH);
  assert_memory_equal(err.message, "credentials: token server https://", 34);
  assert_non_null(strstr(err.message, "make a new key"));
  frl_publisher *publisher;
  const frl_publisher_options options = {.struct_size = sizeof options, .topic = "t"};
  assert_int_equal(
      frl_publisher_open(&publisher, r.pubsub, &options, &err), FRL_E_AUTH);
  assert_null(publisher);
  assert_int_equal(r.calls, 0);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scopes_bring_the_token_servers_token),
      cmocka_unit_test(without_scopes_no_token_server_is_asked),
      cmocka_unit_test(what_the_token_server_refuses_never_reaches_the_service),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
