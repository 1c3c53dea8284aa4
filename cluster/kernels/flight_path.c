/**
 * The way a flight takes over the earth: how long the great circle between its airports
 * is, in which direction it begins, and how fast the aeroplane was over ground.
 *
 * Compiled by the pipeline that uses it (cluster/pipeline/paths.py), and run inside the
 * executors' JVM.
 */
#include <ferrule/kernel.h>
#include <math.h>

/* clang-format off */
#define FLIGHT(X) \
  X(STRING, carrier) \
  X(STRING, origin) \
  X(STRING, dest) \
  X(INT, air_time, COMMENT("minutes")) \
  X(INT, distance, COMMENT("miles, as the airline tells")) \
  X(DOUBLE, from_lat, COMMENT("degrees north")) \
  X(DOUBLE, from_lon, COMMENT("degrees east")) \
  X(DOUBLE, to_lat) \
  X(DOUBLE, to_lon)
FRL_ROW(flight, FLIGHT)

#define PATH(X) \
  X(STRING, carrier) \
  X(STRING, origin) \
  X(STRING, dest) \
  X(DOUBLE, km, COMMENT("of the great circle")) \
  X(DOUBLE, published_km) \
  X(STRING, heading, COMMENT("N, NE, E, ... at the start")) \
  X(DOUBLE, kmh, COMMENT("over ground, from the air time"))
FRL_ROW(path, PATH)
/* clang-format on */

static const double radius_km = 6371.0088; /* the mean radius of the earth */
static const double km_per_mile = 1.609344;
static const double degree = 3.14159265358979323846 / 180;

static bool is_place(double lat, double lon) {
  return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180;
}

/* haversine formula */
static double great_circle_km(const flight *f) {
  const double north = sin((f->to_lat - f->from_lat) * degree / 2);
  const double east = sin((f->to_lon - f->from_lon) * degree / 2);
  const double h =
      north * north + cos(f->from_lat * degree) * cos(f->to_lat * degree) * east * east;
  return 2 * radius_km * asin(sqrt(h < 1 ? h : 1));
}

static frl_string heading_of(const flight *f) {
  static const char names[8][3] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
  const double from = f->from_lat * degree;
  const double to = f->to_lat * degree;
  const double across = (f->to_lon - f->from_lon) * degree;
  const double east = sin(across) * cos(to);
  const double north = cos(from) * sin(to) - sin(from) * cos(to) * cos(across);
  const double eighths = atan2(east, north) / (45 * degree); /* -4 to 4 */
  const char *name = names[(int)floor(eighths + 8.5) % 8];
  return (frl_string){name, name[1] ? 2 : 1};
}

static int follow(const flight *f, path *made, frl_kernel_error *error) {
  made->carrier = f->carrier;
  made->origin = f->origin;
  made->dest = f->dest;
  made->published_km = f->distance * km_per_mile;
  made->is_null.carrier = f->is_null.carrier;
  made->is_null.origin = f->is_null.origin;
  made->is_null.dest = f->is_null.dest;
  made->is_null.published_km = f->is_null.distance;
  made->is_null.km = f->is_null.from_lat || f->is_null.from_lon || f->is_null.to_lat ||
                     f->is_null.to_lon;
  made->is_null.heading = made->is_null.km;
  made->is_null.kmh = made->is_null.km || f->is_null.air_time || f->air_time <= 0;
  if (made->is_null.km) return 0; /* an airport that nobody has placed */
  if (!is_place(f->from_lat, f->from_lon) || !is_place(f->to_lat, f->to_lon)) {
    return frl_kernel_fail(error, -1,
        "(%g, %g) to (%g, %g): latitudes go from -90 to 90, longitudes from -180 to "
        "180",
        f->from_lat, f->from_lon, f->to_lat, f->to_lon);
  }
  made->km = great_circle_km(f);
  made->heading = heading_of(f);
  if (!made->is_null.kmh) made->kmh = made->km * 60 / f->air_time;
  return 0;
}

FRL_MAP_KERNEL(flight_path, flight, path, follow,
    "The great circle of a flight: its length, its heading, the speed along it.")

FRL_KERNELS(&flight_path_kernel)
