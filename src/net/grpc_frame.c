#include "net/grpc_frame.h"

#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/mem.h"

enum {
  INFLATE_BYTES = 32 * 1024,
  GZIP_WINDOW = 15 + 16, /* zlib: 32 KiB window, gzip wrapping */
  GZIP_LEVEL = 1,        /* speed: the link is faster than level 6 */
  GZIP_MEMORY = 8
};

typedef struct frl_inflater {
  z_stream z;
  bool ended;
  uint8_t out[INFLATE_BYTES];
} frl_inflater;

static void *z_alloc(void *ctx, unsigned n, unsigned size) {
  return frl_reallocarray(ctx, NULL, n, size);
}

static void z_free(void *ctx, void *ptr) { frl_free(ctx, ptr); }

void frl_deframer_init(frl_deframer *d, const frl_message_sink *sink, void *ctx,
    uint32_t max_message_bytes, const frl_mem *mem) {
  *d = (frl_deframer){.sink = *sink,
      .ctx = ctx,
      .mem = mem ? *mem : frl_mem_default,
      .max_message_bytes = max_message_bytes};
}

void frl_deframer_deinit(frl_deframer *d) {
  if (!d->inflater) return;
  (void)inflateEnd(&d->inflater->z);
  frl_free(&d->mem, d->inflater);
  d->inflater = NULL;
}

bool frl_deframer_is_between(const frl_deframer *d) {
  return !d->in_message && d->prefix_len == 0;
}

static frl_status ready_inflater(frl_deframer *d) {
  if (d->inflater) {
    d->inflater->ended = false;
    return inflateReset(&d->inflater->z) == Z_OK ? FRL_OK : FRL_E_STATE;
  }
  frl_inflater *in = frl_calloc(&d->mem, 1, sizeof *in);
  if (!in) return FRL_E_NOMEM;
  in->z.zalloc = z_alloc;
  in->z.zfree = z_free;
  in->z.opaque = &d->mem;
  if (inflateInit2(&in->z, GZIP_WINDOW) != Z_OK) {
    frl_free(&d->mem, in);
    return FRL_E_NOMEM;
  }
  d->inflater = in;
  return FRL_OK;
}

static frl_status too_long(const frl_deframer *d, uint64_t n, frl_error *err) {
  return frl_fail(err, FRL_E_LIMIT,
      "message of %llu bytes is larger than the limit of %u", (unsigned long long)n,
      d->max_message_bytes);
}

static frl_status begin_message(frl_deframer *d, frl_error *err) {
  const uint8_t *p = d->prefix;
  if (p[0] > 1) {
    return frl_fail(err, FRL_E_MALFORMED, "message prefix begins with %u", p[0]);
  }
  d->compressed = p[0] == 1;
  if (d->compressed && !d->gzip) {
    return frl_fail(err, FRL_E_UNSUPPORTED, "compressed message without grpc-encoding");
  }
  d->left = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
  if (d->left > d->max_message_bytes) return too_long(d, d->left, err);
  d->prefix_len = 0;
  d->in_message = true;
  d->inflated = 0;
  d->wire = 0;
  if (d->compressed) {
    const frl_status st = ready_inflater(d);
    if (st != FRL_OK) return frl_fail(err, st, "cannot start to decompress");
  }
  return d->sink.on_begin ? d->sink.on_begin(d->ctx) : FRL_OK;
}

static frl_status inflate_some(
    frl_deframer *d, const uint8_t *data, size_t n, frl_error *err) {
  frl_inflater *in = d->inflater;
  in->z.next_in = (z_const Bytef *)(uintptr_t)data;
  in->z.avail_in = (uInt)n;
  int rc = Z_OK;
  do {
    if (in->ended) {
      if (in->z.avail_in == 0) break;
      return frl_fail(err, FRL_E_MALFORMED, "bytes behind the gzip data of a message");
    }
    in->z.next_out = in->out;
    in->z.avail_out = sizeof in->out;
    rc = inflate(&in->z, Z_NO_FLUSH);
    if (rc == Z_MEM_ERROR) return frl_fail(err, FRL_E_NOMEM, "cannot decompress");
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
      return frl_fail(err, FRL_E_MALFORMED, "broken gzip data in a message");
    }
    in->ended = rc == Z_STREAM_END;
    const size_t got = sizeof in->out - in->z.avail_out;
    if (got > d->max_message_bytes - d->inflated) {
      return too_long(d, (uint64_t)d->inflated + got, err);
    }
    d->inflated += (uint32_t)got;
    if (got > 0) FRL_TRY(d->sink.on_data(d->ctx, in->out, got));
  } while (in->z.avail_in > 0 || in->z.avail_out == 0);
  return FRL_OK;
}

