"""Ferrule: Arrow batches between native code, Spark and everything that speaks Arrow.

Batch and Schema cross by the Arrow PyCapsule interface, so pyarrow, polars, nanoarrow,
DuckDB and others take them and give them. ferrule.kernel runs kernels, functions over
batches written in C; ferrule.spark runs them in Spark.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ferrule import kernel
from ferrule._errors import Error, KernelError, SchemaError
from ferrule._native import Batch, Schema, __version__, live

if TYPE_CHECKING:
    from types import ModuleType

    from ferrule import spark as spark

__all__ = [
    "Batch",
    "Error",
    "KernelError",
    "Schema",
    "SchemaError",
    "__version__",
    "kernel",
    "live",
]


def __getattr__(name: str) -> ModuleType:
    """ferrule.spark, which needs PySpark, is imported when it is first named."""
    if name == "spark":
        return importlib.import_module("ferrule.spark")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
