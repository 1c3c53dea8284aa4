#include "net/rpc_text.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum { MAX_TIMEOUT_DIGITS = 8, MAX_NAME_BYTES = 1024 };

frl_status frl_percent_encode(frl_buf *out, const char *text) {
  static const char hex[] = "0123456789ABCDEF";
  for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
    if (*p >= 0x20 && *p < 0x7f && *p != '%') {
      FRL_TRY(frl_buf_append_u8(out, *p));
      continue;
    }
    const uint8_t escape[] = {'%', (uint8_t)hex[*p >> 4], (uint8_t)hex[*p & 15]};
    FRL_TRY(frl_buf_append(out, escape, sizeof escape));
  }
  return FRL_OK;
}

static int hex_value(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

frl_status frl_percent_decode(frl_buf *out, const void *text, size_t n) {
  const uint8_t *p = text;
  for (size_t i = 0; i < n; i++) {
    uint8_t byte = p[i];
    if (byte == '%' && n - i > 2 && hex_value(p[i + 1]) >= 0 &&
        hex_value(p[i + 2]) >= 0) {
      byte = (uint8_t)(hex_value(p[i + 1]) * 16 + hex_value(p[i + 2]));
      i += 2;
    }
    FRL_TRY(frl_buf_append_u8(out, byte ? byte : '?'));
  }
  return FRL_OK;
}

frl_status frl_rpc_base64_encode(frl_buf *out, const void *data, size_t n) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8_t *p = data;
  for (size_t i = 0; i < n; i += 3) {
    const size_t left = n - i;
    const uint32_t bits = (uint32_t)p[i] << 16 |
                          (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                          (left > 2 ? (uint32_t)p[i + 2] : 0);
    const size_t n_digits = left > 2 ? 4 : left + 1;
    for (size_t k = 0; k < n_digits; k++) {
      const uint32_t digit = bits >> (18 - 6 * k) & 63;
      FRL_TRY(frl_buf_append_u8(out, (uint8_t)digits[digit]));
    }
  }
  return FRL_OK;
}

static int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

frl_status frl_rpc_base64_decode(frl_buf *out, const void *text, size_t n) {
  const uint8_t *p = text;
  for (int pad = 0; pad < 2 && n > 0 && p[n - 1] == '='; pad++) n--;
  if (n % 4 == 1) return FRL_E_MALFORMED;
  uint32_t bits = 0;
  int n_bits = 0;
  for (size_t i = 0; i < n; i++) {
    const int value = base64_value(p[i]);
    if (value < 0) return FRL_E_MALFORMED;
    bits = bits << 6 | (uint32_t)value;
    n_bits += 6;
    if (n_bits < 8) continue;
    n_bits -= 8;
    FRL_TRY(frl_buf_append_u8(out, (uint8_t)(bits >> n_bits & 0xff)));
  }
  return FRL_OK;
}

void frl_timeout_format(char out[12], int64_t timeout_ms) {
  int64_t value = timeout_ms > 0 ? timeout_ms : 0;
  char unit = 'm';
  if (value == 0) {
    /* the smallest that is not "no time at all" by mistake */
    value = 1;
    unit = 'n';
  }
  if (value > 99999999) {
    value /= 1000;
    unit = 'S';
  }
  if (value > 99999999) {
    value = value / 3600 > 99999999 ? 99999999 : value / 3600;
    unit = 'H';
  }
  (void)snprintf(out, 12, "%d%c", (int)value, unit);
}

frl_status frl_timeout_parse(int64_t *ms, const void *text, size_t n) {
  const uint8_t *p = text;
  if (n < 2 || n > MAX_TIMEOUT_DIGITS + 1) return FRL_E_MALFORMED;
  int64_t value = 0;
  for (size_t i = 0; i + 1 < n; i++) {
    if (p[i] < '0' || p[i] > '9') return FRL_E_MALFORMED;
    value = value * 10 + (p[i] - '0');
  }
  switch (p[n - 1]) {
    case 'H':
      *ms = value * 3600 * 1000;
      return FRL_OK;
    case 'M':
      *ms = value * 60 * 1000;
      return FRL_OK;
    case 'S':
      *ms = value * 1000;
      return FRL_OK;
    case 'm':
      *ms = value;
      return FRL_OK;
    case 'u':
      *ms = (value + 999) / 1000;
      return FRL_OK;
    case 'n':
      *ms = (value + 999999) / 1000000;
      return FRL_OK;
    default:
      return FRL_E_MALFORMED;
  }
}

int32_t frl_code_from_http(int32_t http_status) {
  switch (http_status) {
    case 400:
      return FRL_GRPC_INTERNAL;
    case 401:
      return FRL_GRPC_UNAUTHENTICATED;
    case 403:
      return FRL_GRPC_PERMISSION_DENIED;
    case 404:
      return FRL_GRPC_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return FRL_GRPC_UNAVAILABLE;
    default:
      return FRL_GRPC_UNKNOWN;
  }
}

int32_t frl_code_from_h2(uint32_t h2_error) {
  switch (h2_error) {
    case FRL_H2_LOST:
    case FRL_H2_REFUSED_STREAM:
      return FRL_GRPC_UNAVAILABLE;
    case FRL_H2_CANCEL:
      return FRL_GRPC_CANCELLED;
    case FRL_H2_ENHANCE_YOUR_CALM:
      return FRL_GRPC_RESOURCE_EXHAUSTED;
    case FRL_H2_INADEQUATE_SECURITY:
      return FRL_GRPC_PERMISSION_DENIED;
    default:
      return FRL_GRPC_INTERNAL;
  }
}

int32_t frl_code_from_status(frl_status status) {
  switch (status) {
    case FRL_OK:
      return FRL_GRPC_OK;
    case FRL_E_INVALID:
    case FRL_E_TRUNCATED:
    case FRL_E_MALFORMED:
      return FRL_GRPC_INVALID_ARGUMENT;
    case FRL_E_LIMIT:
      return FRL_GRPC_RESOURCE_EXHAUSTED;
    case FRL_E_TIMEOUT:
      return FRL_GRPC_DEADLINE_EXCEEDED;
    case FRL_E_CANCELLED:
      return FRL_GRPC_CANCELLED;
    case FRL_E_NOT_FOUND:
      return FRL_GRPC_NOT_FOUND;
    case FRL_E_EXISTS:
      return FRL_GRPC_ALREADY_EXISTS;
    case FRL_E_AUTH:
      return FRL_GRPC_PERMISSION_DENIED;
    case FRL_E_CLOSED:
    case FRL_E_UNAVAILABLE:
      return FRL_GRPC_UNAVAILABLE;
    case FRL_E_UNSUPPORTED:
      return FRL_GRPC_UNIMPLEMENTED;
    case FRL_E_STATE:
      return FRL_GRPC_FAILED_PRECONDITION;
    default:
      return FRL_GRPC_INTERNAL;
  }
}

static bool is_bin(const char *name, size_t n) {
  return n >= 4 && memcmp(name + n - 4, "-bin", 4) == 0;
}

bool frl_metadata_name_is_free(const char *name) {
  static const char *const own[] = {
      "content-type", "te", "user-agent", "connection", "host"};
  if (*name == '\0' || strncmp(name, "grpc-", 5) == 0) return false;
  for (const char *p = name; *p; p++) {
    const bool fine = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
                      *p == '-' || *p == '_' || *p == '.';
    if (!fine) return false;
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    if (strcmp(name, own[i]) == 0) return false;
  }
  return true;
}

static frl_status receive_part(frl_metadata *md, const frl_mem *mem, const char *name,
    const char *text, size_t n, bool bin) {
  if (!bin) return frl_metadata_add(md, mem, name, text, n);
  frl_buf bytes;
  frl_buf_init(&bytes, mem, n + 1);
  frl_status st = frl_rpc_base64_decode(&bytes, text, n);
  if (st == FRL_OK) st = frl_metadata_add(md, mem, name, bytes.data, bytes.len);
  frl_buf_deinit(&bytes);
  return st;
}

frl_status frl_metadata_receive(
    frl_metadata *md, const frl_mem *mem, const frl_h2_field *field) {
  char name[MAX_NAME_BYTES];
  if (field->name_len >= sizeof name) return FRL_E_LIMIT;
  memcpy(name, field->name, field->name_len);
  name[field->name_len] = '\0';
  const bool bin = is_bin(name, field->name_len);
  const char *at = field->value;
  size_t left = field->value_len;
  /* a list of binary values may have been joined by a comma on the way */
  for (;;) {
    const char *comma = bin && left ? memchr(at, ',', left) : NULL;
    const size_t n = comma ? (size_t)(comma - at) : left;
    FRL_TRY(receive_part(md, mem, name, at, n, bin));
    if (!comma) return FRL_OK;
    at = comma + 1;
    left -= n + 1;
  }
}

frl_status frl_metadata_to_fields(const frl_metadata *md, frl_h2_field *fields,
    size_t *n, size_t n_max, frl_buf *scratch) {
  size_t coded = 0;
  for (size_t i = 0; md && i < md->len; i++)
    coded += md->items[i].value_len / 3 * 4 + 4;
  FRL_TRY(frl_buf_reserve(scratch, coded + 1));
  for (size_t i = 0; md && i < md->len; i++) {
    const frl_metadata_item *item = &md->items[i];
    if (*n == n_max) return FRL_E_LIMIT;
    frl_h2_field *f = &fields[*n];
    *f = (frl_h2_field){item->name, strlen(item->name), item->value, item->value_len};
    if (is_bin(f->name, f->name_len)) {
      const size_t from = scratch->len;
      FRL_TRY(frl_rpc_base64_encode(scratch, item->value, item->value_len));
      f->value = scratch->data + from;
      f->value_len = scratch->len - from;
    }
    ++*n;
  }
  return FRL_OK;
}
