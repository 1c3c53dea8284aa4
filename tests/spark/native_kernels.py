"""Kernel libraries of tests/spark/kernels, and map_in_native as Java programs call it."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(os.environ["FERRULE_ROOT"])
SOURCES = pathlib.Path(__file__).parent / "kernels"


def build(name, folder):
    """The shared library of kernels/NAME.c."""
    library = pathlib.Path(folder) / f"lib{name}.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    flags = ["-shared", "-fPIC", "-O2", "-std=c11", "-ffp-contract=off"]
    command = [compiler, *flags, f"-I{ROOT}/include", str(SOURCES / f"{name}.c"), "-o", library]
    subprocess.run(command, check=True)
    return str(library)


def map_in_native(frame, library, kernel, options=None):
    from pyspark.sql import DataFrame

    spark = frame.sparkSession
    ferrule = spark._jvm.org.ferrule.Ferrule
    return DataFrame(ferrule.mapInNative(frame._jdf, library, kernel, options or {}), spark)


def alive(spark):
    """Kernels, runs and batches of this process that were not given back."""
    return list(spark._jvm.org.ferrule.internal.Kernel.live())


def metrics(frame):
    """Of the kernel's node, after the frame's own plan was run."""
    plan = frame._jdf.queryExecution().executedPlan()
    while not plan.getClass().getSimpleName().startswith("MapInNative"):
        if plan.getClass().getSimpleName() == "AdaptiveSparkPlanExec":
            plan = plan.executedPlan()
        else:
            plan = plan.children().apply(0)
    found = {}
    values = plan.metrics().iterator()
    while values.hasNext():
        pair = values.next()
        found[pair._1()] = pair._2().value()
    return found
