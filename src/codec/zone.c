#include "codec/zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "codec/zone_rule.h"

enum {
  ID_MAX_BYTES = 64,
  FILE_MAX_BYTES = 1 << 17,
  TRANSITIONS_MAX = 1 << 14,
  HEADER_BYTES = 44,
  OFFSET_MAX_S = 18 * 3600
};

typedef struct transition {
  int64_t utc_s;
  int32_t before_s;
  int32_t after_s;
} transition;

struct frl_zone {
  int32_t first_s; /* before every transition; of a fixed zone, always */
  bool has_rule;   /* for what comes after them */
  frl_zone_rule rule;
  size_t n_transitions;
  transition transitions[];
};

void frl_zones_init(frl_zones *zones, const frl_mem *mem, const char *folder) {
  if (!folder) folder = getenv("TZDIR");
  zones->folder = folder ? folder : "/usr/share/zoneinfo";
  zones->mem = mem ? *mem : frl_mem_default;
  frl_map_init(&zones->by_id, mem);
}

void frl_zones_deinit(frl_zones *zones) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&zones->by_id, &at)) != NULL) {
    frl_free(&zones->mem, e->value);
  }
  frl_map_deinit(&zones->by_id);
}

static bool two_digits(frl_cursor *c, int max, int *out) {
  if (frl_cursor_left(c) < 2) return false;
  const int tens = c->pos[0] - '0';
  const int ones = c->pos[1] - '0';
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return false;
  *out = tens * 10 + ones;
  c->pos += 2;
  return *out <= max;
}

/* A digit alone is two in these places, from the time before Spark 3. */
static bool one_or_two_digits(frl_cursor *c, bool one_allowed, int max, int *out) {
  const size_t left = frl_cursor_left(c);
  const bool alone = left == 1 || (left > 1 && c->pos[1] == ':');
  if (!alone) return two_digits(c, max, out);
  if (!one_allowed || *c->pos < '0' || *c->pos > '9') return false;
  *out = *c->pos++ - '0';
  return true;
}

static bool take_colon(frl_cursor *c) {
  if (c->pos == c->end || *c->pos != ':') return false;
  c->pos++;
  return true;
}

/* (+|-) h, hh, hh:mm, hhmm, hh:mm:ss, hhmmss; also h:mm and hh:m */
static bool parse_offset(frl_cursor c, int32_t *offset_s) {
  if (frl_cursor_left(&c) < 2) return false;
  const int sign = *c.pos == '-' ? -1 : 1;
  if (*c.pos != '-' && *c.pos != '+') return false;
  c.pos++;
  int hours;
  int minutes = 0;
  int seconds = 0;
  if (!one_or_two_digits(&c, true, 18, &hours)) return false;
  if (c.pos < c.end) {
    const bool colons = take_colon(&c);
    if (!one_or_two_digits(&c, colons, 59, &minutes)) return false;
    if (c.pos < c.end) {
      if (colons != take_colon(&c) || !two_digits(&c, 59, &seconds)) return false;
    }
  }
  const int32_t total = hours * 3600 + minutes * 60 + seconds;
  *offset_s = sign * total;
  return c.pos == c.end && total <= OFFSET_MAX_S;
}

static bool starts_with(frl_cursor c, const char *text) {
  const size_t n = strlen(text);
  return frl_cursor_left(&c) >= n && memcmp(c.pos, text, n) == 0;
}

static bool fixed_offset(frl_cursor id, int32_t *offset_s) {
  *offset_s = 0;
  const size_t n = frl_cursor_left(&id);
  if (n == 1 && *id.pos == 'Z') return true;
  if (parse_offset(id, offset_s)) return true;
  const char *const prefixes[] = {"UTC", "GMT", "UT"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    if (!starts_with(id, prefixes[i])) continue;
    const size_t skip = strlen(prefixes[i]);
    if (n == skip) return true;
    return parse_offset((frl_cursor){id.pos + skip, id.end}, offset_s);
  }
  return false;
}

