#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "arrow/ipc_io.h"
#include "arrow/ipc_message.h"
#include "arrow/nano.h"
#include "arrow/pool.h"
#include "base/buf.h"
#include "base/mem.h"

enum {
  PREFIX_BYTES = 8,
  MAX_HEADER_BYTES = 64 << 20,
  FIRST_READ_BYTES = 1 << 20, /* no more is set aside before it has arrived */
  POOL_IDLE_BYTES = 64 << 20
};

static const size_t default_max_bytes = (size_t)2 << 30;
static const uint8_t marker[] = {0xff, 0xff, 0xff, 0xff}; /* before each message */
static const char magic[] = "ARROW1"; /* padded to 8 bytes at the front */

struct frl_ipc_reader {
  frl_mem mem;
  frl_ipc_source source;
  frl_pool *pool;
  size_t max_bytes;
  struct ArrowIpcDecoder decoder;
  struct ArrowIpcDictionaries dictionaries;
  struct ArrowIpcDictionaryEncodings encodings; /* point into schema */
  struct ArrowSchema schema;
  frl_buf header; /* the message under way, with its prefix */
  int64_t n_batches;
  bool file_format;
  bool pushed_back; /* the first prefix was read to see which format it is */
  bool ended;
  bool broken;
};

static struct ArrowBufferView header_view(const frl_ipc_reader *r) {
  struct ArrowBufferView view;
  view.data.as_uint8 = r->header.data;
  view.size_bytes = (int64_t)r->header.len;
  return view;
}

static frl_status nano(
    int code, const struct ArrowError *said, const char *what, frl_error *err) {
  return frl_nano_status(code, said, what, FRL_E_MALFORMED, err);
}

/** Appends n bytes to the header; FRL_E_TRUNCATED. */
static frl_status read_header_bytes(frl_ipc_reader *r, size_t n, frl_error *err) {
  while (n > 0) {
    const size_t piece = n < FIRST_READ_BYTES ? n : FIRST_READ_BYTES;
    size_t got;
    const frl_status st = frl_buf_reserve(&r->header, piece);
    if (st != FRL_OK) return frl_fail(err, st, "IPC: no room for a header");
    FRL_TRY(frl_ipc_source_read(
        &r->source, r->header.data + r->header.len, piece, &got, err));
    r->header.len += got;
    if (got < piece) return frl_fail(err, FRL_E_TRUNCATED, "IPC: cut off in a header");
    n -= piece;
  }
  return FRL_OK;
}

/** The 8 bytes before a message. FRL_END: no more messages. */
static frl_status read_prefix(frl_ipc_reader *r, frl_error *err) {
  if (r->pushed_back) {
    r->pushed_back = false;
    return FRL_OK;
  }
  size_t got;
  frl_buf_clear(&r->header);
  if (frl_buf_reserve(&r->header, PREFIX_BYTES) != FRL_OK) {
    return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  }
  FRL_TRY(frl_ipc_source_read(&r->source, r->header.data, PREFIX_BYTES, &got, err));
  r->header.len = got;
  if (got == 0 && !r->file_format) return FRL_END;
  if (got < PREFIX_BYTES) {
    return frl_fail(err, FRL_E_TRUNCATED, "IPC: cut off before a message");
  }
  return FRL_OK;
}

static frl_status read_header(frl_ipc_reader *r, frl_error *err) {
  FRL_TRY(read_prefix(r, err));
  const uint8_t *p = r->header.data;
  const uint32_t size =
      p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
  if (memcmp(p, marker, sizeof marker) != 0) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: no message where one should begin");
  }
  if (size == 0) return FRL_END;
  if (size > MAX_HEADER_BYTES - PREFIX_BYTES) {
    return frl_fail(err, FRL_E_LIMIT, "IPC: a header of %" PRIu32 " bytes", size);
  }
  FRL_TRY(read_header_bytes(r, size, err));
  struct ArrowError said = {{0}};
  int code = ArrowIpcDecoderVerifyHeader(&r->decoder, header_view(r), &said);
  /* what is short here is the header's own claim */
  FRL_TRY(nano(code == ESPIPE ? EINVAL : code, &said, "IPC header", err));
  FRL_TRY(frl_ipc_check_message(r->header.data + PREFIX_BYTES, err));
  code = ArrowIpcDecoderDecodeHeader(&r->decoder, header_view(r), &said);
  return nano(code, &said, "IPC header", err);
}

/** Where a body's memory goes back to when the last array over it is released. */
typedef struct body_owner {
  frl_pool *pool;
  frl_pool_buf buf;
} body_owner;

