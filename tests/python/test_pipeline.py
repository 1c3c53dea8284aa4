"""Kernels in a declarative pipeline, whose query functions know no columns yet."""

import os
import subprocess
import sysconfig
import textwrap

import pyarrow.dataset
import pytest

DEFINITIONS = """
import ferrule
from ferrule.kernel import load
from ferrule.spark import map_in_native
from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()
k = load("LIBRARY", "twice")

@dp.materialized_view
def pairs():
    return spark.sql("select WORDS, id n from range(10)")

@dp.materialized_view
def doubled():
    return map_in_native(spark.read.table("pairs"), k)
"""


def pipeline(folder, library, jar, words, verb):
    """What spark-pipelines says of it."""
    folder.mkdir()
    folder.joinpath("flows.py").write_text(
        DEFINITIONS.replace("LIBRARY", str(library)).replace("WORDS", words)
    )
    folder.joinpath("spark-pipeline.yml").write_text(
        textwrap.dedent(f"""
            name: kernels
            storage: file://{folder}/storage
            libraries:
              - glob:
                  include: flows.py
            configuration:
              spark.sql.shuffle.partitions: "2"
        """)
    )
    conf = {
        "spark.jars": jar,
        "spark.driver.extraClassPath": jar,
        "spark.connect.extensions.relation.classes": "org.ferrule.kernel.MapInNativeRelation",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    # both JVMs read it: that of the command, and the server's, which the first one starts
    defaults = folder / "conf/spark-defaults.conf"
    defaults.parent.mkdir()
    defaults.write_text("".join(f"{key} {value}\n" for key, value in conf.items()))
    env = {"SPARK_CONF_DIR": str(defaults.parent), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [f"{sysconfig.get_path('scripts')}/spark-pipelines", verb],
        cwd=folder, capture_output=True, text=True, timeout=280,
        env={**os.environ, "SPARK_TESTING": "1", **env},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_kernel_takes_tables_that_do_not_exist_yet(several, jar, tmp_path):
    code, said = pipeline(tmp_path / "right", several, jar, "'w' word", "run")
    assert code == 0, said[-5000:]
    stored = pyarrow.dataset.dataset(tmp_path / "right/warehouse/doubled").to_table()
    assert sorted(stored.column("twice").to_pylist()) == list(range(0, 20, 2))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_dry_run_tells_columns_that_do_not_fit(several, jar, tmp_path):
    code, said = pipeline(tmp_path / "wrong", several, jar, "id word", "dry-run")
    assert code != 0
    assert "needed: `word` STRING, `n` BIGINT" in said and "given:" in said, said[-5000:]