/* Java's ZoneId.SHORT_IDS. */
static const char *long_id(const char *id) {
  static const char *const known[][2] = {{"ACT", "Australia/Darwin"},
      {"AET", "Australia/Sydney"}, {"AGT", "America/Argentina/Buenos_Aires"},
      {"ART", "Africa/Cairo"}, {"AST", "America/Anchorage"},
      {"BET", "America/Sao_Paulo"}, {"BST", "Asia/Dhaka"}, {"CAT", "Africa/Harare"},
      {"CNT", "America/St_Johns"}, {"CST", "America/Chicago"}, {"CTT", "Asia/Shanghai"},
      {"EAT", "Africa/Addis_Ababa"}, {"ECT", "Europe/Paris"},
      {"IET", "America/Indiana/Indianapolis"}, {"IST", "Asia/Kolkata"},
      {"JST", "Asia/Tokyo"}, {"MIT", "Pacific/Apia"}, {"NET", "Asia/Yerevan"},
      {"NST", "Pacific/Auckland"}, {"PLT", "Asia/Karachi"}, {"PNT", "America/Phoenix"},
      {"PRT", "America/Puerto_Rico"}, {"PST", "America/Los_Angeles"},
      {"SST", "Pacific/Guadalcanal"}, {"VST", "Asia/Ho_Chi_Minh"}, {"EST", "-05:00"},
      {"MST", "-07:00"}, {"HST", "-10:00"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(id, known[i][0]) == 0) return known[i][1];
  }
  return id;
}

/* Of the form of a region, and no way out of the folder. */
static bool is_region(const char *id) {
  if (!(id[0] >= 'A' && id[0] <= 'Z') && !(id[0] >= 'a' && id[0] <= 'z')) return false;
  for (const char *p = id; *p; p++) {
    const bool letter = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
    if (!letter && !(*p >= '0' && *p <= '9') && !strchr("~/_+-", *p)) return false;
  }
  return true;
}

typedef struct tz_counts {
  uint32_t isut, isstd, leaps, times, types, chars;
} tz_counts;

static bool read_header(frl_cursor *c, tz_counts *n, uint8_t *version) {
  frl_cursor head;
  if (frl_cursor_take(c, HEADER_BYTES, &head) != FRL_OK) return false;
  if (memcmp(head.pos, "TZif", 4) != 0) return false;
  *version = head.pos[4];
  head.pos += 20;
  uint32_t *const all[] = {
      &n->isut, &n->isstd, &n->leaps, &n->times, &n->types, &n->chars};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (frl_cursor_be32(&head, all[i]) != FRL_OK) return false;
    if (*all[i] > TRANSITIONS_MAX) return false;
  }
  return true;
}

static size_t body_bytes(const tz_counts *n, size_t time_bytes) {
  return n->times * (time_bytes + 1) + (size_t)n->types * 6 + n->chars +
         n->leaps * (time_bytes + 4) + n->isstd + n->isut;
}

static int64_t be64(const uint8_t *p) {
  uint64_t v = 0;
  for (size_t i = 0; i < 8; i++) v = v << 8 | p[i];
  return (int64_t)v;
}

static int32_t type_offset(const uint8_t *types, size_t i) {
  const uint8_t *p = types + i * 6;
  return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
                   (uint32_t)p[3]);
}

static frl_status fill_transitions(
    frl_zone *zone, const uint8_t *times, const uint8_t *types, uint32_t n_types) {
  const uint8_t *const indexes = times + zone->n_transitions * 8;
  zone->first_s = type_offset(types, 0);
  int32_t before = zone->first_s;
  for (size_t i = 0; i < zone->n_transitions; i++) {
    if (indexes[i] >= n_types) return FRL_E_MALFORMED;
    const int32_t after = type_offset(types, indexes[i]);
    zone->transitions[i] = (transition){be64(times + i * 8), before, after};
    before = after;
  }
  return FRL_OK;
}