static void body_free(struct ArrowBufferAllocator *allocator, uint8_t *ptr, int64_t n) {
  (void)ptr;
  (void)n;
  body_owner *owner = allocator->private_data;
  frl_pool *pool = frl_pool_ref(owner->pool);
  frl_pool_put(pool, &owner->buf);
  frl_free(frl_pool_mem(pool), owner);
  frl_pool_unref(pool); /* for the moment */
  frl_pool_unref(pool); /* the owner's */
}

/** Reads n bytes, without believing in them before they have come. */
static frl_status read_body_bytes(
    frl_ipc_reader *r, frl_pool_buf *buf, size_t n, frl_error *err) {
  if (r->source.knows_left && n > r->source.left) {
    return frl_fail(err, FRL_E_TRUNCATED, "IPC: cut off in a batch");
  }
  size_t have = 0;
  size_t room = r->source.knows_left || n < FIRST_READ_BYTES ? n : FIRST_READ_BYTES;
  while (have < n) {
    size_t got;
    if (frl_pool_grow(r->pool, buf, have, room) != FRL_OK) {
      return frl_fail(err, FRL_E_NOMEM, "IPC: no memory for a batch of %zu bytes", n);
    }
    FRL_TRY(frl_ipc_source_read(&r->source, buf->data + have, room - have, &got, err));
    if (got < room - have) {
      return frl_fail(err, FRL_E_TRUNCATED, "IPC: cut off in a batch");
    }
    have = room;
    room = n - have < have ? n : have * 2;
  }
  return FRL_OK;
}

/** The body as an ArrowBuffer that gives its memory back to the pool. */
static frl_status read_body(
    frl_ipc_reader *r, struct ArrowBuffer *out, frl_error *err) {
  ArrowBufferInit(out);
  const int64_t size = r->decoder.body_size_bytes;
  if (size < 0) return frl_fail(err, FRL_E_MALFORMED, "IPC: a negative body size");
  if ((uint64_t)size > r->max_bytes) {
    return frl_fail(err, FRL_E_LIMIT, "IPC: a batch of %" PRId64 " bytes, above %zu",
        size, r->max_bytes);
  }
  if (size == 0) return FRL_OK;
  body_owner *owner = frl_calloc(&r->mem, 1, sizeof *owner);
  if (!owner) return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  owner->pool = frl_pool_ref(r->pool);
  out->allocator = ArrowBufferDeallocator(body_free, owner);
  const frl_status st = read_body_bytes(r, &owner->buf, (size_t)size, err);
  if (st != FRL_OK) {
    body_free(&out->allocator, NULL, 0);
    ArrowBufferInit(out);
    return st;
  }
  out->data = owner->buf.data;
  out->size_bytes = size;
  out->capacity_bytes = size;
  return FRL_OK;
}

/** Whether arrays of the type begin with a validity bitmap. */
static bool has_validity(const struct ArrowSchema *schema) {
  const char *format = schema->format;
  return format[0] != 'n' && strncmp(format, "+u", 2) != 0 && strcmp(format, "+r") != 0;
}

/** A message's null counts are claims; those of an array are relied upon. */
static void count_nulls(const struct ArrowSchema *schema, struct ArrowArray *array) {
  if (!has_validity(schema)) {
    array->null_count = schema->format[0] == 'n' ? array->length : 0;
  } else if (!array->buffers || !array->buffers[0]) {
    array->null_count = 0;
  } else {
    array->null_count = array->length - ArrowBitCountSet(array->buffers[0],
                                            array->offset, array->length);
  }
  for (int64_t i = 0; i < array->n_children; i++) {
    count_nulls(schema->children[i], array->children[i]);
  }
  if (array->dictionary) count_nulls(schema->dictionary, array->dictionary);
}

/** out NULL: a dictionary batch, which is kept. */
static frl_status decode(frl_ipc_reader *r, struct ArrowBuffer *body,
    struct ArrowArray *out, frl_error *err) {
  struct ArrowError said = {{0}};
  struct ArrowBuffer shared;
  int code = ArrowSharedBufferInit(&shared, body);
  if (code == 0 && out) {
    code = ArrowIpcDecoderDecodeArrayFromSharedWithDictionaries(&r->decoder, &shared,
        -1, &r->dictionaries, out, NANOARROW_VALIDATION_LEVEL_FULL, &said);
    ArrowBufferReset(&shared);
  } else if (code == 0) {
    code = ArrowIpcDecoderDecodeDictionaryFromShared(
        &r->decoder, &shared, NANOARROW_VALIDATION_LEVEL_FULL, &r->dictionaries, &said);
    ArrowBufferReset(&shared);
  }
  return nano(code, &said, "IPC batch", err);
}

