#include <ferrule/version.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/channel_internal.h"
#include "net/dial.h"
#include "net/proxy.h"

enum {
  KIB = 1024,
  MIB = 1024 * KIB,
  HIGH_BYTES = 256 * KIB,
  LOW_BYTES = 64 * KIB,
  NAME_BYTES = 256,
  MAX_CONNECTIONS = 256
};

frl_loop *frl_channel_loop(const frl_channel *channel) { return channel->loop; }

static void connect_slot(channel_slot *slot);

/* ---- the waiting calls ---- */

static void wait_for_link(frl_channel *ch, frl_call *call) {
  call->waiting = true;
  call->next_waiting = NULL;
  if (ch->last_waiting) {
    ch->last_waiting->next_waiting = call;
  } else {
    ch->waiting = call;
  }
  ch->last_waiting = call;
}

void frl__channel_unwait(frl_channel *ch, frl_call *call) {
  if (!call->waiting) return;
  call->waiting = false;
  frl_call *before = NULL;
  for (frl_call *c = ch->waiting; c != call; c = c->next_waiting) before = c;
  if (before) {
    before->next_waiting = call->next_waiting;
  } else {
    ch->waiting = call->next_waiting;
  }
  if (ch->last_waiting == call) ch->last_waiting = before;
}

static size_t count_slots(const frl_channel *ch, enum slot_state state) {
  size_t n = 0;
  for (uint32_t i = 0; i < ch->options.connections; i++) {
    if (ch->slots[i].state == state) n++;
  }
  return n;
}

/* The ready connection with the fewest streams and room for one more, or NULL. */
static channel_link *least_loaded(const frl_channel *ch) {
  channel_link *best = NULL;
  size_t best_streams = 0;
  for (uint32_t i = 0; i < ch->options.connections; i++) {
    channel_link *link = ch->slots[i].link;
    if (ch->slots[i].state != SLOT_READY || !frl_conn_is_open(link->conn)) continue;
    const frl_h2 *h2 = frl_conn_h2(link->conn);
    const size_t streams = frl_h2_streams(h2);
    if (streams >= frl_h2_peer_max_streams(h2)) continue;
    if (best && streams >= best_streams) continue;
    best = link;
    best_streams = streams;
  }
  return best;
}

static channel_slot *idle_slot(const frl_channel *ch) {
  for (uint32_t i = 0; i < ch->options.connections; i++) {
    if (ch->slots[i].state == SLOT_IDLE) return &ch->slots[i];
  }
  return NULL;
}

/* Another connection is opened while those there are all have work. */
static void grow(frl_channel *ch, const channel_link *best) {
  channel_slot *idle = idle_slot(ch);
  if (!idle) return;
  if (best && frl_h2_streams(frl_conn_h2(best->conn)) == 0) return;
  size_t waiting = best ? 1 : 0;
  for (const frl_call *c = ch->waiting; c; c = c->next_waiting) waiting++;
  if (waiting > count_slots(ch, SLOT_CONNECTING)) connect_slot(idle);
}

/* A connection that takes no more streams ends with those it has. */
static void retire(channel_link *link) {
  frl__channel_drain(link);
  if (frl_h2_goaway(frl_conn_h2(link->conn), true) != FRL_OK) {
    frl_conn_close(link->conn, NULL);
  }
  frl_conn_flush_soon(link->conn);
}

void frl__channel_assign(frl_channel *ch, frl_call *call) {
  for (;;) {
    channel_link *link = least_loaded(ch);
    if (!link) break;
    grow(ch, link);
    if (frl__call_open(call, link) == FRL_OK) return;
    retire(link);
  }
  wait_for_link(ch, call);
  grow(ch, NULL);
  const bool hope = call->wait_for_ready || count_slots(ch, SLOT_READY) > 0 ||
                    count_slots(ch, SLOT_CONNECTING) > 0;
  if (hope) return;
  frl__channel_unwait(ch, call);
  frl__call_end(
      call, FRL_GRPC_UNAVAILABLE, "no connection: %s", ch->last_error.message);
}

