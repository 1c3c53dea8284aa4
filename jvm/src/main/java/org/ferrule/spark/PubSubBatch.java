package org.ferrule.spark;

import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.ferrule.internal.Coordinator;
import org.ferrule.internal.Reaper;

/** Reads what waits on a subscription now, once. */
final class PubSubBatch implements Batch {
  private final PubSubSchema schema;
  private final ScanLayout layout;
  private InputPartition[] partitions;

  PubSubBatch(PubSubSchema schema, ScanLayout layout) {
    this.schema = schema;
    this.layout = layout;
  }

  /** Spark asks while it plans, so for an explain too; nothing is leased before a task reads. */
  @Override
  public synchronized InputPartition[] planInputPartitions() {
    if (partitions == null) {
      BatchEnd.stopFinished(schema.options.subscription());
      Coordinator coordinator = Coordinators.forBatch(schema, layout);
      BatchEnd end = BatchEnd.watch(coordinator, schema.options.subscription());
      Reaper.whenUnreachable(this, end::stop);
      partitions = plan(coordinator);
    }
    return partitions;
  }

  private static InputPartition[] plan(Coordinator coordinator) {
    String start = coordinator.initialOffset();
    String end =
        coordinator.latestOffset(start, 0, 0, Cluster.executors(), Cluster.cores(), true);
    return start.equals(end)
        ? new InputPartition[0]
        : PubSubPartition.fromPlan(coordinator.plan(start, end));
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new ReaderFactory(layout, true);
  }
}