/** What the dictionary batch just announced must consist of. */
static frl_status dictionary_counts(
    frl_ipc_reader *r, frl_ipc_counts *out, frl_error *err) {
  const struct ArrowIpcDictionaryEncoding *found =
      ArrowIpcDictionaryEncodingsFindById(&r->encodings, r->decoder.dictionary->id);
  if (!found || !found->schema->dictionary) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: a dictionary that no field has");
  }
  *out = (frl_ipc_counts){0};
  frl_ipc_count(out, found->schema->dictionary);
  return FRL_OK;
}

static frl_status read_batch(
    frl_ipc_reader *r, struct ArrowArray *out, frl_error *err) {
  struct ArrowBuffer body;
  frl_ipc_counts expected;
  if (!out) FRL_TRY(dictionary_counts(r, &expected, err));
  FRL_TRY(read_body(r, &body, err));
  frl_status st = frl_ipc_check_batch(r->header.data + PREFIX_BYTES, body.data,
      (size_t)body.size_bytes, r->max_bytes, out ? NULL : &expected, err);
  struct ArrowArray batch = {0};
  if (st == FRL_OK) st = decode(r, &body, out ? &batch : NULL, err);
  ArrowBufferReset(&body);
  if (st != FRL_OK) {
    frl_array_release(&batch);
    return st;
  }
  if (!out) return FRL_OK;
  count_nulls(&r->schema, &batch);
  *out = batch;
  r->n_batches++;
  return FRL_OK;
}

/** What follows the messages of a file, and whether it agrees with them. */
static frl_status read_footer(frl_ipc_reader *r, frl_error *err) {
  enum { TAIL_BYTES = 4 + sizeof magic - 1 };
  frl_buf_clear(&r->header);
  for (;;) {
    size_t got;
    const frl_status st = frl_buf_reserve(&r->header, FIRST_READ_BYTES);
    if (st != FRL_OK) return frl_fail(err, st, "IPC: no room for the footer");
    FRL_TRY(frl_ipc_source_read(
        &r->source, r->header.data + r->header.len, FIRST_READ_BYTES, &got, err));
    r->header.len += got;
    if (got < FIRST_READ_BYTES) break;
  }
  if (r->header.len < TAIL_BYTES ||
      memcmp(r->header.data + r->header.len - (sizeof magic - 1), magic,
          sizeof magic - 1) != 0) {
    return frl_fail(err, FRL_E_TRUNCATED, "IPC: cut off before the end of the footer");
  }
  struct ArrowError said = {{0}};
  int code = ArrowIpcDecoderVerifyFooter(&r->decoder, header_view(r), &said);
  FRL_TRY(nano(code == ESPIPE ? EINVAL : code, &said, "IPC footer", err));
  if ((size_t)r->decoder.header_size_bytes + TAIL_BYTES != r->header.len) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: bytes between the end and the footer");
  }
  FRL_TRY(frl_ipc_check_footer(r->header.data, err));
  code = ArrowIpcDecoderDecodeFooter(&r->decoder, header_view(r), &said);
  FRL_TRY(nano(code, &said, "IPC footer", err));
  const int64_t listed = r->decoder.footer->record_batch_blocks.size_bytes /
                         (int64_t)sizeof(struct ArrowIpcFileBlock);
  if (listed == r->n_batches) return FRL_OK;
  return frl_fail(err, FRL_E_MALFORMED,
      "IPC: the footer lists %" PRId64 " batches, %" PRId64 " were there", listed,
      r->n_batches);
}

static frl_status next(frl_ipc_reader *r, struct ArrowArray *out, frl_error *err) {
  for (;;) {
    const frl_status st = read_header(r, err);
    if (st == FRL_END) {
      r->ended = true;
      if (r->file_format) FRL_TRY(read_footer(r, err));
      return FRL_END;
    }
    FRL_TRY(st);
    switch (r->decoder.message_type) {
      case NANOARROW_IPC_MESSAGE_TYPE_RECORD_BATCH:
        return read_batch(r, out, err);
      case NANOARROW_IPC_MESSAGE_TYPE_DICTIONARY_BATCH:
        FRL_TRY(read_batch(r, NULL, err));
        break;
      default:
        return frl_fail(err, FRL_E_MALFORMED, "IPC: a message that is no batch");
    }
  }
}

frl_status frl_ipc_reader_next(
    frl_ipc_reader *r, struct ArrowArray *out, frl_error *err) {
  *out = (struct ArrowArray){0};
  if (r->broken) return frl_fail(err, FRL_E_STATE, "IPC: failed before");
  if (r->ended) return FRL_END;
  const frl_status st = next(r, out, err);
  r->broken = st != FRL_OK && st != FRL_END;
  return st;
}

