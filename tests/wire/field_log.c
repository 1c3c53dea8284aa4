#include "field_log.h"

frl_status field_log_add(void *log, const frl_wire_field *field) {
  const uint64_t head[3] = {field->number, field->type, field->value};
  frl_status st = frl_buf_append(log, head, sizeof head);
  if (st == FRL_OK) {
    st = frl_buf_append(log, field->bytes.pos, frl_cursor_left(&field->bytes));
  }
  return st;
}

frl_status field_log_whole(frl_buf *log, const uint8_t *data, size_t n, size_t max) {
  frl_cursor c = frl_cursor_of(data, n);
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&c, &f)) == FRL_OK) {
    if (f.type == FRL_WIRE_BYTES && f.value > max) return FRL_E_LIMIT;
    st = field_log_add(log, &f);
    if (st != FRL_OK) return st;
  }
  return st;
}
