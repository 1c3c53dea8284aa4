"""One Spark 4.1.1, local[2], streaming a subscription (or a Kafka topic) into noop.

usage: scan.py FORMAT CONFIG.json

CONFIG: jars (a comma list), options (of the source), publish (a command that fills the
subscription before each run), messages and payload_bytes of a run, runs, column. Prints
one line of JSON: for the last run, when the JVM is warm, messages, bytes, seconds of the
batches that carried data, cpu_seconds and gc_seconds of this process and its JVM,
max_rss_kb of the JVM.
"""

import json
import subprocess
import sys
import tempfile

from pyspark.sql import SparkSession, functions


def session(jars):
    return (
        SparkSession.builder.master("local[2]")
        .appName("bench")
        .config("spark.jars", jars)
        .config("spark.driver.memory", "4g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.streaming.metricsEnabled", "false")
        .getOrCreate()
    )


class Jvm:
    def __init__(self, spark):
        self.management = spark._jvm.java.lang.management.ManagementFactory
        self.pid = int(spark._jvm.java.lang.ProcessHandle.current().pid())

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def gc_seconds(self):
        beans = self.management.getGarbageCollectorMXBeans()
        return sum(bean.getCollectionTime() for bean in beans) / 1000

    def peak_kb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


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
    spark = session(config["jars"])
    spark.sparkContext.setLogLevel("ERROR")
    if config.get("topic"):
        fill_topic(spark, config)
    result = None
    for _ in range(config["runs"]):
        result = run_once(spark, source, config)
        print(json.dumps(result), file=sys.stderr, flush=True)
        if result["messages"] != config["messages"]:
            sys.exit(f"{result['messages']} messages instead of {config['messages']}")
    print(json.dumps(result), flush=True)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
