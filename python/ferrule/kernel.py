"""Kernels: functions over Arrow batches, in shared libraries.

    k = ferrule.kernel.load("libx.so", "parse_log")
    df.mapInArrow(k.ship(spark), k.ddl)

docs/KERNELS.md tells how they are written; ferrule.kernel.compile builds one from C.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ferrule import _library
from ferrule._compile import compile as _compile
from ferrule._duckdb import relation
from ferrule._errors import Error, SchemaError
from ferrule._native import SKIP_NULLS, SKIP_UTF8, SKIP_VALUES, Batch, Run, Schema, kernel_names
from ferrule._native import Kernel as _Native

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Kernel", "Stream", "compile", "include_dir", "load", "names", "relation"]

SKIP = {"nulls": SKIP_NULLS, "utf8": SKIP_UTF8, "values": SKIP_VALUES}
OUTPUT = -1


def load(
    path: str | os.PathLike[str],
    name: str | None = None,
    *,
    options: Mapping[str, object] | None = None,
    skip_checks: Iterable[str] = (),
) -> Kernel:
    """The kernel of a library; name may be left out where there is only one.

    options are the kernel's own (Kernel.options lists them). skip_checks leaves out
    checks of what the kernel gives: "nulls", "utf8", "values".
    """
    _watch_spark()
    library = _library.opened(path)
    return Kernel(library, _Native(library.path, name), options or {}, frozenset(skip_checks))


def compile(  # noqa: A001 the name that users look for
    source: str | os.PathLike[str],
    name: str | None = None,
    *,
    options: Mapping[str, object] | None = None,
    skip_checks: Iterable[str] = (),
    flags: Iterable[str] = (),
    compiler: str | None = None,
) -> Kernel:
    """Builds C, a text of several lines or a file, and loads the kernel in it.

    The system's compiler is used (compiler, else the environment's CC, else cc; CXX and
    c++ for C++ files), with -O3 and -ffp-contract=off, so that results equal Spark's.
    What was built once is kept in the user's cache and found there by its content.
    """
    library = _compile(source, flags=tuple(flags), compiler=compiler)
    return load(library, name, options=options, skip_checks=skip_checks)


def names(path: str | os.PathLike[str]) -> list[str]:
    """The names of the kernels in a library."""
    return kernel_names(path)


def include_dir() -> str:
    """The folder to give a compiler with -I: it holds ferrule/kernel.h."""
    return _library.include_dir()


def _watch_spark() -> None:
    """PySpark may have been imported since: then it is made to look at kernels."""
    if "pyspark.sql" in sys.modules:
        from ferrule import spark

        spark.install_checks()


class Kernel:
    """A kernel of a loaded library. A value: its methods give new ones.

    It can be pickled, and called by Spark: with an iterator of pyarrow.RecordBatch it
    gives one (mapInArrow), with a pyarrow.Table a table (applyInArrow), with two tables
    a table (applyInArrow of cogroups, for kernels of two inputs).
    """

    __annotations__: dict[str, Any] = {}  # noqa: RUF012 PySpark looks for type hints

    def __init__(
        self,
        library: _library.Library,
        native: _Native,
        options: Mapping[str, object],
        skip: frozenset[str],
        declared: str | None = None,
    ) -> None:
        unknown = skip - SKIP.keys()
        if unknown:
            raise ValueError(f"no check is called {min(unknown)!r}; there are {', '.join(SKIP)}")
        self._library = library
        self._native = native
        self._options = {str(k): _option_text(v) for k, v in options.items()}
        self._check_options()
        self._skip = skip
        self._declared = declared
        self.__name__ = self._native.name
        self.__doc__ = self._native.doc
        self.__signature__ = _signature(self._native.inputs)
        self._label, self._order = _declaration(self.schema, declared)

    def _check_options(self) -> None:
        known = [key for key, _, _ in self._native.options]
        for key in self._options.keys() - set(known):
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise Error(f"kernel {self._native.name}: it has no option {key}; {there}")

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.name, self._options, self._skip, self._declared)
        return _unpickled, (self._library.told(), *arguments)

    def __repr__(self) -> str:
        return f"<ferrule kernel {self.name} of {self._library.path}>"

    @property
    def name(self) -> str:
        return self._native.name

    @property
    def path(self) -> str:
        """Where the library lies."""
        return self._library.path

    @property
    def options(self) -> list[tuple[str, str | None, str | None]]:
        """(key, fallback, what it is for) of each option that the kernel knows."""
        return self._native.options

    @property
    def stateless(self) -> bool:
        """What comes of a batch depends on that batch alone."""
        return self._native.stateless

    @property
    def row_wise(self) -> bool:
        """One row comes of each row, in order."""
        return self._native.row_wise

    @property
    def schema(self) -> Schema:
        """Of the output; pyarrow.schema(k.schema) and others take it."""
        return self._native.schema(OUTPUT)

    @property
    def ddl(self) -> str:
        """Of the output, as Spark DDL."""
        _watch_spark()
        return self.schema.ddl

    @property
    def json(self) -> str:
        """Of the output, as Spark's StructType JSON: also says which elements may be null."""
        return self.schema.json

    @property
    def struct_type(self) -> Any:
        """Of the output, as PySpark's StructType."""
        import json

        from pyspark.sql.types import StructType

        _watch_spark()
        return StructType.fromJson(json.loads(self.json))

    @property
    def inputs(self) -> list[Schema]:
        """Of the inputs, one or two."""
        return [self._native.schema(i) for i in range(self._native.inputs)]

    def with_options(self, **options: object) -> Kernel:
        """The same kernel with other options."""
        merged = {**self._options, **options}
        return Kernel(self._library, self._native, merged, self._skip, self._declared)

    def declared(self, schema: Any) -> Kernel:
        """The same kernel with its output in another order of columns.

        schema, DDL or a StructType, has the kernel's columns, each once.
        """
        text = _schema_of(schema).json
        return Kernel(self._library, self._native, self._options, self._skip, text)

    def check(self, *given: Any, strict: bool = False) -> Kernel:
        """Raises SchemaError unless the columns given are those of the inputs.

        given: for each input a Spark DataFrame, a Schema, DDL, or anything that has
        __arrow_c_schema__. Names are compared without case and a nullable column is
        taken where no null may be (each batch is looked at), unless strict. Options
        that must be given have to be there.
        """
        if len(given) != self._native.inputs:
            raise TypeError(f"{self.name} has {self._native.inputs} input(s), not {len(given)}")
        for key, fallback, what in self.options:
            if fallback is None and key not in self._options:
                raise Error(f"kernel {self.name}: option {key} must be given: {what}")
        for i, schema in enumerate(given):
            self._native.check_input(
                i,
                _schema_of(schema),
                ignore_nullable=not strict,
                ignore_case=not strict,
                any_string_offset=True,
            )
        return self

    def ship(self, spark: Any) -> Kernel:
        """Sends the library to the executors of a session, classic or Connect."""
        from ferrule import spark as ferrule_spark

        ferrule_spark.ship(spark, self)
        return self

    def run(self) -> Run:
        """A new instance, to be fed batch by batch: push, next, finish."""
        return self._native.run(self._options, self._skip_bits())

    def _skip_bits(self) -> int:
        return sum(SKIP[check] for check in self._skip)

    def batches(self, *inputs: Iterable[Any]) -> Iterator[Batch]:
        """What comes of iterables of batches, one for each input.

        A batch is anything that has __arrow_c_array__.
        """
        if len(inputs) != self._native.inputs:
            raise TypeError(f"{self.name} has {self._native.inputs} input(s), not {len(inputs)}")
        return self._through(self.run(), inputs)

    def _through(self, run: Run, inputs: Sequence[Iterable[Any]]) -> Iterator[Batch]:
        try:
            for i, batches in enumerate(inputs):
                for batch in batches:
                    self._push(run, i, batch)
                    yield from iter(run.next, None)
            run.finish()
            yield from iter(run.next, None)
        finally:
            run.close()

    def _push(self, run: Run, i: int, batch: Any) -> None:
        try:
            run.push(i, batch)
        except SchemaError:
            run.push(i, _narrowed(self._native, i, batch))

    def stream(self, source: Any) -> Stream:
        """What comes of an object with __arrow_c_stream__, as such an object.

        It is computed as it is read; where source can be read again, so can this.
        """
        if self._native.inputs != 1:
            raise TypeError(f"{self.name} has two inputs: use batches")
        return Stream(self, source)

    def __call__(self, *data: Any) -> Any:
        import pyarrow as pa

        if isinstance(data[-1], pa.Table):
            parts = [table.to_batches() for table in data]
            return pa.Table.from_batches(self._record_batches(parts), self._arrow_schema())
        return self._record_batches(data)

    def _arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        schema = pa.schema(self._label)
        return pa.schema([schema.field(i) for i in self._order]) if self._order else schema

    def _record_batches(self, inputs: Sequence[Iterable[Any]]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        run = self._native.run(self._options, self._skip_bits(), self._label)
        for batch in self._through(run, inputs):
            made = pa.record_batch(batch)
            yield made.select(self._order) if self._order else made


class Stream:
    """The output of a kernel over a stream. See Kernel.stream."""

    def __init__(self, kernel: Kernel, source: Any) -> None:
        self._kernel = kernel
        self._source = source

    @property
    def schema(self) -> Schema:
        return self._kernel.schema

    def __arrow_c_schema__(self) -> Any:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        k = self._kernel
        try:
            return k._native.stream(self._source, k._options, k._skip_bits())
        except SchemaError:
            narrowed = _narrowed_stream(k._native, self._source)
            return k._native.stream(narrowed, k._options, k._skip_bits())


def _unpickled(told: _library.Told, name: str, *arguments: Any) -> Kernel:
    library = _library.found(told)
    return Kernel(library, _Native(library.path, name), *arguments)


def _option_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _signature(inputs: int) -> inspect.Signature:
    """PySpark counts parameters to tell what a function wants."""
    parameters = ("data",) if inputs == 1 else ("left", "right")
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(p, kind) for p in parameters])


