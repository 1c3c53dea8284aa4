#include "pull_output.h"

#include <errno.h>
#include <fcntl.h>
#include <ferrule/pubsub.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "error_context.h"
#include "nanoarrow/nanoarrow.h"
#include "yyjson.h"

/* Children of a batch with FRL_PUBSUB_DEFAULT_COLUMNS, in their order. */
enum { COL_ID, COL_TIME, COL_PAYLOAD, COL_ATTRIBUTES, COL_KEY };

typedef struct text_view {
  const char *data;
  size_t len;
} text_view;

static text_view text_at(const struct ArrowArray *a, int64_t row) {
  const int32_t *offsets = (const int32_t *)a->buffers[1] + a->offset;
  const char *data = a->buffers[2];
  return (text_view){
      data ? data + offsets[row] : "", (size_t)(offsets[row + 1] - offsets[row])};
}

static bool is_null(const struct ArrowArray *a, int64_t row) {
  return a->null_count != 0 && a->buffers[0] &&
         !ArrowBitGet(a->buffers[0], a->offset + row);
}

unsigned pull_columns(pull_format format) {
  return format == PULL_TEXT ? FRL_PUBSUB_PAYLOAD : FRL_PUBSUB_DEFAULT_COLUMNS;
}

static frl_status write_failed(const pull_output *o, frl_error *err) {
  (void)snprintf(
      err->message, sizeof err->message, "writing %s: %s", o->path, strerror(errno));
  return FRL_E_IO;
}

static bool write_text(const pull_output *o, const struct ArrowArray *batch) {
  const struct ArrowArray *payload = batch->children[0];
  for (int64_t i = 0; i < batch->length; i++) {
    const text_view t = text_at(payload, batch->offset + i);
    if (fwrite(t.data, 1, t.len, o->file) != t.len) return false;
    if (putc('\n', o->file) == EOF) return false;
  }
  return true;
}

static yyjson_mut_val *attributes_object(
    yyjson_mut_doc *doc, const struct ArrowArray *map, int64_t row) {
  yyjson_mut_val *object = yyjson_mut_obj(doc);
  const int32_t *offsets = (const int32_t *)map->buffers[1] + map->offset;
  const struct ArrowArray *entries = map->children[0];
  for (int32_t i = offsets[row]; i < offsets[row + 1]; i++) {
    const text_view k = text_at(entries->children[0], entries->offset + i);
    const text_view v = text_at(entries->children[1], entries->offset + i);
    (void)yyjson_mut_obj_add(object, yyjson_mut_strn(doc, k.data, k.len),
        yyjson_mut_strn(doc, v.data, v.len));
  }
  return object;
}

static yyjson_mut_val *time_text(yyjson_mut_doc *doc, int64_t us) {
  const time_t seconds = (time_t)((us - (us % 1000000 + 1000000) % 1000000) / 1000000);
  struct tm utc;
  char text[64];
  if (!gmtime_r(&seconds, &utc)) return yyjson_mut_null(doc);
  const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  (void)snprintf(
      text + n, sizeof text - n, ".%06dZ", (int)((us % 1000000 + 1000000) % 1000000));
  return yyjson_mut_strcpy(doc, text);
}

static yyjson_mut_val *base64(yyjson_mut_doc *doc, text_view t) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *out = malloc((t.len + 2) / 3 * 4 + 1);
  if (!out) return NULL;
  size_t at = 0;
  for (size_t i = 0; i < t.len; i += 3) {
    const size_t left = t.len - i;
    const unsigned a = (unsigned char)t.data[i];
    const unsigned b = left > 1 ? (unsigned char)t.data[i + 1] : 0;
    const unsigned c = left > 2 ? (unsigned char)t.data[i + 2] : 0;
    const unsigned bits = a << 16 | b << 8 | c;
    out[at++] = digits[bits >> 18];
    out[at++] = digits[bits >> 12 & 63];
    out[at++] = left > 1 ? digits[bits >> 6 & 63] : '=';
    out[at++] = left > 2 ? digits[bits & 63] : '=';
  }
  yyjson_mut_val *value = yyjson_mut_strncpy(doc, out, at);
  free(out);
  return value;
}

