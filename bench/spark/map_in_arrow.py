"""The kernel of kernel.py in Spark's Python workers, and what else runs there.

usage: map_in_arrow.py WAY[,WAY...] CONFIG.json

WAY: kernel, pyarrow, rust, arrow-udf, pandas-udf, python-udf, python-udf-arrow, or one of
kernel.py. CONFIG: as there, and sites (folders to import ferrule and the Rust peer from).
"""

import json
import os
import sys

from pyspark.sql.functions import arrow_udf, col, pandas_udf, udf

import kernel


def with_kernel(spark, rows, config):
    from ferrule.kernel import load

    k = load(config["library"], "upper_scale").ship(spark)
    return rows.mapInArrow(k, k.ddl)


def with_rust(spark, rows, config):
    def each(batches):
        import upper_scale_rs

        for batch in batches:
            yield upper_scale_rs.upper_scale(batch)

    return rows.mapInArrow(each, kernel.RESULT)


def with_arrow_udf(spark, rows, config):
    from pyarrow import compute, float64

    upper = arrow_udf(lambda s: compute.utf8_upper(s), "STRING")
    scale = arrow_udf(
        lambda d, i: compute.add(compute.multiply(d, 1.5), compute.cast(i, float64())), "DOUBLE"
    )
    return rows.select(upper("s").alias("upper_s"), scale("d", "id").alias("scaled"))


def with_pandas_udf(spark, rows, config):
    import pandas as pd

    @pandas_udf("STRING")
    def upper(s: pd.Series) -> pd.Series:
        return s.str.upper()

    @pandas_udf("DOUBLE")
    def scale(d: pd.Series, i: pd.Series) -> pd.Series:
        return d * 1.5 + i

    return rows.select(upper("s").alias("upper_s"), scale("d", "id").alias("scaled"))


def with_python_udf(use_arrow):
    def made(spark, rows, config):
        upper = udf(lambda s: s.upper(), "STRING", useArrow=use_arrow)
        scale = udf(lambda d, i: d * 1.5 + i, "DOUBLE", useArrow=use_arrow)
        return rows.select(
            upper(col("s")).alias("upper_s"), scale(col("d"), col("id")).alias("scaled")
        )

    return made


kernel.WAYS.update(
    {
        "kernel": with_kernel,
        "pyarrow": kernel.map_in_arrow,
        "rust": with_rust,
        "arrow-udf": with_arrow_udf,
        "pandas-udf": with_pandas_udf,
        "python-udf": with_python_udf(False),
        "python-udf-arrow": with_python_udf(True),
    }
)


def main(ways, config_path):
    with open(config_path, encoding="utf-8") as file:
        sites = json.load(file)["sites"]
    here = os.path.dirname(os.path.abspath(__file__))
    # the workers need them, too
    os.environ["PYTHONPATH"] = os.pathsep.join([*sites, here])
    sys.path[:0] = sites
    kernel.main(ways, config_path)


if __name__ == "__main__":
    main(*kernel.asked(sys.argv[1:]))
