/**
 * How gRPC writes things into HTTP/2 header fields.
 *
 * Source: grpc/doc/PROTOCOL-HTTP2.md, http-grpc-status-mapping.md; RFC 4648.
 */
#ifndef FRL_NET_RPC_TEXT_H
#define FRL_NET_RPC_TEXT_H

#include "base/buf.h"
#include "net/h2.h"
#include "net/rpc.h"

/** Appends text with all but printable ASCII, and '%', as %XX. */
FRL_NODISCARD frl_status frl_percent_encode(frl_buf *out, const char *text);
/** Appends; a broken escape stays as it is. A NUL byte becomes '?'. */
FRL_NODISCARD frl_status frl_percent_decode(frl_buf *out, const void *text, size_t n);
/** Standard alphabet, without padding. */
FRL_NODISCARD frl_status frl_rpc_base64_encode(
    frl_buf *out, const void *data, size_t n);
/** With or without padding. FRL_E_MALFORMED for anything else. */
FRL_NODISCARD frl_status frl_rpc_base64_decode(
    frl_buf *out, const void *text, size_t n);

/** A grpc-timeout of at most eight digits; out has room for 12 bytes. */
void frl_timeout_format(char out[12], int64_t timeout_ms);
/** Milliseconds, rounded up, at most INT64_MAX / 2. */
FRL_NODISCARD frl_status frl_timeout_parse(int64_t *ms, const void *text, size_t n);

/** The gRPC code for an HTTP status that came without grpc-status. */
int32_t frl_code_from_http(int32_t http_status);
/** The gRPC code for RST_STREAM, or for a lost connection. */
int32_t frl_code_from_h2(uint32_t h2_error);
/** The gRPC code a server answers with when a method failed so. */
int32_t frl_code_from_status(frl_status status);

/** Whether applications may set the field: it is valid and not gRPC's own. */
bool frl_metadata_name_is_free(const char *name);
/** Adds a received field, decoding the value of a "-bin" name (each part of a list). */
FRL_NODISCARD frl_status frl_metadata_receive(
    frl_metadata *md, const frl_mem *mem, const frl_h2_field *field);
/**
 * Appends md's fields to fields (room for n_max), coding "-bin" values into scratch,
 * which must live as long and not grow beyond what was reserved for it.
 */
FRL_NODISCARD frl_status frl_metadata_to_fields(const frl_metadata *md,
    frl_h2_field *fields, size_t *n, size_t n_max, frl_buf *scratch);

#endif /* FRL_NET_RPC_TEXT_H */