static frl_status build_zone(frl_zone **out, const frl_mem *mem, frl_cursor c) {
  tz_counts n;
  uint8_t version;
  frl_cursor body;
  if (!read_header(&c, &n, &version) || version < '2') return FRL_E_MALFORMED;
  /* the first half is for readers of 32 bits */
  if (frl_cursor_take(&c, body_bytes(&n, 4), &body) != FRL_OK ||
      !read_header(&c, &n, &version) || n.types == 0 ||
      frl_cursor_take(&c, body_bytes(&n, 8), &body) != FRL_OK) {
    return FRL_E_MALFORMED;
  }
  frl_zone *zone = frl_calloc(mem, 1, sizeof *zone + n.times * sizeof(transition));
  if (!zone) return FRL_E_NOMEM;
  zone->n_transitions = n.times;
  frl_status st =
      fill_transitions(zone, body.pos, body.pos + (size_t)n.times * 9, n.types);
  const size_t left = frl_cursor_left(&c);
  if (left > 2 && c.pos[0] == '\n' && c.end[-1] == '\n') {
    zone->has_rule =
        frl_zone_rule_parse(&zone->rule, (const char *)c.pos + 1, left - 2);
    if (!zone->has_rule) st = FRL_E_MALFORMED;
  }
  if (st != FRL_OK) {
    frl_free(mem, zone);
    return st;
  }
  *out = zone;
  return FRL_OK;
}

static frl_status read_region(frl_zone **out, const frl_zones *zones, const char *id) {
  char path[512];
  const int n = snprintf(path, sizeof path, "%s/%s", zones->folder, id);
  if (n < 0 || (size_t)n >= sizeof path) return FRL_E_NOT_FOUND;
  FILE *file = fopen(path, "rb");
  if (!file) {
    file = fopen(zones->folder, "rb");
    if (!file) return FRL_E_UNSUPPORTED;
    (void)fclose(file);
    return FRL_E_NOT_FOUND;
  }
  uint8_t *bytes = frl_malloc(&zones->mem, FILE_MAX_BYTES);
  frl_status st = FRL_E_NOMEM;
  if (bytes) {
    const size_t got = fread(bytes, 1, FILE_MAX_BYTES, file);
    st = build_zone(out, &zones->mem, frl_cursor_of(bytes, got));
  }
  frl_free(&zones->mem, bytes);
  (void)fclose(file);
  return st == FRL_E_MALFORMED ? FRL_E_NOT_FOUND : st;
}

static frl_status make_zone(frl_zone **out, const frl_zones *zones, const char *id) {
  int32_t offset;
  const char *const full = long_id(id);
  if (fixed_offset(frl_cursor_of(full, strlen(full)), &offset)) {
    *out = frl_calloc(&zones->mem, 1, sizeof **out);
    if (!*out) return FRL_E_NOMEM;
    (*out)->first_s = offset;
    return FRL_OK;
  }
  return is_region(full) ? read_region(out, zones, full) : FRL_E_NOT_FOUND;
}

frl_status frl_zones_get(
    frl_zones *zones, const char *id, size_t n, const frl_zone **out) {
  *out = frl_map_get(&zones->by_id, id, n);
  if (*out) return FRL_OK;
  char text[ID_MAX_BYTES];
  if (n == 0 || n >= sizeof text || memchr(id, '\0', n)) return FRL_E_NOT_FOUND;
  memcpy(text, id, n);
  text[n] = '\0';
  frl_zone *zone = NULL;
  frl_status st = make_zone(&zone, zones, text);
  if (st != FRL_OK) return st;
  st = frl_map_put(&zones->by_id, id, n, zone, NULL);
  if (st != FRL_OK) {
    frl_free(&zones->mem, zone);
    return st;
  }
  *out = zone;
  return FRL_OK;
}

/* From when on the offset after a transition counts, by either clock. */
static int64_t settled(const transition *t, bool local) {
  if (!local) return t->utc_s;
  const int32_t most = t->after_s > t->before_s ? t->after_s : t->before_s;
  return t->utc_s + most;
}

static int32_t offset_of(const frl_zone *zone, int64_t seconds, bool local) {
  size_t low = 0;
  size_t high = zone->n_transitions;
  while (low < high) {
    const size_t mid = low + (high - low) / 2;
    if (seconds < settled(&zone->transitions[mid], local)) {
      high = mid;
    } else {
      low = mid + 1;
    }
  }
  if (low < zone->n_transitions || !zone->has_rule) {
    return low ? zone->transitions[low - 1].after_s : zone->first_s;
  }
  return local ? frl_zone_rule_offset_of_local(&zone->rule, seconds)
               : frl_zone_rule_offset_at(&zone->rule, seconds);
}

int32_t frl_zone_offset_of_local(const frl_zone *zone, int64_t local_s) {
  return offset_of(zone, local_s, true);
}

int32_t frl_zone_offset_at(const frl_zone *zone, int64_t utc_s) {
  return offset_of(zone, utc_s, false);
}
