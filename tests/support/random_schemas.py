"""Random schemas in Spark's JSON, and rows of them: every type, nested, odd names, comments."""

import datetime as dt
import decimal
import json
import random

# what Spark learnt to have, by the first version that has it; 3.3 has all others
SINCE = {"timestamp_ntz": (3, 4), "variant": (4, 0), "collated": (4, 0), "time": (4, 1)}

PLAIN = [
    *("boolean", "byte", "short", "integer", "long", "float", "double", "string", "binary"),
    *("date", "timestamp", "timestamp_ntz", "interval day to second", "variant", "time(6)"),
    *("decimal(1,0)", "decimal(10,2)", "decimal(18,9)", "decimal(19,0)", "decimal(38,38)"),
    *("interval hour to minute", "interval minute", "time(0)"),
]
NAMES = ["a", "Überschrift", "two words", "tick`s", "semi;colon, comma", "üß", "select", "`", "1"]
NAMES += ["line\nbreak", "tab\t", 'quo"te', "it's", "back\\slash", "💡", "x" * 200]
COMMENTS = ["plain", "it's", 'a "quote"', "back\\slash", "ends in \\", "two\nlines", "🙂", "%d $x"]
TEXTS = ["", "a", "Überschrift", "it's", "💡" * 5, "x" * 70, "\0", "日本"]
EPOCH, DAY_US = dt.datetime(1970, 1, 1), 86_400_000_000


def _kind(type_name):
    return type_name.partition("(")[0]


class Drawn:
    """The schemas and rows of a seed, of types that a version of Spark has."""

    def __init__(self, seed, version=(4, 1), names=None):
        self.draw = random.Random(seed)
        self.version = version
        self.names = names or NAMES
        self.plain = [t for t in PLAIN if self.has(_kind(t))]

    def has(self, kind):
        return self.version >= SINCE.get(kind, (3, 3))

    def _type(self, depth):
        draw = self.draw
        kind = draw.choice(["plain"] * 6 + ["array", "map", "struct"]) if depth < 3 else "plain"
        if kind == "array":
            nulls = draw.random() < 0.5
            return {"type": "array", "elementType": self._type(depth + 1), "containsNull": nulls}
        if kind == "map":
            return {
                "type": "map",
                "keyType": draw.choice([t for t in self.plain if t != "variant"]),
                "valueType": self._type(depth + 1),
                "valueContainsNull": draw.random() < 0.5,
            }
        if kind == "struct":
            return {"type": "struct", "fields": self._fields(depth + 1, draw.randint(1, 4))}
        return draw.choice(self.plain)

    def _fields(self, depth, count):
        return [self._field(f"{self.draw.choice(self.names)}{i}", depth) for i in range(count)]

    def _field(self, name, depth):
        draw = self.draw
        kind = self._type(depth)
        metadata = {"comment": draw.choice(COMMENTS)} if draw.random() < 0.3 else {}
        if kind == "string" and self.has("collated") and draw.random() < 0.3:
            collation = draw.choice(["icu.UNICODE", "icu.UNICODE_CI", "spark.UTF8_LCASE"])
            metadata["__COLLATIONS"] = {name: collation}
        nullable = draw.random() < 0.7
        return {"name": name, "type": kind, "nullable": nullable, "metadata": metadata}

    def schema(self):
        return {"type": "struct", "fields": self._fields(0, self.draw.randint(1, 6))}

    # ---- rows, as PySpark takes them

    def rows(self, schema, n):
        return [tuple(self._cells(schema["fields"])) for _ in range(n)]

    def _cells(self, fields):
        return [self._cell(field["type"], field["nullable"]) for field in fields]

    def _cell(self, kind, nullable):
        return None if nullable and self.draw.random() < 0.25 else self._value(kind)

    def _value(self, kind):
        if isinstance(kind, str):
            return self._plain_value(kind)
        draw = self.draw
        if kind["type"] == "struct":
            return tuple(self._cells(kind["fields"]))
        n = draw.choice([0, 1, 2, 3, 9])
        if kind["type"] == "array":
            return [self._cell(kind["elementType"], kind["containsNull"]) for _ in range(n)]
        value = kind["valueType"], kind["valueContainsNull"]
        return {self._plain_value(kind["keyType"]): self._cell(*value) for _ in range(n)}

    def _whole(self, bits):
        half = 2 ** (bits - 1)
        return self.draw.choice([0, -1, 1, -half, half - 1, self._any(bits)])

    def _any(self, bits):
        return self.draw.getrandbits(bits) - 2 ** (bits - 1)

    def _plain_value(self, kind):
        draw = self.draw
        by_kind = {
            "boolean": lambda: draw.random() < 0.5,
            "byte": lambda: self._whole(8),
            "short": lambda: self._whole(16),
            "integer": lambda: self._whole(32),
            "long": lambda: self._whole(64),
            "float": lambda: self._any(20) / 64,
            "double": lambda: draw.choice([draw.gauss(0, 1e9), 0.0, 5e-324, float("inf")]),
            "string": lambda: draw.choice(TEXTS) + draw.choice(TEXTS),
            "binary": lambda: draw.randbytes(draw.choice([0, 1, 7, 8, 9, 40])),
            "date": lambda: dt.date(1970, 1, 1) + dt.timedelta(self._any(16)),
            "timestamp": lambda: EPOCH + dt.timedelta(microseconds=draw.randrange(2**51)),
            "timestamp_ntz": lambda: EPOCH + dt.timedelta(microseconds=self._any(51)),
            "interval day to second": lambda: dt.timedelta(microseconds=self._any(50)),
            "interval hour to minute": lambda: dt.timedelta(minutes=self._any(20)),
            "interval minute": lambda: dt.timedelta(minutes=self._any(20)),
            "time(6)": lambda: (EPOCH + dt.timedelta(microseconds=draw.randrange(DAY_US))).time(),
            "time(0)": lambda: (EPOCH + dt.timedelta(seconds=draw.randrange(86_400))).time(),
            "variant": self._variant,
        }
        return by_kind[kind]() if kind in by_kind else self._decimal(kind)

    def _decimal(self, kind):
        precision, scale = map(int, kind[len("decimal(") : -1].split(","))
        most = 10**precision - 1
        unscaled = self.draw.choice([0, most, -most, self.draw.randint(-most, most)])
        return decimal.Decimal(unscaled).scaleb(-scale, decimal.Context(prec=precision))

    def _variant(self):
        """Null, a byte or a short text in the form of variants: a head, then the value."""
        from pyspark.sql.types import VariantVal

        text = self.draw.choice(["", "abc", "größer"]).encode()
        byte = bytes([3 << 2, self.draw.getrandbits(8)])
        return VariantVal(
            self.draw.choice([b"\0", byte, bytes([len(text) << 2 | 1]) + text]), b"\1\0\0"
        )


def random_schema(seed):
    return json.dumps(Drawn(seed).schema())


def loosened(schema):
    """A schema as DDL can say it: elements of arrays and values of maps may be null."""
    if isinstance(schema, dict):
        always = dict.fromkeys({"containsNull", "valueContainsNull"} & schema.keys(), True)
        return {key: loosened(value) for key, value in schema.items()} | always
    return [loosened(item) for item in schema] if isinstance(schema, list) else schema
