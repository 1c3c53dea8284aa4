#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/channel_internal.h"
#include "net/rpc_text.h"

enum {
  MAX_FIELDS = 128,
  GZIP_MIN_BYTES = 1024,
  REPLAY_BYTES = 256 * 1024,
  STATUS_BYTES = 64 * 1024
};

#define TEXT_FIELD(n, v) ((frl_h2_field){(n), sizeof(n) - 1, (v), strlen(v)})

static void flush_soon(const frl_call *call) {
  if (call->link) frl_conn_flush_soon(call->link->conn);
}

/* ---- the end ---- */

void frl__call_close(frl_call *call) {
  frl_channel *ch = call->channel;
  frl__loop_undefer(ch->loop, &call->closed_task);
  if (call->prev) {
    call->prev->next = call->next;
  } else {
    ch->calls = call->next;
  }
  if (call->next) call->next->prev = call->prev;
  const char *text = "";
  if (frl_buf_text(&call->message, &text) != FRL_OK) text = "";
  const frl_rpc_status status = {.code = call->code,
      .message = text,
      .details = call->details.data,
      .details_len = call->details.len};
  call->on.on_closed(call->ctx, &status, &call->trailers);
  const frl_mem mem = ch->mem;
  frl_timer_destroy(call->timer);
  frl_deframer_deinit(&call->in.deframer);
  frl_msgq_deinit(&call->replay, &mem);
  frl_metadata_deinit(&call->metadata, &mem);
  frl_metadata_deinit(&call->headers, &mem);
  frl_metadata_deinit(&call->trailers, &mem);
  frl_metadata_deinit(&call->block, &mem);
  frl_buf_deinit(&call->message);
  frl_buf_deinit(&call->details);
  frl_free(&mem, call->path);
  frl_free(&mem, call);
}

static void on_closed_task(frl_task *task) {
  frl__call_close((frl_call *)(void *)((char *)task - offsetof(frl_call, closed_task)));
}

void frl__call_ended(frl_call *call) {
  if (call->ended) return;
  call->ended = true;
  if (call->timer) frl_timer_stop(call->timer);
  frl__channel_unwait(call->channel, call);
  if (call->stream) frl_h2_stream_set_user(call->stream, NULL);
  call->stream = NULL;
  call->link = NULL;
  call->closed_task.run = on_closed_task;
  frl__loop_defer(call->channel->loop, &call->closed_task);
  frl__channel_assign_soon(call->channel);
}

void frl__call_end(frl_call *call, int32_t code, const char *fmt, ...) {
  if (call->ended) return;
  call->code = code;
  char text[600];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  frl_buf_clear(&call->message);
  frl_buf_clear(&call->details);
  /* without memory the code must do */
  if (frl_buf_append_text(&call->message, text) != FRL_OK) {
    frl_buf_clear(&call->message);
  }
  frl__call_ended(call);
}

void frl__call_abort(frl_call *call, int32_t code, const char *message) {
  if (call->ended) return;
  if (call->stream) {
    frl_h2_stream_reset(call->stream, FRL_H2_CANCEL);
    flush_soon(call);
  }
  frl__call_end(call, code, "%s", message);
}

void frl_call_cancel(frl_call *call) {
  frl__call_abort(call, FRL_GRPC_CANCELLED, "cancelled by the caller");
}

static void on_deadline(void *ctx) {
  frl__call_abort(ctx, FRL_GRPC_DEADLINE_EXCEEDED, "deadline exceeded");
}

/* ---- sending ---- */

void frl__call_commit(frl_call *call) {
  if (call->committed) return;
  call->committed = true;
  frl_msgq_deinit(&call->replay, &call->channel->mem);
  call->replay_bytes = 0;
}