/** Gives the decoder the schema it has just read. */
static frl_status take_schema(frl_ipc_reader *r, frl_error *err) {
  struct ArrowError said = {{0}};
  int code = ArrowIpcDecoderSetEndianness(&r->decoder, r->decoder.endianness);
  if (code != 0) return nano(code, &said, "IPC schema", err);
  code = ArrowIpcDecoderDecodeSchemaWithDictionaries(
      &r->decoder, &r->schema, &r->encodings, &said);
  if (code != 0) return nano(code, &said, "IPC schema", err);
  code = ArrowIpcDictionariesInit(&r->dictionaries, &r->encodings, &said);
  if (code == 0) {
    code = ArrowIpcDecoderSetSchemaWithDictionaries(
        &r->decoder, &r->schema, &r->encodings, &said);
  }
  return nano(code, &said, "IPC schema", err);
}

static frl_status begin(frl_ipc_reader *r, frl_error *err) {
  FRL_TRY(frl_pool_create(&r->pool, &r->mem, POOL_IDLE_BYTES, err));
  if (ArrowIpcDecoderInit(&r->decoder) != 0) {
    return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  }
  frl_status st = read_prefix(r, err);
  if (st == FRL_END) return frl_fail(err, FRL_E_TRUNCATED, "IPC: the input is empty");
  FRL_TRY(st);
  r->file_format = memcmp(r->header.data, magic, sizeof magic) == 0;
  r->pushed_back = !r->file_format;
  if (!r->file_format && memcmp(r->header.data, marker, sizeof marker) != 0) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: neither an Arrow stream nor a file");
  }
  st = read_header(r, err);
  if (st == FRL_END ||
      (st == FRL_OK && r->decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_SCHEMA)) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: it does not begin with a schema");
  }
  FRL_TRY(st);
  return take_schema(r, err);
}

/** Takes the source, also on failure. */
static frl_status reader_new(frl_ipc_reader **out, frl_ipc_source source,
    const frl_ipc_reader_options *options, frl_error *err) {
  const frl_mem *mem = options ? options->mem : NULL;
  frl_ipc_reader *r = frl_calloc(mem, 1, sizeof *r);
  if (!r) {
    frl_ipc_source_deinit(&source);
    return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  }
  r->mem = mem ? *mem : frl_mem_default;
  r->source = source;
  r->max_bytes = options && options->max_message_bytes ? options->max_message_bytes
                                                       : default_max_bytes;
  ArrowIpcDictionaryEncodingsInit(&r->encodings);
  frl_buf_init(&r->header, mem, MAX_HEADER_BYTES);
  const frl_status st = begin(r, err);
  if (st != FRL_OK) {
    frl_ipc_reader_destroy(r);
    return st;
  }
  *out = r;
  return FRL_OK;
}

frl_status frl_ipc_reader_open(frl_ipc_reader **out, const char *path,
    const frl_ipc_reader_options *options, frl_error *err) {
  *out = NULL;
  frl_ipc_source source;
  FRL_TRY(frl_ipc_source_open(&source, path, err));
  return reader_new(out, source, options, err);
}

frl_status frl_ipc_reader_open_fd(frl_ipc_reader **out, int fd,
    const frl_ipc_reader_options *options, frl_error *err) {
  *out = NULL;
  frl_ipc_source source;
  frl_ipc_source_of_fd(&source, fd);
  return reader_new(out, source, options, err);
}

frl_status frl_ipc_reader_open_fn(frl_ipc_reader **out, frl_ipc_read_fn read, void *ctx,
    const frl_ipc_reader_options *options, frl_error *err) {
  *out = NULL;
  const frl_ipc_source source = {.read = read, .ctx = ctx, .fd = -1};
  return reader_new(out, source, options, err);
}

frl_status frl_ipc_reader_open_bytes(frl_ipc_reader **out, const void *data, size_t n,
    const frl_ipc_reader_options *options, frl_error *err) {
  *out = NULL;
  const frl_ipc_source source = {
      .fd = -1, .bytes = data, .knows_left = true, .left = n};
  return reader_new(out, source, options, err);
}

const struct ArrowSchema *frl_ipc_reader_schema(const frl_ipc_reader *r) {
  return &r->schema;
}

void frl_ipc_reader_destroy(frl_ipc_reader *r) {
  if (!r) return;
  frl_ipc_source_deinit(&r->source);
  if (r->decoder.private_data) ArrowIpcDecoderReset(&r->decoder);
  ArrowIpcDictionaryEncodingsReset(&r->encodings);
  if (r->dictionaries.private_data) ArrowIpcDictionariesReset(&r->dictionaries);
  frl_schema_release(&r->schema);
  frl_buf_deinit(&r->header);
  frl_pool_unref(r->pool);
  const frl_mem mem = r->mem;
  frl_free(&mem, r);
}
