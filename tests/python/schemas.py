"""Random schemas in Spark's JSON: every type, nested, odd names, comments."""

import json
import random

PLAIN = [
    *("boolean", "byte", "short", "integer", "long", "float", "double", "string", "binary"),
    *("date", "timestamp", "timestamp_ntz", "interval day to second", "variant", "time(6)"),
    *("decimal(1,0)", "decimal(10,2)", "decimal(38,38)", "interval hour to minute", "time(0)"),
]
NAMES = ["a", "Überschrift", "two words", "tick`s", "semi;colon, comma", "üß", "select", "`", "1"]
NAMES += ["line\nbreak", "tab\t", 'quo"te', "it's", "back\\slash", "💡", "x" * 200]
COMMENTS = ["plain", "it's", 'a "quote"', "back\\slash", "ends in \\", "two\nlines", "🙂", "%d $x"]


def _type(draw, depth):
    kind = draw.choice(["plain"] * 6 + ["array", "map", "struct"]) if depth < 3 else "plain"
    if kind == "array":
        nulls = draw.random() < 0.5
        return {"type": "array", "elementType": _type(draw, depth + 1), "containsNull": nulls}
    if kind == "map":
        return {
            "type": "map",
            "keyType": draw.choice([t for t in PLAIN if t != "variant"]),
            "valueType": _type(draw, depth + 1),
            "valueContainsNull": draw.random() < 0.5,
        }
    if kind == "struct":
        return {"type": "struct", "fields": _fields(draw, depth + 1, draw.randint(1, 4))}
    return draw.choice(PLAIN)


def _fields(draw, depth, count):
    fields = []
    for i in range(count):
        metadata = {"comment": draw.choice(COMMENTS)} if draw.random() < 0.3 else {}
        fields.append(
            {
                "name": f"{draw.choice(NAMES)}{i}",
                "type": _type(draw, depth),
                "nullable": draw.random() < 0.7,
                "metadata": metadata,
            }
        )
    return fields


def random_schema(seed):
    draw = random.Random(seed)
    return json.dumps({"type": "struct", "fields": _fields(draw, 0, draw.randint(1, 6))})