def _schema_of(given: Any) -> Schema:
    """From a Schema, DDL, a DataFrame, a StructType, or whatever has an Arrow schema."""
    if isinstance(given, Schema):
        return given
    if isinstance(given, str):
        return Schema.from_ddl(given)
    if hasattr(given, "__arrow_c_schema__"):
        return Schema(given)
    struct = getattr(given, "schema", given)
    if hasattr(struct, "json"):
        return Schema.from_json(struct.json())
    return Schema(struct)


def _declaration(own: Schema, declared: str | None) -> tuple[Schema, list[int]]:
    """The kernel's columns as they are declared to Spark, and their order, if another.

    Spark compares types to the last detail, while DDL cannot say that an element of an
    array is never null: what was declared is what the batches are labelled with.
    """
    if declared is None:
        return Schema.from_ddl(own.ddl), []
    given = Schema.from_json(declared)
    if sorted(given.names) != sorted(own.names) or len(set(own.names)) != len(own):
        order = list(range(len(own)))
    else:
        order = [own.names.index(name) for name in given.names]
    report = given.difference(_reordered(own, order))
    if report:
        raise SchemaError(f"the output declared is not that of the kernel\n{report}")
    back = [order.index(i) for i in range(len(order))]
    return _reordered(given, back), [] if order == sorted(order) else order


