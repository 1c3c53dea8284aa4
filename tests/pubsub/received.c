#include "received.h"

#include <stdlib.h>

#include "wire/writer.h"

static void must(frl_status st) {
  if (st != FRL_OK) abort();
}

static void encode_message(frl_buf *out, const received *m) {
  if (m->payload) must(frl_wire_text(out, 1, m->payload));
  if (m->attribute) {
    size_t mark;
    must(frl_wire_begin(out, 2, &mark));
    must(frl_wire_text(out, 1, m->attribute));
    must(frl_wire_text(out, 2, m->attribute));
    must(frl_wire_end(out, mark));
  }
  must(frl_wire_text(out, 3, m->id));
  must(frl_wire_time(out, 4, m->seconds, m->nanos));
  if (m->key) must(frl_wire_text(out, 5, m->key));
}

void received_encode(frl_buf *out, const received *m) {
  size_t mark;
  must(frl_wire_text(out, 1, m->ack_id));
  must(frl_wire_begin(out, 2, &mark));
  encode_message(out, m);
  must(frl_wire_end(out, mark));
  if (m->attempt) must(frl_wire_varint(out, 3, (uint64_t)m->attempt));
}

void received_respond(frl_buf *out, const received *m) {
  size_t mark;
  must(frl_wire_begin(out, 1, &mark));
  received_encode(out, m);
  must(frl_wire_end(out, mark));
}
