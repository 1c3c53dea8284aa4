"""Kernels over DuckDB's queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ferrule._native import Batch, Schema, stream_of

if TYPE_CHECKING:
    from ferrule.kernel import Kernel


class _Held:
    """Batches in memory, read as often as wanted."""

    def __init__(self, schema: Schema, batches: list[Batch]) -> None:
        self._schema = schema
        self._batches = batches

    def __arrow_c_schema__(self) -> Any:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return stream_of(self._schema, self._batches)


class _Query:
    """A query that runs anew, on a connection of its own, each time it is read."""

    def __init__(self, con: Any, query: str) -> None:
        self._con = con
        self._query = query

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        reader = _reader(self._con.cursor(), self._query)
        return reader.__arrow_c_stream__(requested_schema)


def _reader(con: Any, query: str) -> Any:
    relation = con.sql(query)
    for method in ("to_arrow_reader", "fetch_arrow_reader", "fetch_record_batch"):
        if hasattr(relation, method):  # its name differs from version to version
            return getattr(relation, method)()
    raise TypeError(f"{type(con)!r} is no connection of DuckDB, or an old one")


def relation(k: Kernel, con: Any, query: str, *, lazy: bool = False) -> Any:
    """A DuckDB relation of what a kernel makes of a query's rows.

    The query runs now, on con, and what comes of it is held in memory. With lazy it runs
    each time the relation is read, on a connection of its own, which sees neither
    temporary tables nor what con has not yet committed; nothing is held then but the
    batch at work.
    """
    if lazy:
        return con.from_arrow(k.stream(_Query(con, query)))
    return con.from_arrow(_Held(k.schema, list(k.batches(_reader(con, query)))))
