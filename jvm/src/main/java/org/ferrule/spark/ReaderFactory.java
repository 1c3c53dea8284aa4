package org.ferrule.spark;

import org.apache.spark.SparkEnv;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.ferrule.internal.PartitionScan;

/** Makes a reader of columns for each partition, in the executor. */
final class ReaderFactory implements PartitionReaderFactory {
  private static final long serialVersionUID = 1L;

  private final ScanLayout layout;

  ReaderFactory(ScanLayout layout) {
    this.layout = layout;
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
    SparkEnv env = SparkEnv.get();
    String host = env.blockManager().blockManagerId().host();
    PartitionScan scan =
        PartitionScan.open(((PubSubPartition) partition).text, env.executorId(), host);
    try {
      return new ColumnReader(scan, layout);
    } catch (RuntimeException e) {
      scan.close();
      throw e;
    }
  }
}
