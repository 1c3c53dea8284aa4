"""Random schemas of all types that kernels can have, and rows of them."""

import datetime as dt
import decimal

import pyarrow as pa

NAMES = ["a", "B", "id", "ID", "class", "a b", "a`b", "ü€", 'q"q', "x\\y", "", "k", "row", "out"]
NAMES += ["int64_t", "1st", "__x", "new\nline", "is_null", "n", "items", "frl_is_null", "NULL", "?"]
COMMENTS = [None, None, "", "plain", "it's", 'a "quoted" \\ one', "line\nbreak ü", "??="]
INTERVALS = ["day", "hour", "minute", "second"]


class Maker:
    def __init__(self, random):
        self.random = random

    def leaf(self):
        """(Spark's JSON, Arrow's type, a value)"""
        r = self.random
        precision = r.randint(1, 38)
        scale = r.randint(0, precision)
        first = r.randint(0, 3)
        last = r.randint(first, 3)
        span = INTERVALS[first] + (f" to {INTERVALS[last]}" if last > first else "")
        digits = r.randint(0, 6)
        srid = r.choice([0, 3857, 4326])
        system = {0: "SRID:0", 3857: "EPSG:3857", 4326: "OGC:CRS84"}[srid]
        big = 2**63 - 1

        def bytes_of(n=12):
            return bytes(r.randrange(256) for _ in range(r.randint(0, n)))

        def text():
            return "".join(r.choice("aZ0 ü€\n'\"\\") for _ in range(r.randint(0, 9)))

        def number():
            unscaled = r.randint(-(10**precision) + 1, 10**precision - 1)
            return decimal.Decimal(f"{unscaled}E-{scale}")

        def shape():
            return {"srid": srid, "wkb": bytes_of()}

        us = pa.timestamp("us", "UTC")
        required = {"nullable": False}
        variant = pa.struct(
            [
                pa.field("value", pa.binary(), **required),
                pa.field("metadata", pa.binary(), metadata={"variant": "true"}, **required),
            ]
        )
        mark = {"geometry": "true", "srid": str(srid)}
        geometry = pa.struct(
            [
                pa.field("srid", pa.int32(), **required),
                pa.field("wkb", pa.binary(), metadata=mark, **required),
            ]
        )
        return r.choice(
            [
                ("boolean", pa.bool_(), lambda: r.random() < 0.5),
                ("byte", pa.int8(), lambda: r.randint(-128, 127)),
                ("short", pa.int16(), lambda: r.randint(-(2**15), 2**15 - 1)),
                ("integer", pa.int32(), lambda: r.randint(-(2**31), 2**31 - 1)),
                ("long", pa.int64(), lambda: r.randint(-big - 1, big)),
                ("float", pa.float32(), lambda: r.randint(-999, 999) / 8),
                ("double", pa.float64(), lambda: r.gauss(0, 1e9)),
                (f"decimal({precision},{scale})", pa.decimal128(precision, scale), number),
                ("string", pa.string(), text),
                ("binary", pa.binary(), bytes_of),
                ("date", pa.date32(), lambda: dt.date.fromordinal(r.randint(1, 3_000_000))),
                ("timestamp", us, lambda: r.randint(-big // 4096, big // 4096)),
                ("timestamp_ntz", pa.timestamp("us"), lambda: r.randint(-big // 4096, 0)),
                (f"time({digits})", pa.time64("ns"), lambda: r.randrange(86400 * 10**9)),
                (f"interval {span}", pa.duration("us"), lambda: r.randint(-(10**15), 10**15)),
                ("variant", variant, lambda: {"value": bytes_of(), "metadata": bytes_of()}),
                (f"geometry({system})", geometry, shape),
            ]
        )

    def nested(self, depth):
        r = self.random
        kind = r.choice(["array", "map", "struct"])
        if kind == "struct":
            fields = [self.field(depth - 1, name) for name in self.names(r.randint(1, 3))]
            spark = {"type": "struct", "fields": [f[0] for f in fields]}
            return (
                spark,
                pa.struct([f[1] for f in fields]),
                lambda: {f[1].name: f[2]() for f in fields},
            )
        spark, arrow, value = self.type(depth - 1)
        nullable = r.random() < 0.6

        def cell():
            return None if nullable and r.random() < 0.3 else value()

        if kind == "array":
            item = pa.field("element", arrow, nullable)
            made = {"type": "array", "elementType": spark, "containsNull": nullable}
            return made, pa.list_(item), lambda: [cell() for _ in range(r.randint(0, 3))]
        key_spark, key_arrow, key = self.leaf()
        made = {"type": "map", "keyType": key_spark, "valueType": spark}
        made["valueContainsNull"] = nullable
        arrow = pa.map_(pa.field("key", key_arrow, False), pa.field("value", arrow, nullable))
        return made, arrow, lambda: [(key(), cell()) for _ in range(r.randint(0, 3))]

    def type(self, depth):
        deeper = depth > 0 and self.random.random() < 0.45
        return self.nested(depth) if deeper else self.leaf()

    def names(self, n):
        return self.random.sample(NAMES, n)

    def field(self, depth, name):
        r = self.random
        spark, arrow, value = self.type(depth)
        nullable = r.random() < 0.7
        comment = r.choice(COMMENTS)
        metadata = {} if comment is None else {"comment": comment}
        field = {"name": name, "type": spark, "nullable": nullable, "metadata": metadata}

        def cell():
            return None if nullable and r.random() < 0.25 else value()

        return field, pa.field(name, arrow, nullable), cell

    def table(self, rows):
        """(Spark's JSON of a schema, a table of it)"""
        fields = [self.field(3, name) for name in self.names(self.random.randint(1, 6))]
        arrays = [pa.array([f[2]() for _ in range(rows)], f[1].type) for f in fields]
        schema = pa.schema([f[1] for f in fields])
        return {"type": "struct", "fields": [f[0] for f in fields]}, pa.table(arrays, schema)
