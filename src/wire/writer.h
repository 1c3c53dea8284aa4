/**
 * Writes protobuf fields to a bounded buffer.
 *
 * Each function adds a whole field or nothing: FRL_E_LIMIT, FRL_E_NOMEM. Zero
 * values are written as asked: leaving out proto3 defaults is the caller's choice.
 */
#ifndef FRL_WIRE_WRITER_H
#define FRL_WIRE_WRITER_H

#include <ferrule/error.h>
#include <stdint.h>

#include "base/buf.h"

/** Bytes that v takes as a varint, 1 .. 10. */
size_t frl_wire_varint_bytes(uint64_t v);
/** Writes v at p, which has room for ten bytes; the byte behind it. */
uint8_t *frl_wire_put_varint(uint8_t *p, uint64_t v);
/** Bytes of a length-delimited field with a value of n bytes, tag included. */
size_t frl_wire_field_bytes(uint32_t number, size_t n);

FRL_NODISCARD frl_status frl_wire_varint(frl_buf *b, uint32_t number, uint64_t v);
FRL_NODISCARD frl_status frl_wire_bool(frl_buf *b, uint32_t number, int v);
FRL_NODISCARD frl_status frl_wire_fixed64(frl_buf *b, uint32_t number, uint64_t v);
/** bytes, string or an encoded message. */
FRL_NODISCARD frl_status frl_wire_bytes(
    frl_buf *b, uint32_t number, const void *data, size_t n);
/** A NUL-terminated string. */
FRL_NODISCARD frl_status frl_wire_text(frl_buf *b, uint32_t number, const char *text);
/** Tag and length only; the n bytes of the value follow by the caller's hand. */
FRL_NODISCARD frl_status frl_wire_bytes_header(frl_buf *b, uint32_t number, size_t n);
/** google.protobuf.Timestamp or Duration as a field. */
FRL_NODISCARD frl_status frl_wire_time(
    frl_buf *b, uint32_t number, int64_t seconds, int32_t nanos);
/** One entry of a map<string,string>. */
FRL_NODISCARD frl_status frl_wire_entry(frl_buf *b, uint32_t number, const void *key,
    size_t key_len, const void *value, size_t value_len);

/**
 * A message whose length is known only at its end: begin remembers where it
 * starts, end puts the length in. On a failure in between, clear or drop b.
 */
FRL_NODISCARD frl_status frl_wire_begin(frl_buf *b, uint32_t number, size_t *mark);
FRL_NODISCARD frl_status frl_wire_end(frl_buf *b, size_t mark);

#endif /* FRL_WIRE_WRITER_H */
