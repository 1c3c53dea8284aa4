"""Kernels in Spark.

    df.mapInArrow(k.ship(spark), k.ddl)
    df.groupBy("user").applyInArrow(k, k.ddl)
    a.groupBy("id").cogroup(b.groupBy("id")).applyInArrow(k, k.ddl)
    ferrule.spark.map_in_native(df, k)

Once a kernel was loaded or shipped, mapInArrow and applyInArrow of this process look at
the kernels that they are given: the DataFrame's columns must be those of its input, and
the schema declared must be that of its output, in whatever order. Other functions are
handed on as they are.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable
from typing import Any

from ferrule import _library
from ferrule._errors import Error
from ferrule.kernel import Kernel

__all__ = ["install_checks", "map_in_arrow", "map_in_native", "ship"]

# what was sent to a session: Spark refuses a file name that it knows
_sent: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


@functools.cache
def _outbox() -> str:
    """Where shipped files lie: Spark serves them from there while the process lives."""
    folder = tempfile.mkdtemp(prefix="ferrule-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _is_connect(session: Any) -> bool:
    return ".connect." in f".{type(session).__module__}."


def ship(spark: Any, k: Kernel) -> None:
    """Sends a kernel's library to the executors of a session, once."""
    install_checks()
    name = k._library.file_name
    to = spark if _is_connect(spark) else spark.sparkContext
    if name in _sent.setdefault(to, set()):
        return
    path = os.path.join(_outbox(), name)
    if not os.path.exists(path):
        shutil.copyfile(k.path, path)
    if _library.digest(path) != k._library.sha256:
        raise OSError(f"{k.path} was changed since it was loaded")
    if _is_connect(spark):
        spark.addArtifacts(path, file=True)
    else:
        to.addFile(path)
    _sent[to].add(name)


def map_in_arrow(df: Any, k: Kernel) -> Any:
    """df.mapInArrow with the kernel, shipped and checked."""
    ship(df.sparkSession, k)
    return df.mapInArrow(k, k.struct_type)


def map_in_native(
    df: Any, k: Kernel, *, batch_rows: int | None = None, batch_bytes: int | None = None
) -> Any:
    """The kernel over df's rows inside the executors' JVM, without a Python worker.

    Needs Ferrule's jar: on a classic session in spark.jars, on Connect in the server's,
    with spark.connect.extensions.relation.classes=org.ferrule.kernel.MapInNativeRelation.
    A batch holds at most batch_rows rows, and is closed once they have batch_bytes bytes.
    Its output is always checked, whatever k leaves out.
    """
    if _is_connect(df.sparkSession):
        _needs_spark_4()
    later = None if _knows_columns(k, df) else "true"
    limits = {
        "ferrule.batchRows": batch_rows,
        "ferrule.batchBytes": batch_bytes,
        "ferrule.inputLater": later,
    }
    options = k._options | {key: str(n) for key, n in limits.items() if n is not None}
    if _is_connect(df.sparkSession):
        from ferrule._connect import map_in_native as over_connect

        ship(df.sparkSession, k)
        made = over_connect(df, k, options)
    else:
        made = _map_in_jvm(df, k, options)
    if not k._order:
        return made
    names = made.columns
    return made.select([_quoted(names[i]) for i in k._order])


def _needs_spark_4() -> None:
    """Before, a server's plugins and a client's plans have another form."""
    from pyspark import __version__ as version

    if int(version.split(".")[0]) < 4:
        needed = "map_in_native through Spark Connect needs Spark 4.0 or newer"
        raise Error(f"{needed}; this is PySpark {version}", "FRL_E_UNSUPPORTED")


def _knows_columns(k: Kernel, df: Any) -> bool:
    """k.check; false in a declarative pipeline's query function, where Spark tells no
    columns: the server compares them when it has resolved the plan."""
    try:
        k.check(df)
    except Exception as error:
        if "ATTEMPT_ANALYSIS_IN_PIPELINE_QUERY_FUNCTION" in str(error):
            return False
        raise
    return True


def _map_in_jvm(df: Any, k: Kernel, options: dict[str, str]) -> Any:
    from py4j.java_gateway import JavaClass
    from pyspark.sql import DataFrame

    spark = df.sparkSession
    entry = spark.sparkContext._jvm.org.ferrule.Ferrule
    if not isinstance(entry, JavaClass):
        raise Error("Ferrule's jar is not in this session: name it in spark.jars", "FRL_E_STATE")
    return DataFrame(entry.mapInNative(df._jdf, k.path, k.name, options), spark)


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _map_inputs(df: Any) -> list[Any]:
    return [df]


def _grouped_inputs(grouped: Any) -> list[Any]:
    return [grouped._df]


def _cogrouped_inputs(cogrouped: Any) -> list[Any]:
    return [cogrouped._gd1._df, cogrouped._gd2._df]


def _checked(method: Callable[..., Any], inputs_of: Callable[[Any], list[Any]]) -> Any:
    """The method, which checks a kernel before it hands it on."""

    @functools.wraps(method)
    def checking(self: Any, func: Any, schema: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(func, Kernel):
            func = func.check(*inputs_of(self)).declared(schema)
        return method(self, func, schema, *args, **kwargs)

    checking._ferrule_checks = True  # type: ignore[attr-defined]
    return checking


# (module, class, method, what its inputs are); a Spark has some of them
_PLACES = (
    ("pyspark.sql.pandas.map_ops", "PandasMapOpsMixin", "mapInArrow", _map_inputs),
    ("pyspark.sql.classic.dataframe", "DataFrame", "mapInArrow", _map_inputs),
    ("pyspark.sql.connect.dataframe", "DataFrame", "mapInArrow", _map_inputs),
    ("pyspark.sql.pandas.group_ops", "PandasGroupedOpsMixin", "applyInArrow", _grouped_inputs),
    ("pyspark.sql.pandas.group_ops", "PandasCogroupedOps", "applyInArrow", _cogrouped_inputs),
    ("pyspark.sql.connect.group", "GroupedData", "applyInArrow", _grouped_inputs),
    ("pyspark.sql.connect.group", "PandasCogroupedOps", "applyInArrow", _cogrouped_inputs),
)


def _owner(module: str, name: str) -> type | None:
    """The class, or None where this Spark has none, or where Connect is not in use."""
    if ".connect." in module and "pyspark.sql.connect.session" not in sys.modules:
        return None
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def install_checks() -> None:
    """Makes PySpark look at kernels; loading or shipping one does it, too."""
    for module, name, method, inputs_of in _PLACES:
        owner = _owner(module, name)
        found = vars(owner).get(method) if owner else None
        if found is not None and not hasattr(found, "_ferrule_checks"):
            setattr(owner, method, _checked(found, inputs_of))


install_checks()
