"""The native library in the JVM: copies of it, and what it holds."""

import os

import pytest
from streams import Collected, numbered, reader, wait_until


@pytest.mark.matrix
def test_two_class_loaders_share_one_core(spark, subscription, start):
    subscription.publish(numbered(1000))
    collected = Collected()
    query = start(reader(spark, subscription).writeStream.foreachBatch(collected))
    wait_until(lambda: len(collected.rows) == 1000)
    jvm = spark.sparkContext._jvm
    first = jvm.org.ferrule.internal.PartitionScan
    urls = spark.sparkContext._gateway.new_array(jvm.java.net.URL, 1)
    urls[0] = jvm.java.io.File(os.environ["FERRULE_JAR"]).toURI().toURL()
    parent = jvm.java.lang.ClassLoader.getSystemClassLoader()
    loader = jvm.java.net.URLClassLoader(urls, parent)
    second = loader.loadClass("org.ferrule.internal.PartitionScan")
    process_bytes = second.getMethod("processBytes", None)
    subscription.publish([b"x" * 1000] * 1000)
    wait_until(lambda: first.processBytes() > 0)
    held = wait_until(lambda: process_bytes.invoke(None, None))
    assert held > 0, "the copy of another class loader counts what the first one holds"
    query.stop()
    wait_until(lambda: first.processBytes() == 0)
    assert process_bytes.invoke(None, None) == 0