static yyjson_mut_val *message_object(
    yyjson_mut_doc *doc, const struct ArrowArray *batch, int64_t row) {
  struct ArrowArray *const *c = batch->children;
  yyjson_mut_val *object = yyjson_mut_obj(doc);
  const text_view id = text_at(c[COL_ID], row);
  (void)yyjson_mut_obj_add_strn(doc, object, "message_id", id.data, id.len);
  const int64_t *times = (const int64_t *)c[COL_TIME]->buffers[1] + c[COL_TIME]->offset;
  (void)yyjson_mut_obj_add_val(doc, object, "publish_time", time_text(doc, times[row]));
  const text_view data = text_at(c[COL_PAYLOAD], row);
  yyjson_mut_val *text = yyjson_mut_strn(doc, data.data, data.len);
  /* the writer refuses what is not UTF-8: that is the test for it */
  size_t n = 0;
  char *probe = yyjson_mut_val_write(text, 0, &n);
  if (probe) {
    free(probe);
    (void)yyjson_mut_obj_add_val(doc, object, "data", text);
  } else {
    (void)yyjson_mut_obj_add_val(doc, object, "data_base64", base64(doc, data));
  }
  (void)yyjson_mut_obj_add_val(
      doc, object, "attributes", attributes_object(doc, c[COL_ATTRIBUTES], row));
  if (!is_null(c[COL_KEY], row)) {
    const text_view key = text_at(c[COL_KEY], row);
    (void)yyjson_mut_obj_add_strn(doc, object, "ordering_key", key.data, key.len);
  }
  return object;
}

static bool write_jsonl(const pull_output *o, const struct ArrowArray *batch) {
  for (int64_t i = 0; i < batch->length; i++) {
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    if (!doc) return false;
    yyjson_mut_doc_set_root(doc, message_object(doc, batch, batch->offset + i));
    size_t n = 0;
    char *text = yyjson_mut_write(doc, 0, &n);
    const bool ok =
        text && fwrite(text, 1, n, o->file) == n && putc('\n', o->file) != EOF;
    free(text);
    yyjson_mut_doc_free(doc);
    if (!ok) return false;
  }
  return true;
}

frl_status pull_output_open(
    pull_output *o, pull_format format, const char *path, frl_error *err) {
  *o = (pull_output){.format = format, .path = path};
  if (strcmp(path, "-") == 0) {
    o->path = "standard output";
    o->file = stdout;
    return FRL_OK;
  }
  const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0) o->file = fdopen(fd, "wb");
  if (o->file) return FRL_OK;
  const frl_status st = write_failed(o, err);
  if (fd >= 0) (void)close(fd);
  return st;
}

/* What the IPC writer says, with the name of where it wrote. */
static frl_status name_output(const pull_output *o, frl_status st, frl_error *err) {
  if (st == FRL_OK) return st;
  cli_error_before(err, st, "writing %.200s", o->path);
  return st;
}

frl_status pull_output_begin(
    pull_output *o, const struct ArrowSchema *schema, frl_error *err) {
  struct stat is;
  const int fd = fileno(o->file);
  const bool a_file = o->file != stdout && fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
  if (a_file && ftruncate(fd, 0) != 0) return write_failed(o, err);
  if (o->format != PULL_ARROW) return FRL_OK;
  return name_output(o, frl_ipc_writer_open_fd(&o->ipc, fd, schema, NULL, err), err);
}

frl_status pull_output_write(
    pull_output *o, const struct ArrowArray *batch, frl_error *err) {
  if (o->format == PULL_ARROW) {
    frl_status st = frl_ipc_writer_write(o->ipc, batch, err);
    /* what is acked next must not wait here for more */
    if (st == FRL_OK) st = frl_ipc_writer_flush(o->ipc, err);
    return name_output(o, st, err);
  }
  errno = 0;
  const bool ok = o->format == PULL_TEXT ? write_text(o, batch) : write_jsonl(o, batch);
  if (!ok || fflush(o->file) != 0) return write_failed(o, err);
  return FRL_OK;
}

frl_status pull_output_close(pull_output *o, frl_error *err) {
  frl_status st = FRL_OK;
  if (o->ipc) st = name_output(o, frl_ipc_writer_finish(o->ipc, err), err);
  frl_ipc_writer_destroy(o->ipc);
  o->ipc = NULL;
  if (o->file && o->file != stdout && fclose(o->file) != 0 && st == FRL_OK) {
    st = write_failed(o, err);
  }
  o->file = NULL;
  return st;
}
