"""Ferrule: Arrow batches between native code, Spark and everything that speaks Arrow.

Batch and Schema cross by the Arrow PyCapsule interface, so pyarrow, polars, nanoarrow,
DuckDB and others take them and give them. ferrule.kernel runs kernels, functions over
batches written in C; ferrule.spark runs them in Spark.
"""

from ferrule import kernel
from ferrule._errors import Error, KernelError, SchemaError
from ferrule._native import Batch, Schema, __version__, live

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
