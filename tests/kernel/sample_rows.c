#include "sample_rows.h"

#include <stdlib.h>
#include <string.h>

static uint64_t draw(sampler *s) {
  s->state ^= s->state << 13;
  s->state ^= s->state >> 7;
  s->state ^= s->state << 17;
  return s->state;
}

static bool null(sampler *s) { return draw(s) % 100 < s->null_percent; }

static void *room(sampler *s, int64_t n, size_t size) {
  void *got = frlk_arena_get(&s->arena, n, size);
  if (!got) abort();
  memset(got, 0, (size_t)n * size);
  return got;
}

static frl_string text(sampler *s) {
  static const char *const pieces[] = {"", "a", "Ferrule", "\xc3\xbc\xe2\x82\xac", "0"};
  frl_string out;
  char *bytes = room(s, 64, 1);
  int64_t n = 0;
  for (uint64_t left = draw(s) % 5; left; left--) {
    const char *piece = pieces[draw(s) % 5];
    memcpy(bytes + n, piece, strlen(piece));
    n += (int64_t)strlen(piece);
  }
  out.data = bytes;
  out.size = n;
  return out;
}

static frl_binary bytes(sampler *s) {
  frl_binary out;
  uint8_t *data = room(s, 16, 1);
  out.size = (int64_t)(draw(s) % 16);
  for (int64_t i = 0; i < out.size; i++) data[i] = (uint8_t)draw(s);
  out.data = data;
  return out;
}

static frl_variant variant(sampler *s) {
  frl_variant v;
  v.value = bytes(s);
  v.metadata = bytes(s);
  return v;
}

static frl_geometry shape(sampler *s) {
  frl_geometry g;
  g.srid = 4326;
  g.wkb = bytes(s);
  return g;
}

void sample_plain(sampler *s, plain *out) {
  memset(out, 0, sizeof *out);
  bool *nulls[] = {&out->is_null.flag, &out->is_null.tiny, &out->is_null.whole,
      &out->is_null.big, &out->is_null.single, &out->is_null.wide, &out->is_null.text,
      &out->is_null.name, &out->is_null.bytes, &out->is_null.day, &out->is_null.instant,
      &out->is_null.local, &out->is_null.moment, &out->is_null.second,
      &out->is_null.span, &out->is_null.hours, &out->is_null.days, &out->is_null.thing,
      &out->is_null.place, &out->is_null.tile, &out->is_null.anything,
      &out->is_null.region, &out->is_null.world};
  for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) *nulls[i] = null(s);
  out->small = (int16_t)draw(s);
  out->money = frl_decimal_of((int64_t)draw(s));
  if (!out->is_null.flag) out->flag = draw(s) & 1;
  if (!out->is_null.tiny) out->tiny = (int8_t)draw(s);
  if (!out->is_null.whole) out->whole = (int32_t)draw(s);
  if (!out->is_null.big) out->big = (int64_t)draw(s);
  if (!out->is_null.single) out->single = (float)(int32_t)draw(s) / 7;
  if (!out->is_null.wide) out->wide = (double)(int64_t)draw(s) / 7;
  if (!out->is_null.text) out->text = text(s);
  if (!out->is_null.name) out->name = text(s);
  if (!out->is_null.bytes) out->bytes = bytes(s);
  if (!out->is_null.day) out->day = (int32_t)(draw(s) % 50000);
  if (!out->is_null.instant) out->instant = (int64_t)(draw(s) >> 8);
  if (!out->is_null.local) out->local = -(int64_t)(draw(s) >> 8);
  if (!out->is_null.moment) out->moment = (int64_t)(draw(s) % 86400000000) * 1000;
  if (!out->is_null.second) out->second = (int64_t)(draw(s) % 86400) * 1000000000;
  if (!out->is_null.span) out->span = (int64_t)(draw(s) >> 4);
  if (!out->is_null.hours) out->hours = (int64_t)(draw(s) % 9999) * 60000000;
  if (!out->is_null.days) out->days = (int64_t)(draw(s) % 9999) * 86400000000;
  if (!out->is_null.thing) out->thing = variant(s);
  if (!out->is_null.place) out->place = shape(s);
  if (!out->is_null.tile) out->tile = shape(s);
  if (!out->is_null.anything) out->anything = shape(s);
  if (!out->is_null.region) out->region = shape(s);
  if (!out->is_null.world) out->world = shape(s);
}

static const bool *item_nulls(sampler *s, int64_t n) {
  bool *nulls = room(s, n, sizeof *nulls);
  for (int64_t i = 0; i < n; i++) nulls[i] = null(s);
  return nulls;
}