static frl_status end_message(frl_deframer *d, frl_error *err) {
  /* an empty message may be flagged as compressed by some, with no bytes at all */
  if (d->compressed && !d->inflater->ended && d->wire > 0) {
    return frl_fail(err, FRL_E_MALFORMED, "gzip data of a message ends too early");
  }
  d->in_message = false;
  if (d->wire > d->inflated) d->surplus_bytes += d->wire - d->inflated;
  return d->sink.on_end(d->ctx);
}

static frl_status message_bytes(
    frl_deframer *d, const uint8_t *data, size_t n, frl_error *err) {
  d->left -= (uint32_t)n;
  d->wire += (uint32_t)n;
  d->payload_bytes += n;
  if (d->compressed) return inflate_some(d, data, n, err);
  d->inflated += (uint32_t)n;
  return d->sink.on_data(d->ctx, data, n);
}

frl_status frl_deframer_feed(
    frl_deframer *d, const uint8_t *data, size_t n, frl_error *err) {
  while (n > 0 || (d->in_message && d->left == 0)) {
    if (!d->in_message) {
      d->prefix[d->prefix_len++] = *data++;
      n--;
      if (d->prefix_len == sizeof d->prefix) FRL_TRY(begin_message(d, err));
      continue;
    }
    const size_t k = n < d->left ? n : d->left;
    if (k > 0) FRL_TRY(message_bytes(d, data, k, err));
    data += k;
    n -= k;
    if (d->left == 0) FRL_TRY(end_message(d, err));
  }
  return FRL_OK;
}

static frl_status deflate_all(
    z_stream *z, const frl_chain *in, uint8_t *out, size_t cap) {
  z->next_out = out;
  z->avail_out = (uInt)cap;
  for (size_t i = 0; i < in->n_slices; i++) {
    z->next_in = (z_const Bytef *)(uintptr_t)in->slices[i].data;
    z->avail_in = (uInt)in->slices[i].len;
    while (z->avail_in > 0) {
      if (deflate(z, Z_NO_FLUSH) != Z_OK) return FRL_E_STATE;
    }
  }
  return deflate(z, Z_FINISH) == Z_STREAM_END ? FRL_OK : FRL_E_STATE;
}

typedef struct gzip_bytes {
  frl_mem mem;
  uint8_t data[];
} gzip_bytes;

static void release_gzip(void *owner) {
  gzip_bytes *bytes = owner;
  const frl_mem mem = bytes->mem;
  frl_free(&mem, bytes);
}

static frl_status gzip_into(frl_chain *out, const frl_chain *in, const frl_mem *mem) {
  frl_mem copy = mem ? *mem : frl_mem_default;
  z_stream z = {.zalloc = z_alloc, .zfree = z_free, .opaque = &copy};
  const int rc = deflateInit2(
      &z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY);
  if (rc != Z_OK) return FRL_E_NOMEM;
  const size_t cap = deflateBound(&z, (uLong)in->bytes);
  gzip_bytes *bytes = frl_malloc(mem, sizeof *bytes + cap);
  frl_status st = bytes ? deflate_all(&z, in, bytes->data, cap) : FRL_E_NOMEM;
  if (st == FRL_OK) {
    bytes->mem = copy;
    st = frl_chain_push(
        out, (frl_slice){bytes->data, (size_t)z.total_out, release_gzip, bytes});
  }
  if (st != FRL_OK) frl_free(mem, bytes);
  (void)deflateEnd(&z);
  return st;
}

frl_status frl_chain_gzip(frl_chain *chain, const frl_mem *mem) {
  if (chain->bytes > UINT32_MAX / 2) return FRL_E_LIMIT;
  frl_chain out;
  frl_chain_init(&out, mem);
  const frl_status st = gzip_into(&out, chain, mem);
  if (st != FRL_OK) {
    frl_chain_deinit(&out);
    return st;
  }
  frl_chain_deinit(chain);
  frl_chain_move(chain, &out);
  return FRL_OK;
}