/* No connection and none coming: those who do not want to wait are told. */
static void fail_waiting(frl_channel *ch) {
  if (count_slots(ch, SLOT_READY) > 0 || count_slots(ch, SLOT_CONNECTING) > 0) return;
  frl_call *next = NULL;
  for (frl_call *c = ch->waiting; c; c = next) {
    next = c->next_waiting;
    if (c->wait_for_ready) continue;
    frl__channel_unwait(ch, c);
    frl__call_end(c, FRL_GRPC_UNAVAILABLE, "no connection: %s", ch->last_error.message);
  }
}

/* Gives waiting calls to ready connections, at most max of them. */
static void assign_waiting(frl_channel *ch, size_t max) {
  while (ch->waiting && max-- > 0) {
    channel_link *link = least_loaded(ch);
    if (!link) return;
    frl_call *call = ch->waiting;
    frl__channel_unwait(ch, call);
    if (frl__call_open(call, link) == FRL_OK) continue;
    wait_for_link(ch, call);
    retire(link);
    fail_waiting(ch);
  }
}

static void on_assign_task(frl_task *task) {
  assign_waiting(
      (frl_channel *)(void *)((char *)task - offsetof(frl_channel, assign_task)),
      SIZE_MAX);
}

void frl__channel_assign_soon(frl_channel *ch) {
  if (!ch->waiting) return;
  ch->assign_task.run = on_assign_task;
  frl__loop_defer(ch->loop, &ch->assign_task);
}

/* ---- connections ---- */

static void on_ready(void *ctx) {
  channel_link *link = ctx;
  frl_channel *ch = link->channel;
  if (!link->slot) return;
  link->slot->state = SLOT_READY;
  size_t waiting = 0;
  for (const frl_call *c = ch->waiting; c; c = c->next_waiting) waiting++;
  /* those that are about to be ready get their part */
  const size_t coming = count_slots(ch, SLOT_CONNECTING);
  assign_waiting(ch, waiting / (coming + 1) + (waiting % (coming + 1) ? 1 : 0));
}

static void unlink_link(channel_link *link) {
  if (link->prev) {
    link->prev->next = link->next;
  } else {
    link->channel->links = link->next;
  }
  if (link->next) link->next->prev = link->prev;
}

void frl__channel_drain(channel_link *link) {
  channel_slot *slot = link->slot;
  if (!slot) return;
  slot->link = NULL;
  slot->state = SLOT_IDLE;
  link->slot = NULL;
  if (slot->channel->waiting) connect_slot(slot);
}

static void rest_slot(channel_slot *slot) {
  const uint32_t wait_ms = frl_backoff_next_ms(&slot->backoff);
  slot->state = SLOT_BACKOFF;
  frl_timer_start(slot->retry, wait_ms, 0);
}

/* A server that never answered is asked again later, one that did at once. */
void frl__channel_lost(channel_link *link) {
  channel_slot *slot = link->slot;
  if (!slot) return;
  link->slot = NULL;
  slot->link = NULL;
  slot->state = SLOT_IDLE;
  if (link->answered) {
    frl_backoff_reset(&slot->backoff);
  } else {
    rest_slot(slot);
  }
}

static void on_conn_closed(void *ctx, const frl_error *why) {
  channel_link *link = ctx;
  frl_channel *ch = link->channel;
  if (why) ch->last_error = *why;
  frl_log(FRL_LOG_DEBUG, "channel", "%s: connection ended: %s", ch->options.target,
      why ? why->message : "done");
  frl__channel_lost(link);
  unlink_link(link);
  frl_free(&ch->mem, link);
  if (ch->waiting) grow(ch, NULL);
  fail_waiting(ch);
}

static void on_retry(void *ctx) {
  channel_slot *slot = ctx;
  slot->state = SLOT_IDLE;
  if (slot->channel->waiting) connect_slot(slot);
}

