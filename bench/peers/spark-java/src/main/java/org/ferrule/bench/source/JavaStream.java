package org.ferrule.bench.source;

import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.SupportsTriggerAvailableNow;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** Counts batches; ends an AvailableNow run when nothing has come for a second. */
final class JavaStream implements SupportsTriggerAvailableNow, MicroBatchStream {
  private static final class Batch extends Offset {
    final long number;

    Batch(long number) {
      this.number = number;
    }

    @Override
    public String json() {
      return Long.toString(number);
    }
  }

  private final String host;
  private final String project;
  private final String subscription;
  private final int partitions;
  private final int rows;

  JavaStream(CaseInsensitiveStringMap options) {
    host = options.get("host");
    project = options.get("project");
    subscription = options.get("subscription");
    partitions = options.getInt("partitions", 2);
    rows = options.getInt("rows", 200_000);
  }

  @Override
  public void prepareForTriggerAvailableNow() {}

  @Override
  public Offset initialOffset() {
    return new Batch(0);
  }

  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    Received received = Received.of(host, project, subscription);
    return received.waitForMessages(1000) ? new Batch(((Batch) start).number + 1) : start;
  }

  @Override
  public Offset latestOffset() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Offset deserializeOffset(String json) {
    return new Batch(Long.parseLong(json));
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset end) {
    InputPartition[] planned = new InputPartition[partitions];
    for (int i = 0; i < partitions; i++) {
      planned[i] = new JavaReader.Part(host, project, subscription, rows / partitions);
    }
    return planned;
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new JavaReader.Factory();
  }

  @Override
  public void commit(Offset end) {}

  @Override
  public void stop() {
    Received.of(host, project, subscription).stop();
  }
}
