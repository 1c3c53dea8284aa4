"""Compares the Parquet files with what the input said, without Spark or Ferrule.

Usage: verify.py PARQUET_FOLDER EXPECTED.json
"""

import datetime
import json
import sys

import pyarrow.dataset
from flights import COLUMNS, Checksum

UTC = datetime.timezone.utc


def text_of(value):
    if isinstance(value, datetime.datetime):
        # Spark's INT96 timestamps are UTC and say so nowhere
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def main(folder, expected_path):
    with open(expected_path, encoding="utf-8") as file:
        expected = json.load(file)
    checksum = Checksum()
    data = pyarrow.dataset.dataset(folder, format="parquet", partitioning=None)
    for batch in data.to_batches(columns=COLUMNS):
        columns = [[text_of(v) for v in column.to_pylist()] for column in batch.columns]
        for values in zip(*columns, strict=True):
            checksum.add(values)
    found = checksum.as_dict()
    for key in ("rows", "sum", "nulls"):
        if found[key] != expected[key]:
            print(f"MISMATCH in {key}: published {expected[key]}, stored {found[key]}")
            return 1
    nulls = sum(found["nulls"].values())
    print(
        f"rows published = rows stored = {found['rows']:,}; checksum over "
        f"{len(COLUMNS)} columns = {found['sum']} on both sides; "
        f"{nulls:,} nulls preserved"
    )
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