static frl_status request_fields(const frl_call *call, frl_h2_field *f, size_t *n,
    char timeout[12], frl_buf *scratch) {
  const frl_channel_options *o = &call->channel->options;
  f[(*n)++] = TEXT_FIELD(":method", "POST");
  f[(*n)++] = TEXT_FIELD(":scheme", o->tls ? "https" : "http");
  f[(*n)++] = TEXT_FIELD(":path", call->path);
  f[(*n)++] = TEXT_FIELD(":authority", o->authority);
  f[(*n)++] = TEXT_FIELD("te", "trailers");
  f[(*n)++] = TEXT_FIELD("content-type", "application/grpc");
  f[(*n)++] = TEXT_FIELD("user-agent", o->user_agent);
  f[(*n)++] = TEXT_FIELD("grpc-accept-encoding", "identity,gzip");
  if (o->gzip) f[(*n)++] = TEXT_FIELD("grpc-encoding", "gzip");
  if (call->deadline_ms) {
    const int64_t now = frl_loop_now_ms(call->channel->loop);
    frl_timeout_format(timeout, call->deadline_ms - now);
    f[(*n)++] = TEXT_FIELD("grpc-timeout", timeout);
  }
  return frl_metadata_to_fields(&call->metadata, f, n, MAX_FIELDS, scratch);
}

static frl_status open_stream(frl_call *call, channel_link *link) {
  frl_h2_field f[MAX_FIELDS];
  size_t n = 0;
  char timeout[12];
  frl_buf scratch;
  frl_buf_init(&scratch, &call->channel->mem, UINT32_MAX);
  frl_status st = request_fields(call, f, &n, timeout, &scratch);
  if (st == FRL_OK) {
    st = frl_h2_request(frl_conn_h2(link->conn), f, n, call, &call->stream);
  }
  frl_buf_deinit(&scratch);
  return st;
}

static frl_status send_kept(frl_call *call) {
  for (size_t i = call->replay.head; i < call->replay.end; i++) {
    frl_msg *msg = frl_msg_ref(call->replay.items[i]);
    const frl_status st = frl_h2_stream_send(call->stream, msg);
    if (st == FRL_OK) continue;
    frl_msg_unref(msg);
    return st;
  }
  return call->half_closed ? frl_h2_stream_end(call->stream, NULL, 0) : FRL_OK;
}

