"""Whether two DataFrames of a schema hold the same rows, found by Spark itself.

Spark has no equality of maps and variants: maps are compared by their sorted entries (in
which order PySpark makes them differs from run to run), variants by their JSON. Collated
texts are compared byte by byte.
"""

import itertools
import re


def _needs_help(kind):
    if isinstance(kind, str):
        return kind == "variant"
    if kind["type"] == "map":
        return True
    below = [kind.get("elementType")] if kind["type"] == "array" else kind["fields"]
    return any(_needs_help(b["type"] if "name" in b else b) for b in below)


class _Form:
    """SQL that gives a value in a form that can be compared."""

    def __init__(self):
        self.numbers = itertools.count()

    def of(self, kind, value):
        if not _needs_help(kind):
            return value
        if kind == "variant":
            return f"to_json({value})"
        if kind["type"] == "struct":
            parts = [
                f"'f{i}', {self.of(f['type'], f'{value}.{name}')}"
                for i, f in enumerate(kind["fields"])
                for name in [quoted(f["name"])]
            ]
            return f"if({value} is null, null, named_struct({', '.join(parts)}))"
        x = f"x{next(self.numbers)}"
        if kind["type"] == "array":
            return f"transform({value}, {x} -> {self.of(kind['elementType'], x)})"
        entry = f"named_struct('k', {self.of(kind['keyType'], f'{x}.key')}, "
        entry += f"'v', {self.of(kind['valueType'], f'{x}.value')})"
        return f"array_sort(transform(map_entries({value}), {x} -> {entry}))"


def quoted(name):
    return "`" + re.sub("`", "``", name) + "`"


def comparable(frame, schema):
    """frame's columns as c0, c1, ... in forms that can be compared and grouped."""
    form = _Form()
    columns = []
    for i, field in enumerate(schema["fields"]):
        value = form.of(field["type"], quoted(field["name"]))
        if "__COLLATIONS" in field["metadata"]:
            value = f"cast({value} as binary)"
        columns.append(f"{value} c{i}")
    return frame.selectExpr(*columns)


def differing(one, other, schema):
    """Rows that one has more often than the other, or less often, up to three."""
    counted = comparable(one, schema).selectExpr("*", "1 n")
    counted = counted.unionAll(comparable(other, schema).selectExpr("*", "-1 n"))
    columns = [f"c{i}" for i in range(len(schema["fields"]))]
    return counted.groupBy(*columns).sum("n").where("`sum(n)` <> 0").limit(3).collect()
