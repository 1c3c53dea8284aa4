"""A Structured Streaming query from Pub/Sub to Parquet, with a result table.

Usage: stream.py --jar JAR --emulator HOST:PORT --project P --subscription S
                 --output FOLDER --checkpoint FOLDER
"""

import argparse
import sys
import threading
import time

from flights import DDL
from pyspark.sql import SparkSession, functions


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("jar", "emulator", "project", "subscription", "output", "checkpoint"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


def session(jar):
    return (
        SparkSession.builder.appName("flights")
        .config("spark.jars", jar)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def flights(spark, options):
    return (
        spark.readStream.format("pubsub-native")
        .schema(DDL)
        .option("projectId", options.project)
        .option("subscriptionId", options.subscription)
        .option("emulatorHost", options.emulator)
        .option("payloadFormat", "json")
        .option("drainIdleMs", 1000)
        .load()
    )


class Progress(threading.Thread):
    """A line every second: messages, MB/s, backlog."""

    def __init__(self, query):
        super().__init__(daemon=True)
        self.query = query
        self.batches = {}

    def totals(self):
        for p in self.query.recentProgress:
            self.batches[p["batchId"]] = p
        rows = sum(p["numInputRows"] for p in self.batches.values())
        metrics = {}
        for p in sorted(self.batches.values(), key=lambda p: p["batchId"]):
            metrics.update(p["sources"][0].get("metrics") or {})
        return rows, metrics

    def line(self, started):
        rows, metrics = self.totals()
        seconds = time.monotonic() - started
        text = f"  {seconds:5.1f} s  {rows:9,} messages in {len(self.batches)} batches"
        if "receivedBytes" in metrics:
            text += f"  {float(metrics['receivedBytes']) / 1e6 / seconds:7.1f} MB/s"
        if "waitingMessages" in metrics:
            text += f"  backlog {int(float(metrics['waitingMessages'])):,}"
        print(text, flush=True)

    def run(self):
        started = time.monotonic()
        while self.query.isActive:
            self.line(started)
            time.sleep(1)
        self.line(started)


def main():
    options = arguments()
    spark = session(options.jar)
    spark.sparkContext.setLogLevel("ERROR")
    query = (
        flights(spark, options)
        .writeStream.format("parquet")
        .option("path", options.output)
        .option("checkpointLocation", options.checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    progress = Progress(query)
    progress.start()
    query.awaitTermination()
    progress.join()
    (
        spark.read.parquet(options.output)
        .groupBy("carrier")
        .agg(
            functions.count("*").alias("flights"),
            functions.round(functions.avg("dep_delay"), 1).alias("dep_delay_min"),
            functions.round(functions.avg("arr_delay"), 1).alias("arr_delay_min"),
        )
        .orderBy(functions.desc("arr_delay_min"))
        .show(20)
    )
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