frl_status frl__call_open(frl_call *call, channel_link *link) {
  FRL_TRY(open_stream(call, link));
  call->link = link;
  if (call->manual_window) frl_inbound_set_manual(&call->in, call->stream, true);
  flush_soon(call);
  if (send_kept(call) != FRL_OK) {
    frl__call_abort(call, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    return FRL_OK; /* the link is fine */
  }
  if (call->replay_bytes > REPLAY_BYTES) frl__call_commit(call);
  return FRL_OK;
}

/* Takes over one reference on FRL_OK. */
static frl_status queue(frl_call *call, frl_msg *msg) {
  const frl_mem *mem = &call->channel->mem;
  const size_t bytes = msg->bytes;
  if (call->stream && call->committed) return frl_h2_stream_send(call->stream, msg);
  FRL_TRY(frl_msgq_push(&call->replay, msg, mem));
  call->replay_bytes += bytes;
  if (!call->stream) return FRL_OK;
  const frl_status st = frl_h2_stream_send(call->stream, frl_msg_ref(msg));
  if (st != FRL_OK) {
    frl_msg_unref(msg);
    call->replay.end--;
    call->replay_bytes -= bytes;
    return st;
  }
  if (call->replay_bytes > REPLAY_BYTES) frl__call_commit(call);
  return FRL_OK;
}

frl_status frl_call_send(frl_call *call, frl_chain *message, bool last) {
  if (call->ended || call->half_closed) return FRL_E_CLOSED;
  const frl_mem *mem = &call->channel->mem;
  const bool gzip = call->channel->options.gzip && message->bytes > GZIP_MIN_BYTES;
  if (gzip) FRL_TRY(frl_chain_gzip(message, mem));
  frl_msg *msg = NULL;
  FRL_TRY(frl_msg_create(&msg, message, gzip, mem));
  const frl_status st = queue(call, msg);
  if (st != FRL_OK) {
    frl_chain_move(message, &msg->chain);
    frl_msg_unref(msg);
    return st;
  }
  flush_soon(call);
  return last ? frl_call_finish(call) : FRL_OK;
}

frl_status frl_call_finish(frl_call *call) {
  if (call->ended || call->half_closed) return FRL_E_CLOSED;
  call->half_closed = true;
  if (!call->stream) return FRL_OK;
  flush_soon(call);
  return frl_h2_stream_end(call->stream, NULL, 0);
}

size_t frl_call_unsent_bytes(const frl_call *call) {
  return call->stream ? frl_h2_stream_queued_bytes(call->stream) : call->replay_bytes;
}

void frl_call_consumed(frl_call *call, size_t n) {
  if (!call->stream) return;
  frl_inbound_consumed(&call->in, call->stream, n);
  flush_soon(call);
}

/* ---- the start ---- */

static frl_status copy_metadata(
    frl_call *call, const frl_metadata *md, frl_error *err) {
  for (size_t i = 0; md && i < md->len; i++) {
    const frl_metadata_item *item = &md->items[i];
    if (!frl_metadata_name_is_free(item->name)) {
      return frl_fail(
          err, FRL_E_INVALID, "metadata name %s is not allowed", item->name);
    }
    const frl_status st = frl_metadata_add(
        &call->metadata, &call->channel->mem, item->name, item->value, item->value_len);
    if (st != FRL_OK) return frl_fail(err, st, "call: out of memory");
  }
  return FRL_OK;
}

static frl_status start_timer(frl_call *call, int64_t timeout_ms, frl_error *err) {
  if (timeout_ms <= 0) return FRL_OK;
  frl_loop *loop = call->channel->loop;
  const frl_status st = frl_timer_create(&call->timer, loop, on_deadline, call);
  if (st != FRL_OK) return frl_fail(err, st, "call: out of memory");
  /* starting it also brings the loop's idea of now up to date */
  frl_timer_start(call->timer, (uint64_t)timeout_ms, 0);
  call->deadline_ms = frl_loop_now_ms(loop) + timeout_ms;
  return FRL_OK;
}

static frl_status prepare(
    frl_call *call, const frl_call_options *options, frl_error *err) {
  const frl_mem *mem = &call->channel->mem;
  frl_deframer_init(&call->in.deframer, &call->on.sink, call->ctx,
      call->channel->options.max_message_bytes, mem);
  frl_buf_init(&call->message, mem, STATUS_BYTES);
  frl_buf_init(&call->details, mem, STATUS_BYTES);
  call->path = frl_strdup(mem, options->path);
  if (!call->path) return frl_fail(err, FRL_E_NOMEM, "call: out of memory");
  FRL_TRY(copy_metadata(call, options->metadata, err));
  return start_timer(call, options->timeout_ms, err);
}

frl_status frl_call_start(frl_call **out, frl_channel *channel,
    const frl_call_options *options, const frl_call_handler *handler, void *ctx,
    frl_error *err) {
  *out = NULL;
  frl_call *call = frl_calloc(&channel->mem, 1, sizeof *call);
  if (!call) return frl_fail(err, FRL_E_NOMEM, "call: out of memory");
  call->channel = channel;
  call->on = *handler;
  call->ctx = ctx;
  call->wait_for_ready = options->wait_for_ready;
  call->manual_window = options->manual_window;
  call->block_status = -1;
  const frl_status st = prepare(call, options, err);
  if (st != FRL_OK) {
    frl_metadata_deinit(&call->metadata, &channel->mem);
    frl_free(&channel->mem, call->path);
    frl_free(&channel->mem, call);
    return st;
  }
  call->next = channel->calls;
  if (call->next) call->next->prev = call;
  channel->calls = call;
  frl__channel_assign(channel, call);
  *out = call;
  return FRL_OK;
}
