/**
 * Time zones by the ids that java.time.ZoneId takes: Z, offsets (+h, +hh:mm, +hhmmss …,
 * within 18 hours), UTC, GMT and UT with or without an offset, Java's short ids, and
 * regions of the system's tz database (RFC 8536 files).
 *
 * Threads: a frl_zones belongs to one thread; a zone is constant once made.
 */
#ifndef FRL_CODEC_ZONE_H
#define FRL_CODEC_ZONE_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

typedef struct frl_zone frl_zone;

/** The zones seen so far, by id. */
typedef struct frl_zones {
  frl_map by_id;
  frl_mem mem;
  const char *folder; /* of the tz database; borrowed */
} frl_zones;

/** folder NULL: TZDIR of the environment, else /usr/share/zoneinfo. */
void frl_zones_init(frl_zones *zones, const frl_mem *mem, const char *folder);
void frl_zones_deinit(frl_zones *zones);

/**
 * @param out  borrowed from zones.
 * @return FRL_OK, FRL_E_NOT_FOUND (no such id), FRL_E_UNSUPPORTED (there is no tz
 *         database here), FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_zones_get(
    frl_zones *zones, const char *id, size_t n, const frl_zone **out);

/**
 * Seconds to take from a local time to get UTC: where the clock jumps, the offset that
 * was in force before.
 * @param local_s  seconds since 1970-01-01 00:00 of that zone's clock.
 */
int32_t frl_zone_offset_of_local(const frl_zone *zone, int64_t local_s);
/** Seconds that the zone's clock is ahead of UTC at a moment. */
int32_t frl_zone_offset_at(const frl_zone *zone, int64_t utc_s);

#endif /* FRL_CODEC_ZONE_H */
