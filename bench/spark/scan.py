"""One Spark 4.1.1, local[2], streaming a subscription (or a Kafka topic) into noop.

usage: scan.py FORMAT CONFIG.json

CONFIG: jars (a comma list), options (of the source), publish (a command that fills the
subscription before each run), messages and payload_bytes of a run, runs (warm and
measured), column. Prints one line of JSON: of the measured run in the middle, messages,
bytes, seconds of the batches that carried data, cpu_seconds and gc_seconds of the JVM,
max_rss_kb of the JVM.
"""

import json
import subprocess
import sys
import tempfile

from pyspark.sql import functions
from session import Jvm, local_session

# The log of a query on the local disk forks processes for each file; on a cluster it does not.
# The heap is there from the start: G1 would stay at a quarter of it and collect more often.
CONF = {
    "spark.driver.extraJavaOptions": "-Xms4g",
    "spark.sql.streaming.metricsEnabled": "false",
    "spark.sql.streaming.checkpointFileManagerClass": "org.apache.spark.sql.execution.streaming"
    ".checkpointing.FileSystemBasedCheckpointFileManager",
}


def fill_topic(spark, config):
    """For Kafka: the same payloads once; every run reads them from the beginning."""
    size = config["payload_bytes"]
    random = functions.expr(f"to_binary(repeat(md5(cast(id as string)), {size // 16}), 'hex')")
    (
        spark.range(config["messages"])
        .select(random.alias("value"))
        .write.format("kafka")
        .option("kafka.bootstrap.servers", config["options"]["kafka.bootstrap.servers"])
        .option("kafka.batch.size", 1 << 20)
        .option("kafka.linger.ms", 50)
        .option("topic", config["topic"])
        .save()
    )


def run_once(spark, source, config):
    if config.get("publish"):
        subprocess.run(config["publish"], check=True, stdout=subprocess.DEVNULL)
    jvm = Jvm(spark)
    cpu, gc = jvm.cpu_seconds(), jvm.gc_seconds()
    rows = spark.readStream.format(source).options(**config["options"]).load()
    column = functions.col(config["column"])
    query = (
        rows.select(column)
        .writeStream.format("noop")
        .option("checkpointLocation", tempfile.mkdtemp(prefix="bench-"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(300)
    batches = [p for p in query.recentProgress if p["numInputRows"]]
    messages = sum(p["numInputRows"] for p in batches)
    # waiting for more when nothing is left is not counted
    seconds = sum(p["durationMs"]["triggerExecution"] for p in batches) / 1000
    return {
        "messages": messages,
        "bytes": messages * config["payload_bytes"],
        "seconds": seconds,
        "cpu_seconds": jvm.cpu_seconds() - cpu,
        "gc_seconds": jvm.gc_seconds() - gc,
        "max_rss_kb": jvm.peak_kb(),
        "batches": len(batches),
    }


def main(source, config_path):
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    spark = local_session(config["jars"], CONF)
    if config.get("topic"):
        fill_topic(spark, config)
    warm, measured = config["runs"]["warm"], config["runs"]["measured"]
    results = []
    for _ in range(warm + measured):
        results.append(run_once(spark, source, config))
        print(json.dumps(results[-1]), file=sys.stderr, flush=True)
        if results[-1]["messages"] != config["messages"]:
            sys.exit(f"{results[-1]['messages']} messages instead of {config['messages']}")
    ranked = sorted(results[warm:], key=lambda r: r["seconds"])
    print(json.dumps(ranked[len(ranked) // 2]), flush=True)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