static void conn_options(const frl_channel *ch, frl_conn_options *o) {
  const frl_channel_options *from = &ch->options;
  *o = (frl_conn_options){.tls = ch->tls,
      .server_name = from->server_name,
      .proxy = from->proxy,
      .target = from->target,
      .setup_timeout_ms = from->connect_timeout_ms,
      .keepalive_ms = from->keepalive_ms,
      .keepalive_timeout_ms = from->keepalive_timeout_ms,
      .h2 = {.stream_window_bytes = from->stream_window_bytes,
          .connection_window_bytes = from->connection_window_bytes,
          .max_frame_bytes = from->max_frame_bytes,
          .max_metadata_bytes = from->max_metadata_bytes,
          .high_bytes = HIGH_BYTES,
          .low_bytes = LOW_BYTES}};
}

static void connect_slot(channel_slot *slot) {
  frl_channel *ch = slot->channel;
  channel_link *link = frl_calloc(&ch->mem, 1, sizeof *link);
  frl_conn_options options;
  conn_options(ch, &options);
  const frl_conn_handler handler = {
      .h2 = frl__channel_h2_handler, .on_ready = on_ready, .on_closed = on_conn_closed};
  frl_error err = {0};
  if (link) link->channel = ch;
  if (!link || frl_conn_connect(&link->conn, ch->loop, &options, &handler, link,
                   &ch->mem, &err) != FRL_OK) {
    frl_free(&ch->mem, link);
    ch->last_error = err;
    rest_slot(slot);
    return;
  }
  slot->link = link;
  slot->state = SLOT_CONNECTING;
  link->slot = slot;
  link->next = ch->links;
  if (link->next) link->next->prev = link;
  ch->links = link;
}

/* ---- life of a channel ---- */

static void free_channel(frl_channel *ch) {
  for (size_t i = 0; i < ch->n_texts; i++) frl_free(&ch->mem, ch->texts[i]);
  frl_tls_context_destroy(ch->tls);
  frl_free(&ch->mem, ch->slots);
  const frl_mem mem = ch->mem;
  frl_free(&mem, ch);
}

static void close_on_loop(void *ctx) {
  frl_channel *ch = ctx;
  frl__loop_undefer(ch->loop, &ch->assign_task);
  while (ch->calls) {
    frl_call *call = ch->calls;
    frl__call_end(call, FRL_GRPC_CANCELLED, "the channel was closed");
    frl__call_close(call);
  }
  while (ch->links) {
    channel_link *link = ch->links;
    unlink_link(link);
    frl_conn_abandon(link->conn);
    frl_free(&ch->mem, link);
  }
  for (uint32_t i = 0; i < ch->options.connections; i++) {
    frl_timer_destroy(ch->slots[i].retry);
  }
}

static void after_a_turn(void *ctx) { (void)ctx; }

void frl_channel_destroy(frl_channel *channel) {
  if (!channel) return;
  /* a turn later the connections have given their memory back; without a loop
     nothing of the channel lives any more */
  if (frl_loop_call(channel->loop, close_on_loop, channel) == FRL_OK &&
      frl_loop_call(channel->loop, after_a_turn, NULL) != FRL_OK) {
    frl_log(FRL_LOG_DEBUG, "channel", "the loop stopped meanwhile");
  }
  free_channel(channel);
}

static bool keep_text(frl_channel *ch, const char **text) {
  if (!*text) return true;
  char *copy = frl_strdup(&ch->mem, *text);
  if (!copy) return false;
  ch->texts[ch->n_texts++] = copy;
  *text = copy;
  return true;
}

static void or_default(uint32_t *value, uint32_t fallback) {
  if (*value == 0) *value = fallback;
}

static void take_numbers(frl_channel_options *to) {
  or_default(&to->connections, 1);
  or_default(&to->stream_window_bytes, 4 * MIB);
  or_default(&to->connection_window_bytes, 16 * MIB);
  or_default(&to->max_frame_bytes, MIB);
  or_default(&to->max_message_bytes, 20 * MIB);
  or_default(&to->max_metadata_bytes, 4 * MIB);
  or_default(&to->connect_timeout_ms, 20000);
  or_default(&to->keepalive_timeout_ms, 20000);
  or_default(&to->backoff_base_ms, 100);
  or_default(&to->backoff_max_ms, 10000);
}