def _reordered(schema: Schema, order: list[int]) -> Schema:
    import json

    tree = json.loads(schema.json)
    tree["fields"] = [tree["fields"][i] for i in order]
    return Schema.from_json(json.dumps(tree))


def _loosely(native: _Native, i: int, given: Schema) -> None:
    native.check_input(i, given, ignore_nullable=True, ignore_case=True, any_string_offset=True)


def _narrowed(native: _Native, i: int, batch: Any) -> Any:
    """A batch whose strings and binaries are large or views, as the kernel declares them.

    Polars and a Spark that is set to it give such. Raises where more than that differs.
    """
    _loosely(native, i, Batch(batch).schema)
    import pyarrow as pa

    batch = pa.record_batch(batch)
    wanted = pa.schema(native.schema(i))
    columns = [c.cast(f.type) for c, f in zip(batch.columns, wanted, strict=True)]
    return pa.record_batch(columns, names=batch.schema.names)


def _narrowed_stream(native: _Native, source: Any) -> Any:
    import pyarrow as pa

    reader = pa.RecordBatchReader.from_stream(source)
    _loosely(native, 0, Schema(reader.schema))
    wanted = [f.with_nullable(True) for f in pa.schema(native.schema(0))]
    renamed = [f.with_name(g.name) for f, g in zip(wanted, reader.schema, strict=True)]
    return reader.cast(pa.schema(renamed))