static int64_t few(sampler *s) { return (int64_t)(draw(s) % 4); }

static numbers sample_numbers(sampler *s) {
  numbers out = {NULL, NULL, few(s)};
  int64_t *items = room(s, out.n, sizeof *items);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) items[i] = out.is_null[i] ? 0 : (int64_t)draw(s);
  out.items = items;
  return out;
}

static point sample_point(sampler *s) {
  point p;
  memset(&p, 0, sizeof p);
  p.lat = (double)draw(s) / 3;
  p.is_null.lon = null(s);
  if (!p.is_null.lon) p.lon = (double)draw(s) / 3;
  return p;
}

static track sample_track(sampler *s) {
  track out = {NULL, NULL, few(s)};
  point *items = room(s, out.n, sizeof *items);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) {
    if (!out.is_null[i]) items[i] = sample_point(s);
  }
  out.items = items;
  return out;
}

static counts sample_counts(sampler *s) {
  counts out = {NULL, NULL, NULL, few(s)};
  frl_string *keys = room(s, out.n, sizeof *keys);
  int64_t *values = room(s, out.n, sizeof *values);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) {
    keys[i] = text(s);
    values[i] = out.is_null[i] ? 0 : (int64_t)draw(s);
  }
  out.keys = keys;
  out.values = values;
  return out;
}

static tracks sample_tracks(sampler *s) {
  tracks out = {NULL, NULL, NULL, few(s)};
  point *keys = room(s, out.n, sizeof *keys);
  track *values = room(s, out.n, sizeof *values);
  for (int64_t i = 0; i < out.n; i++) {
    keys[i] = sample_point(s);
    values[i] = sample_track(s);
  }
  out.keys = keys;
  out.values = values;
  return out;
}

static grid sample_grid(sampler *s) {
  grid out = {NULL, NULL, few(s)};
  numbers *items = room(s, out.n, sizeof *items);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) {
    if (!out.is_null[i]) items[i] = sample_numbers(s);
  }
  out.items = items;
  return out;
}

static deep sample_deep(sampler *s) {
  deep out = {NULL, NULL, NULL, few(s)};
  int32_t *keys = room(s, out.n, sizeof *keys);
  tracks *values = room(s, out.n, sizeof *values);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) {
    keys[i] = (int32_t)draw(s);
    if (!out.is_null[i]) values[i] = sample_tracks(s);
  }
  out.keys = keys;
  out.values = values;
  return out;
}

static words sample_words(sampler *s) {
  words out = {NULL, NULL, few(s)};
  frl_string *items = room(s, out.n, sizeof *items);
  for (int64_t i = 0; i < out.n; i++) items[i] = text(s);
  out.items = items;
  return out;
}

static flags sample_flags(sampler *s) {
  flags out = {NULL, NULL, few(s)};
  bool *items = room(s, out.n, sizeof *items);
  out.is_null = item_nulls(s, out.n);
  for (int64_t i = 0; i < out.n; i++) items[i] = !out.is_null[i] && (draw(s) & 1);
  out.items = items;
  return out;
}

void sample_nested(sampler *s, nested *out) {
  memset(out, 0, sizeof *out);
  out->words_col = sample_words(s);
  out->point_col = sample_point(s);
  out->is_null.numbers_col = null(s);
  out->is_null.grid_col = null(s);
  out->is_null.flags_col = null(s);
  out->is_null.track_col = null(s);
  out->is_null.counts_col = null(s);
  out->is_null.deep_col = null(s);
  out->is_null.inner_col = null(s);
  if (!out->is_null.numbers_col) out->numbers_col = sample_numbers(s);
  if (!out->is_null.grid_col) out->grid_col = sample_grid(s);
  if (!out->is_null.flags_col) out->flags_col = sample_flags(s);
  if (!out->is_null.track_col) out->track_col = sample_track(s);
  if (!out->is_null.counts_col) out->counts_col = sample_counts(s);
  if (!out->is_null.deep_col) out->deep_col = sample_deep(s);
  if (out->is_null.inner_col) return;
  out->inner_col.seen = sample_counts(s);
  out->inner_col.is_null.at = null(s);
  out->inner_col.is_null.any = null(s);
  if (!out->inner_col.is_null.at) out->inner_col.at = sample_point(s);
  if (!out->inner_col.is_null.any) out->inner_col.any = variant(s);
}

void sampler_free(sampler *s) { frlk_arena_reset(&s->arena, true); }
