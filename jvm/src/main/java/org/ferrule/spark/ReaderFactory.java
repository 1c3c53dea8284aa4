package org.ferrule.spark;

import org.apache.spark.SparkEnv;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.ferrule.FerruleException;
import org.ferrule.internal.PartitionScan;

/** Makes a reader of columns for each partition, in the executor. */
final class ReaderFactory implements PartitionReaderFactory {
  private static final long serialVersionUID = 1L;

  private static final String ONCE = "a batch read gives its rows once";

  private final ScanLayout layout;
  private final boolean readsOnce;

  ReaderFactory(ScanLayout layout, boolean readsOnce) {
    this.layout = layout;
    this.readsOnce = readsOnce;
  }

  @Override
  public boolean supportColumnarReads(InputPartition partition) {
    return true;
  }

  @Override
  public PartitionReader<InternalRow> createReader(InputPartition partition) {
    throw new UnsupportedOperationException(PubSubSource.NAME + " gives columns, not rows");
  }

  @Override
  public PartitionReader<ColumnarBatch> createColumnarReader(InputPartition partition) {
    PartitionScan scan = open(((PubSubPartition) partition).text);
    try {
      return new ColumnReader(scan, layout);
    } catch (RuntimeException e) {
      scan.close();
      throw e;
    }
  }

  private PartitionScan open(String partition) {
    SparkEnv env = SparkEnv.get();
    String host = env.blockManager().blockManagerId().host();
    try {
      return PartitionScan.open(partition, env.executorId(), host);
    } catch (FerruleException e) {
      throw readsOnce && mayBeOver(e) ? over(e) : e;
    }
  }

  /** The coordinator of a read that is over ends, or has ended: nobody else can tell. */
  private static boolean mayBeOver(FerruleException e) {
    boolean told = e.getMessage().contains(ONCE);
    int code = e.code();
    return !told
        && (code == FerruleException.STATE
            || code == FerruleException.CLOSED
            || code == FerruleException.UNAVAILABLE);
  }

  private static RuntimeException over(FerruleException e) {
    return new IllegalStateException(
        ONCE
            + ", and this one is over, or its driver is not reached: cache() the frame before what"
            + " reads it twice, such as a second action on its RDD ("
            + e.getMessage()
            + ")",
        e);
  }
}
