"""A Spark Connect client beside its server: kernels by the server's relation plugin.

usage: connect_program.py JAR LIBRARY

Prints what it found as one line of JSON.
"""

import hashlib
import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ["SPARK_TESTING"] = "1"  # the server chooses its port

from google.protobuf import any_pb2  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.connect import plan, proto  # noqa: E402
from pyspark.sql.connect.dataframe import DataFrame  # noqa: E402

TYPE = "type.googleapis.com/org.ferrule.MapInNative"


def field(number, value):
    """A length-delimited field of protobuf."""
    data = value if isinstance(value, bytes) else value.encode()
    head, n = bytes([number << 3 | 2]), len(data)
    while n > 127:
        head, n = head + bytes([n & 127 | 128]), n >> 7
    return head + bytes([n]) + data


class MapInNative(plan.LogicalPlan):
    def __init__(self, child, name, sha256, kernel, options):
        super().__init__(child)
        self.call = field(2, name) + field(3, sha256) + field(4, kernel)
        for key, value in options.items():
            self.call += field(5, field(1, key) + field(2, value))

    def plan(self, session):
        relation = self._create_proto_relation()
        message = field(1, self._child.plan(session).SerializeToString()) + self.call
        relation.extension.CopyFrom(any_pb2.Any(type_url=TYPE, value=message))
        return relation


def map_in_native(frame, name, sha256, kernel, **options):
    node = MapInNative(frame._plan, name, sha256, kernel, options)
    return DataFrame(node, frame._session)


def refusal(action):
    try:
        action()
    except Exception as error:
        return str(error)
    return "it was not refused"


def main(jar, library):
    assert proto.Relation
    folder = tempfile.mkdtemp(prefix="ferrule-warehouse-")
    spark = (
        SparkSession.builder.remote("local[2]")
        .config("spark.jars", jar)
        .config("spark.driver.extraClassPath", jar)
        .config(
            "spark.connect.extensions.relation.classes", "org.ferrule.kernel.MapInNativeRelation"
        )
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", folder)
        .getOrCreate()
    )
    sha256 = hashlib.sha256(pathlib.Path(library).read_bytes()).hexdigest()
    name = f"libwork-{sha256[:12]}.so"
    shipped = shutil.copy(library, pathlib.Path(folder) / name)
    spark.addArtifacts(str(shipped), file=True)
    rows = spark.range(0, 10_000, 1, 3).selectExpr("id", "concat('n', id % 10) s", "id / 2 d")
    scaled = map_in_native(rows, name, sha256, "scale")
    built_in = rows.selectExpr("upper(s) u", "d * 1.5D + id v")
    numbers = spark.range(0, 900, 1, 3).selectExpr("id n")
    options = {"times": "3", "ferrule.batchRows": "100"}
    counted = map_in_native(numbers, name, sha256, "count", **options)
    # as in a declarative pipeline: the input is compared when the plan is resolved
    later = {"ferrule.inputLater": "true"}

    def unknown():
        return map_in_native(spark.table("made_later"), name, sha256, "scale", **later)

    before = refusal(lambda: unknown().collect())
    rows.createOrReplaceTempView("made_later")
    found = {
        "columns": scaled.columns,
        "differing": [scaled.exceptAll(built_in).count(), built_in.exceptAll(scaled).count()],
        "counted": [list(row) for row in counted.collect()],
        "shape": refusal(lambda: map_in_native(numbers, name, sha256, "scale").collect()),
        "checksum": refusal(lambda: map_in_native(rows, name, "0" * 64, "scale").collect()),
        "library": refusal(lambda: map_in_native(rows, "libx.so", sha256, "scale").collect()),
        "before": before,
        "later": [unknown().exceptAll(built_in).count(), built_in.exceptAll(unknown()).count()],
        "later_shape": refusal(
            lambda: map_in_native(numbers, name, sha256, "scale", **later).collect()
        ),
        "later_option": refusal(
            lambda: map_in_native(numbers, name, sha256, "count", times="x", **later).collect()
        ),
    }
    print(json.dumps(found), flush=True)
    spark.stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
