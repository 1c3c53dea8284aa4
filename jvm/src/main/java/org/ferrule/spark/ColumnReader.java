package org.ferrule.spark;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.ferrule.arrow.ArrowTypes;
import org.ferrule.arrow.MissingColumnVector;
import org.ferrule.arrow.NativeBatch;
import org.ferrule.internal.NativeArray;
import org.ferrule.internal.PartitionScan;
import org.ferrule.internal.Reaper;

/**
 * Reads one partition batch by batch. A batch's memory is given back when the next one is asked for
 * or the reader is closed.
 */
final class ColumnReader implements PartitionReader<ColumnarBatch> {
  /** How long a native call waits before it is looked whether the task was killed. */
  private static final long POLL_MS = 100;

  private final PartitionScan scan;
  private final ScanLayout layout;
  private final TaskContext task;
  private Thread reader;
  private NativeArray array;
  private ColumnarBatch batch;
  private PartitionScan.Stats lastStats;

  ColumnReader(PartitionScan scan, ScanLayout layout) {
    this.scan = scan;
    this.layout = layout;
    this.task = TaskContext.get();
    String differs = scan.withSchema(schema -> ArrowTypes.check(layout.built, schema));
    if (differs != null) {
      throw new IllegalStateException(
          PubSubSource.NAME + ": the native library gives other columns than planned: " + differs);
    }
  }

  @Override
  public boolean next() {
    reader = Thread.currentThread();
    release();
    NativeArray into = new NativeArray();
    boolean filled = false;
    try {
      filled = fill(into);
    } finally {
      if (!filled) {
        into.close();
      }
    }
    if (filled) {
      array = into;
      batch = columns(into.address());
    }
    return filled;
  }

  private boolean fill(NativeArray into) {
    while (true) {
      switch (scan.next(into, POLL_MS)) {
        case BATCH:
          return true;
        case END:
          return false;
        default:
          if (task != null && task.isInterrupted()) {
            throw new TaskKilledException("killed while waiting for messages");
          }
      }
    }
  }

  private ColumnarBatch columns(long address) {
    int rows = NativeBatch.rows(address);
    ColumnVector[] built = NativeBatch.columns(layout.built, address);
    StructField[] counted = layout.counted.fields();
    ColumnVector[] all = new ColumnVector[counted.length];
    for (int i = 0; i < all.length; i++) {
      all[i] =
          layout.isBuilt(i)
              ? built[layout.sourceOf(i)]
              : new MissingColumnVector(counted[i].dataType(), rows);
    }
    return new ColumnarBatch(all, rows);
  }

  @Override
  public ColumnarBatch get() {
    return batch;
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    PartitionScan.Stats stats = lastStats == null ? scan.stats() : lastStats;
    return ScanMetrics.valuesOf(stats);
  }

  @Override
  public void close() {
    if (lastStats == null) {
      lastStats = scan.stats();
    }
    release();
    scan.close();
  }

  private void release() {
    NativeArray releasing = array;
    if (releasing == null) {
      return;
    }
    array = null;
    if (Thread.currentThread() == reader) {
      releasing.close();
    } else {
      // a task that feeds a Python worker may still be reading in a thread of its own
      Reaper.whenUnreachable(batch, releasing::close);
    }
    batch = null;
  }
}
