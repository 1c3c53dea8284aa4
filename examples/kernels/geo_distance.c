/**
 * The distance of two places on the earth, in kilometres (haversine formula).
 *
 * A loop over columns: values are read where they lie in the batch. Compile with -O2
 * -ffp-contract=off and link with -lm.
 */
#include <ferrule/kernel.h>
#include <math.h>

/* clang-format off */
#define TRIP(X) \
  X(BIGINT, id) \
  X(DOUBLE, from_lat, COMMENT("degrees north")) \
  X(DOUBLE, from_lon, COMMENT("degrees east")) \
  X(DOUBLE, to_lat) \
  X(DOUBLE, to_lon)
/* clang-format on */
FRL_ROW(trip, TRIP)

#define DISTANCE(X) X(BIGINT, id) X(DOUBLE, km)
FRL_ROW(distance, DISTANCE)

static const double radius_km = 6371.0088; /* the mean radius of the earth */
static const double degree = 3.14159265358979323846 / 180;

typedef struct geo_distance_state {
  double km_per_unit;
} geo_distance_state;

static const frl_kernel_option_doc geo_distance_options[] = {
    {"radius_km", "6371.0088", "Of the sphere: the earth's mean radius unless given."},
    {NULL, NULL, NULL}};

static int geo_distance_init(geo_distance_state *s, const frl_kernel_option *options,
    int64_t n, frl_kernel_error *error) {
  s->km_per_unit = radius_km;
  return frl_option_f64(options, n, "radius_km", &s->km_per_unit, error);
}

static void geo_distance_free(geo_distance_state *s) { (void)s; }

static double haversine(double lat1, double lon1, double lat2, double lon2) {
  const double north = sin((lat2 - lat1) * degree / 2);
  const double east = sin((lon2 - lon1) * degree / 2);
  const double h =
      north * north + cos(lat1 * degree) * cos(lat2 * degree) * east * east;
  return 2 * asin(sqrt(h < 1 ? h : 1));
}

static bool any_null(const trip_reader *in, int64_t i) {
  return frl_is_null(in->col.from_lat, i) || frl_is_null(in->col.from_lon, i) ||
         frl_is_null(in->col.to_lat, i) || frl_is_null(in->col.to_lon, i);
}

static bool is_place(double lat, double lon) {
  return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180;
}

static int add_row(const geo_distance_state *s, const trip_reader *in, int64_t i,
    distance_writer *out, frl_kernel_error *error) {
  int rc = frl_is_null(in->col.id, i)
               ? frl_put_null(out->col.id)
               : frl_put_i64(out->col.id, frl_get_i64(in->col.id, i));
  if (rc) return rc;
  if (any_null(in, i)) return frl_put_null(out->col.km);
  const double lat1 = frl_get_f64(in->col.from_lat, i);
  const double lon1 = frl_get_f64(in->col.from_lon, i);
  const double lat2 = frl_get_f64(in->col.to_lat, i);
  const double lon2 = frl_get_f64(in->col.to_lon, i);
  if (!is_place(lat1, lon1) || !is_place(lat2, lon2)) {
    return frl_kernel_fail(error, i,
        "(%g, %g) to (%g, %g): latitudes go from -90 to 90, "
        "longitudes from -180 to 180",
        lat1, lon1, lat2, lon2);
  }
  return frl_put_f64(out->col.km, s->km_per_unit * haversine(lat1, lon1, lat2, lon2));
}

static int geo_distance_batch(geo_distance_state *s, trip_reader *in,
    distance_writer *out, frl_kernel_error *error) {
  for (int64_t i = 0; i < in->rows; i++) {
    const int rc = add_row(s, in, i, out, error);
    if (rc) return rc;
  }
  return 0;
}

static int geo_distance_finish(
    geo_distance_state *s, distance_writer *out, frl_kernel_error *error) {
  (void)s, (void)out, (void)error;
  return 0;
}

FRL_KERNEL(geo_distance, trip, distance, geo_distance_state,
    FRL_KERNEL_STATELESS | FRL_KERNEL_ROW_WISE, geo_distance_options,
    "The distance of two places on the earth.")

FRL_KERNELS(&geo_distance_kernel)
