#include "pubsub/admin.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/connection.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { ADMIN_MAX_BYTES = 20 << 20, PAGE_SIZE = 1000 };

/* Codes after which a call is tried again: those that Google's clients retry. */
enum {
  RETRY_READ =
      1u << FRL_GRPC_UNKNOWN | 1u << FRL_GRPC_ABORTED | 1u << FRL_GRPC_UNAVAILABLE,
  RETRY_WRITE = 1u << FRL_GRPC_UNAVAILABLE
};

typedef struct admin_call {
  frl_pubsub *pubsub;
  char *name;
  frl_buf request;
  frl_buf response;
} admin_call;

static frl_status begin(admin_call *c, frl_pubsub *pubsub, const char *collection,
    const char *name, frl_error *err) {
  *c = (admin_call){.pubsub = pubsub};
  frl_buf_init(&c->request, &pubsub->mem, ADMIN_MAX_BYTES);
  frl_buf_init(&c->response, &pubsub->mem, ADMIN_MAX_BYTES);
  return frl__pubsub_full_name(pubsub, collection, name, &c->name, err);
}

static void end(admin_call *c) {
  frl_buf_deinit(&c->request);
  frl_buf_deinit(&c->response);
  frl_free(&c->pubsub->mem, c->name);
}

static frl_status call(admin_call *c, const char *path, const char *param,
    uint32_t retry_codes, frl_error *err) {
  const frl_rpc_route route = {path, param, c->name};
  const frl_status st =
      frl__pubsub_unary(c->pubsub, &route, retry_codes, &c->request, &c->response, err);
  if (st == FRL_E_UNAVAILABLE || st == FRL_E_TIMEOUT) {
    frl__pubsub_explain(c->pubsub, c->name, st, err);
  }
  return st;
}

/* A request whose only field is the name, in field 1. */
static frl_status call_by_name(frl_pubsub *pubsub, const char *path,
    const char *collection, const char *param, const char *name, uint32_t retry_codes,
    frl_error *err) {
  admin_call c;
  frl_status st = begin(&c, pubsub, collection, name, err);
  if (st == FRL_OK) {
    st = frl_wire_text(&c.request, 1, c.name);
    if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: no memory for a request");
  }
  if (st == FRL_OK) st = call(&c, path, param, retry_codes, err);
  end(&c);
  return st;
}

frl_status frl_pubsub_create_topic(
    frl_pubsub *pubsub, const char *topic, frl_error *err) {
  return call_by_name(pubsub, "/google.pubsub.v1.Publisher/CreateTopic", "topics",
      "name", topic, RETRY_READ, err);
}

frl_status frl_pubsub_delete_topic(
    frl_pubsub *pubsub, const char *topic, frl_error *err) {
  return call_by_name(pubsub, "/google.pubsub.v1.Publisher/DeleteTopic", "topics",
      "topic", topic, RETRY_WRITE, err);
}

frl_status frl_pubsub_delete_subscription(
    frl_pubsub *pubsub, const char *subscription, frl_error *err) {
  return call_by_name(pubsub, "/google.pubsub.v1.Subscriber/DeleteSubscription",
      "subscriptions", "subscription", subscription, RETRY_WRITE, err);
}

frl_status frl_pubsub_get_subscription(frl_pubsub *pubsub, const char *subscription,
    frl_subscription_info *out, frl_error *err) {
  admin_call c;
  frl_status st = begin(&c, pubsub, "subscriptions", subscription, err);
  if (st == FRL_OK) {
    st = frl_wire_text(&c.request, 1, c.name);
    if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: no memory for a request");
  }
  if (st == FRL_OK) {
    st = call(&c, "/google.pubsub.v1.Subscriber/GetSubscription", "subscription",
        RETRY_READ, err);
    if (st == FRL_E_NOT_FOUND || st == FRL_E_AUTH) {
      frl__pubsub_explain(pubsub, c.name, st, err);
    }
  }
  if (st == FRL_OK) {
    frl_subscription_info info = {0};
    st =
        frl__decode_subscription(frl_cursor_of(c.response.data, c.response.len), &info);
    if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: a broken Subscription came");
    const size_t size = out->struct_size;
    info.struct_size = size;
    if (st == FRL_OK) memcpy(out, &info, size < sizeof info ? size : sizeof info);
  }
  end(&c);
  return st;
}

