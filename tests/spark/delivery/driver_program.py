"""A Spark driver as a process of its own, told line by line what to do.

usage: driver_program.py CONFIG

CONFIG, in JSON: master, conf, hosts (a cluster of one worker on each of these hosts instead of the
master). Each line of standard input is a JSON object: do, and what it needs; each line of
standard output answers one with {"ok": ...} or {"error": text}.
"""

import json
import os
import sys
import threading

import shapes
import sinks
from pyspark import SparkConf, SparkContext, cloudpickle
from pyspark.sql import SparkSession


def cluster_on(hosts, conf):
    """Master and workers in this JVM, as local-cluster does it, but with several host names."""
    SparkContext._ensure_initialized(conf=conf)
    jvm = SparkContext._jvm
    deploy = jvm.org.apache.spark.deploy
    own = jvm.org.apache.spark.SparkConf()
    none = jvm.scala.Option.empty()
    master = deploy.master.Master.startRpcEnvAndEndpoint("127.0.0.1", 0, 0, own)._1()
    url = f"spark://127.0.0.1:{master.address().port()}"
    urls = SparkContext._gateway.new_array(jvm.java.lang.String, 1)
    urls[0] = url
    for number, host in enumerate(hosts):
        deploy.worker.Worker.startRpcEnvAndEndpoint(
            host, 0, 0, 1, 1024, urls, None, jvm.scala.Option.apply(number), own, none
        )
    return url


class Queries:
    def __init__(self, config):
        conf = SparkConf().setAll(config["conf"].items())
        master = cluster_on(config["hosts"], conf) if config["hosts"] else config["master"]
        self.spark = SparkSession.builder.master(master).config(conf=conf).getOrCreate()
        self.jvm = self.spark._jvm
        self.running = {}

    def hello(self):
        return {"pids": [os.getpid(), self.jvm.java.lang.ProcessHandle.current().pid()]}

    def start(self, name, source, shape, sink, trigger, checkpoint, schema=None):
        reader = self.spark.readStream.format("pubsub-native").options(**source)
        if schema:
            reader = reader.schema(schema)
        frame = getattr(shapes, shape[0])(reader.load(), **shape[1])
        writer = getattr(sinks, sink[0])(frame, **sink[1])
        writer = writer.option("checkpointLocation", checkpoint).trigger(**trigger)
        self.running[name] = writer.start()

    def wait(self, name, limit_s):
        """Whether it ended, and of what."""
        query = self.running[name]
        try:
            return {"ended": query.awaitTermination(limit_s), "failure": None}
        except Exception as failure:
            return {"ended": True, "failure": str(failure)}

    def stop(self, name):
        self.running[name].stop()

    def stop_all(self):
        for query in self.spark.streams.active:
            query.stop()

    def progress(self, name):
        return [json.loads(p.json) for p in self.running[name].recentProgress]

    def executors(self):
        return len(self.spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1


def serve(config, lines, answers):
    queries = Queries(config)
    for line in lines:
        command = json.loads(line)
        try:
            answer = {"ok": getattr(queries, command.pop("do"))(**command)}
        except Exception as failure:
            answer = {"error": f"{type(failure).__name__}: {failure}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main():
    # what Spark prints must not get between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for module in (shapes, sinks):
        cloudpickle.register_pickle_by_value(module)
    serve(json.loads(sys.argv[1]), sys.stdin, answers)
    # the end of the input is the end of the driver, whatever still runs
    threading.Timer(10, os._exit, [1]).start()
    SparkSession.getActiveSession() and SparkSession.getActiveSession().stop()
    os._exit(0)


if __name__ == "__main__":
    main()
