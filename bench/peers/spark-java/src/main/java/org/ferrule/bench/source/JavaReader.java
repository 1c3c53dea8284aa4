package org.ferrule.bench.source;

import com.google.pubsub.v1.PubsubMessage;
import java.io.IOException;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.unsafe.types.UTF8String;

/** Messages as rows, one object each. */
final class JavaReader implements PartitionReader<InternalRow> {
  static final class Part implements InputPartition {
    final String host;
    final String project;
    final String subscription;
    final int rows;

    Part(String host, String project, String subscription, int rows) {
      this.host = host;
      this.project = project;
      this.subscription = subscription;
      this.rows = rows;
    }
  }

  static final class Factory implements PartitionReaderFactory {
    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      return new JavaReader((Part) partition);
    }
  }

  private static final long IDLE_MS = 50;
  private final Received received;
  private int left;
  private PubsubMessage message;

  private JavaReader(Part part) {
    received = Received.of(part.host, part.project, part.subscription);
    left = part.rows;
  }

  @Override
  public boolean next() throws IOException {
    if (left-- <= 0) return false;
    try {
      message = received.next(IDLE_MS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return message != null;
  }

  @Override
  public InternalRow get() {
    Map<String, String> attributes = message.getAttributesMap();
    Object[] keys = new Object[attributes.size()];
    Object[] values = new Object[attributes.size()];
    int i = 0;
    for (Map.Entry<String, String> e : attributes.entrySet()) {
      keys[i] = UTF8String.fromString(e.getKey());
      values[i++] = UTF8String.fromString(e.getValue());
    }
    return new GenericInternalRow(
        new Object[] {
          UTF8String.fromString(message.getMessageId()),
          message.getPublishTime().getSeconds() * 1_000_000L
              + message.getPublishTime().getNanos() / 1000,
          message.getData().toByteArray(),
          new ArrayBasedMapData(new GenericArrayData(keys), new GenericArrayData(values)),
          UTF8String.fromString(message.getOrderingKey())
        });
  }

  @Override
  public void close() {}
}
