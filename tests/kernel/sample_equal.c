#include <string.h>

#include "sample_rows.h"

static bool same_bytes(frl_binary a, frl_binary b) {
  return a.size == b.size && (!a.size || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

static bool same_variant(const frl_variant *a, const frl_variant *b) {
  return same_bytes(a->value, b->value) && same_bytes(a->metadata, b->metadata);
}

static bool same_shape(const frl_geometry *a, const frl_geometry *b) {
  return a->srid == b->srid && same_bytes(a->wkb, b->wkb);
}

static bool same_double(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

static bool same_nulls(const bool *a, const bool *b, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if ((a && a[i]) != (b && b[i])) return false;
  }
  return true;
}

bool plain_equal(const plain *a, const plain *b) {
  if (memcmp(&a->is_null, &b->is_null, sizeof a->is_null) != 0) return false;
  return a->flag == b->flag && a->tiny == b->tiny && a->small == b->small &&
         a->whole == b->whole && a->big == b->big &&
         memcmp(&a->single, &b->single, sizeof a->single) == 0 &&
         same_double(a->wide, b->wide) && a->money.low == b->money.low &&
         a->money.high == b->money.high && frl_string_equal(a->text, b->text) &&
         frl_string_equal(a->name, b->name) && same_bytes(a->bytes, b->bytes) &&
         a->day == b->day && a->instant == b->instant && a->local == b->local &&
         a->moment == b->moment && a->second == b->second && a->span == b->span &&
         a->hours == b->hours && a->days == b->days &&
         same_variant(&a->thing, &b->thing) && same_shape(&a->place, &b->place) &&
         same_shape(&a->tile, &b->tile) && same_shape(&a->anything, &b->anything) &&
         same_shape(&a->region, &b->region) && same_shape(&a->world, &b->world);
}

static bool same_numbers(const numbers *a, const numbers *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!(a->is_null && a->is_null[i]) && a->items[i] != b->items[i]) return false;
  }
  return true;
}

static bool same_point(const point *a, const point *b) {
  return same_double(a->lat, b->lat) && a->is_null.lon == b->is_null.lon &&
         same_double(a->lon, b->lon);
}

static bool same_track(const track *a, const track *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!same_point(&a->items[i], &b->items[i])) return false;
  }
  return true;
}

static bool same_counts(const counts *a, const counts *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!frl_string_equal(a->keys[i], b->keys[i])) return false;
    if (!(a->is_null && a->is_null[i]) && a->values[i] != b->values[i]) return false;
  }
  return true;
}

static bool same_tracks(const tracks *a, const tracks *b) {
  if (a->n != b->n) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!same_point(&a->keys[i], &b->keys[i])) return false;
    if (!same_track(&a->values[i], &b->values[i])) return false;
  }
  return true;
}

static bool same_deep(const deep *a, const deep *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (a->keys[i] != b->keys[i]) return false;
    if (!same_tracks(&a->values[i], &b->values[i])) return false;
  }
  return true;
}

static bool same_grid(const grid *a, const grid *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!same_numbers(&a->items[i], &b->items[i])) return false;
  }
  return true;
}

static bool same_words(const words *a, const words *b) {
  if (a->n != b->n) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!frl_string_equal(a->items[i], b->items[i])) return false;
  }
  return true;
}

static bool same_flags(const flags *a, const flags *b) {
  if (a->n != b->n || !same_nulls(a->is_null, b->is_null, a->n)) return false;
  for (int64_t i = 0; i < a->n; i++) {
    if (!(a->is_null && a->is_null[i]) && a->items[i] != b->items[i]) return false;
  }
  return true;
}

bool nested_equal(const nested *a, const nested *b) {
  if (memcmp(&a->is_null, &b->is_null, sizeof a->is_null) != 0) return false;
  if (a->inner_col.is_null.at != b->inner_col.is_null.at) return false;
  if (a->inner_col.is_null.any != b->inner_col.is_null.any) return false;
  return same_numbers(&a->numbers_col, &b->numbers_col) &&
         same_words(&a->words_col, &b->words_col) &&
         same_grid(&a->grid_col, &b->grid_col) &&
         same_flags(&a->flags_col, &b->flags_col) &&
         same_point(&a->point_col, &b->point_col) &&
         same_track(&a->track_col, &b->track_col) &&
         same_counts(&a->counts_col, &b->counts_col) &&
         same_deep(&a->deep_col, &b->deep_col) &&
         same_counts(&a->inner_col.seen, &b->inner_col.seen) &&
         same_point(&a->inner_col.at, &b->inner_col.at) &&
         same_variant(&a->inner_col.any, &b->inner_col.any);
}