static frl_status take_texts(frl_channel *ch, frl_error *err) {
  frl_channel_options *o = &ch->options;
  char host[NAME_BYTES];
  char proxy[NAME_BYTES] = "";
  char agent[NAME_BYTES];
  uint16_t port = 0;
  if (!o->target) return frl_fail(err, FRL_E_INVALID, "channel: no target");
  FRL_TRY(frl_target_parse(o->target, host, sizeof host, &port, err));
  if (!o->proxy && o->tls) {
    FRL_TRY(frl_proxy_from_environment(host, proxy, sizeof proxy, err));
    o->proxy = proxy;
  }
  if (o->proxy && !*o->proxy) o->proxy = NULL;
  if (!o->server_name) o->server_name = host;
  if (!o->authority) o->authority = o->target;
  (void)snprintf(agent, sizeof agent, "%s%sferrule/%s",
      o->user_agent ? o->user_agent : "", o->user_agent ? " " : "", FRL_VERSION);
  o->user_agent = agent;
  const bool kept = keep_text(ch, &o->target) && keep_text(ch, &o->server_name) &&
                    keep_text(ch, &o->authority) && keep_text(ch, &o->proxy) &&
                    keep_text(ch, &o->user_agent);
  return kept ? FRL_OK : frl_fail(err, FRL_E_NOMEM, "channel: out of memory");
}

static frl_status make_tls(frl_channel *ch, frl_error *err) {
  if (!ch->options.tls) return FRL_OK;
  const frl_tls_options tls = {.ca_file = ch->options.ca_file,
      .cert_file = ch->options.cert_file,
      .key_file = ch->options.key_file};
  return frl_tls_context_create(&ch->tls, &tls, &ch->mem, err);
}

static void make_timers(void *ctx) {
  frl_channel *ch = ctx;
  for (uint32_t i = 0; i < ch->options.connections; i++) {
    if (frl_timer_create(&ch->slots[i].retry, ch->loop, on_retry, &ch->slots[i]) !=
        FRL_OK) {
      return;
    }
  }
}

static frl_status make_slots(frl_channel *ch, frl_error *err) {
  const frl_channel_options *o = &ch->options;
  if (o->connections > MAX_CONNECTIONS) {
    return frl_fail(
        err, FRL_E_INVALID, "channel: more than %d connections", MAX_CONNECTIONS);
  }
  ch->slots = frl_calloc(&ch->mem, o->connections, sizeof *ch->slots);
  if (!ch->slots) return frl_fail(err, FRL_E_NOMEM, "channel: out of memory");
  for (uint32_t i = 0; i < o->connections; i++) {
    ch->slots[i].channel = ch;
    frl_backoff_init(
        &ch->slots[i].backoff, o->backoff_base_ms, o->backoff_max_ms, o->random);
  }
  if (frl_loop_call(ch->loop, make_timers, ch) != FRL_OK) {
    return frl_fail(err, FRL_E_CLOSED, "channel: the loop has stopped");
  }
  return ch->slots[o->connections - 1].retry
             ? FRL_OK
             : frl_fail(err, FRL_E_NOMEM, "channel: out of memory");
}

frl_status frl_channel_create(frl_channel **out, frl_loop *loop,
    const frl_channel_options *options, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_channel *ch = frl_calloc(mem, 1, sizeof *ch);
  if (!ch) return frl_fail(err, FRL_E_NOMEM, "channel: out of memory");
  ch->loop = loop;
  ch->mem = mem ? *mem : frl_mem_default;
  const size_t size = options->struct_size;
  memcpy(&ch->options, options, size < sizeof ch->options ? size : sizeof ch->options);
  take_numbers(&ch->options);
  frl_status st = take_texts(ch, err);
  if (st == FRL_OK) st = make_tls(ch, err);
  if (st == FRL_OK) st = make_slots(ch, err);
  if (st != FRL_OK) {
    if (!ch->slots) ch->options.connections = 0;
    frl_channel_destroy(ch);
    return st;
  }
  *out = ch;
  return FRL_OK;
}