frl_status frl_pubsub_create_subscription(frl_pubsub *pubsub, const char *subscription,
    const frl_subscription_options *options, frl_error *err) {
  frl_subscription_options o = {0};
  const size_t given = options->struct_size;
  memcpy(&o, options, given < sizeof o ? given : sizeof o);
  if (o.max_delivery_attempts && !o.dead_letter_topic) {
    return frl_fail(err, FRL_E_INVALID,
        "pubsub: max_delivery_attempts (%u) needs a dead letter topic",
        (unsigned)o.max_delivery_attempts);
  }
  admin_call c;
  char *topic = NULL;
  char *dead_letter = NULL;
  frl_status st = begin(&c, pubsub, "subscriptions", subscription, err);
  if (st == FRL_OK) st = frl__pubsub_full_name(pubsub, "topics", o.topic, &topic, err);
  if (st == FRL_OK && o.dead_letter_topic) {
    st =
        frl__pubsub_full_name(pubsub, "topics", o.dead_letter_topic, &dead_letter, err);
    o.dead_letter_topic = dead_letter;
  }
  if (st == FRL_OK) {
    st = frl__encode_subscription(&c.request, c.name, topic, &o);
    if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: no memory for a request");
  }
  if (st == FRL_OK) {
    st = call(
        &c, "/google.pubsub.v1.Subscriber/CreateSubscription", "name", RETRY_READ, err);
  }
  frl_free(&pubsub->mem, topic);
  frl_free(&pubsub->mem, dead_letter);
  end(&c);
  return st;
}

/* ---- lists ---- */

/* One page: every item's name to fn, the next page's token into *token. */
static frl_status read_page(
    frl_cursor page, frl_buf *token, frl_buf *name, frl_pubsub_name_fn fn, void *ctx) {
  frl_wire_field f;
  frl_status st;
  frl_buf_clear(token);
  while ((st = frl_wire_next(&page, &f)) == FRL_OK) {
    if (f.type != FRL_WIRE_BYTES) continue;
    if (f.number == 2) {
      FRL_TRY(frl_buf_append(token, f.bytes.pos, frl_cursor_left(&f.bytes)));
    }
    if (f.number != 1) continue;
    /* Topic and Subscription both have their name in field 1 */
    frl_cursor key;
    frl_cursor value;
    FRL_TRY(frl_wire_read_entry(f.bytes, &key, &value));
    const char *text;
    frl_buf_clear(name);
    FRL_TRY(frl_buf_append(name, key.pos, frl_cursor_left(&key)));
    FRL_TRY(frl_buf_text(name, &text));
    FRL_TRY(fn(ctx, text));
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status encode_list(admin_call *c, const frl_buf *token) {
  frl_buf_clear(&c->request);
  FRL_TRY(frl_wire_text(&c->request, 1, c->name));
  FRL_TRY(frl_wire_varint(&c->request, 2, PAGE_SIZE));
  return token->len ? frl_wire_bytes(&c->request, 3, token->data, token->len) : FRL_OK;
}

static frl_status list(frl_pubsub *pubsub, const char *path, frl_pubsub_name_fn fn,
    void *ctx, frl_error *err) {
  if (!pubsub->project) {
    return frl_fail(err, FRL_E_INVALID, "pubsub: a list needs the project id");
  }
  admin_call c = {.pubsub = pubsub};
  frl_buf token;
  frl_buf name;
  frl_buf_init(&c.request, &pubsub->mem, ADMIN_MAX_BYTES);
  frl_buf_init(&c.response, &pubsub->mem, ADMIN_MAX_BYTES);
  frl_buf_init(&token, &pubsub->mem, ADMIN_MAX_BYTES);
  frl_buf_init(&name, &pubsub->mem, ADMIN_MAX_BYTES);
  frl_status st = frl_buf_printf(&name, "projects/%s", pubsub->project);
  const char *text = NULL;
  if (st == FRL_OK) st = frl_buf_text(&name, &text);
  if (st == FRL_OK) c.name = frl_strdup(&pubsub->mem, text);
  if (!c.name) st = frl_fail(err, FRL_E_NOMEM, "pubsub: out of memory");
  do {
    if (st == FRL_OK) st = encode_list(&c, &token);
    if (st == FRL_OK) st = call(&c, path, "project", RETRY_READ, err);
    if (st != FRL_OK) break;
    const frl_cursor page = frl_cursor_of(c.response.data, c.response.len);
    st = read_page(page, &token, &name, fn, ctx);
    if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: the list ended early");
  } while (st == FRL_OK && token.len);
  frl_buf_deinit(&token);
  frl_buf_deinit(&name);
  end(&c);
  return st;
}

frl_status frl_pubsub_list_topics(
    frl_pubsub *pubsub, frl_pubsub_name_fn fn, void *ctx, frl_error *err) {
  return list(pubsub, "/google.pubsub.v1.Publisher/ListTopics", fn, ctx, err);
}

frl_status frl_pubsub_list_subscriptions(
    frl_pubsub *pubsub, frl_pubsub_name_fn fn, void *ctx, frl_error *err) {
  return list(pubsub, "/google.pubsub.v1.Subscriber/ListSubscriptions", fn, ctx, err);
}
