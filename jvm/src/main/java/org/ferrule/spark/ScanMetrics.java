package org.ferrule.spark;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.ferrule.internal.PartitionScan;

/** What tasks show in Spark's UI. Spark makes these classes by name, so they are public. */
public final class ScanMetrics {
  private static final long NS_PER_MS = 1_000_000;

  private ScanMetrics() {}

  static List<CustomMetric> all() {
    return Arrays.asList(
        new BytesIn(),
        new MessagesIn(),
        new DroppedRows(),
        new CorruptRows(),
        new DecodeTime(),
        new WaitTime(),
        new RelayedPartitions());
  }

  static CustomTaskMetric[] valuesOf(PartitionScan.Stats stats) {
    return new CustomTaskMetric[] {
      new MetricValue(BytesIn.NAME, stats.bytes),
      new MetricValue(MessagesIn.NAME, stats.rows),
      new MetricValue(DroppedRows.NAME, stats.droppedRows),
      new MetricValue(CorruptRows.NAME, stats.corruptRows),
      new MetricValue(DecodeTime.NAME, stats.decodeNs / NS_PER_MS),
      new MetricValue(WaitTime.NAME, stats.waitNs / NS_PER_MS),
      new MetricValue(RelayedPartitions.NAME, stats.relayed ? 1 : 0)
    };
  }

  /** A sum over tasks. */
  abstract static class Sum extends NamedMetric {
    Sum(String name, String description) {
      super(name, description);
    }

    @Override
    public String aggregateTaskMetrics(long[] values) {
      return Long.toString(LongStream.of(values).sum());
    }
  }

  public static final class BytesIn extends Sum {
    static final String NAME = "bytesIn";

    public BytesIn() {
      super(NAME, "native bytes handed to Spark");
    }
  }

  public static final class MessagesIn extends Sum {
    static final String NAME = "messagesIn";

    public MessagesIn() {
      super(NAME, "messages handed to Spark");
    }
  }

  public static final class DroppedRows extends Sum {
    static final String NAME = "droppedRows";

    public DroppedRows() {
      super(NAME, "messages dropped as malformed");
    }
  }

  public static final class CorruptRows extends Sum {
    static final String NAME = "corruptRows";

    public CorruptRows() {
      super(NAME, "messages kept as corrupt records");
    }
  }

  public static final class DecodeTime extends Sum {
    static final String NAME = "decodeMs";

    public DecodeTime() {
      super(NAME, "time decoding payloads (ms)");
    }
  }

  public static final class WaitTime extends Sum {
    static final String NAME = "waitMs";

    public WaitTime() {
      super(NAME, "time waiting for messages (ms)");
    }
  }

  public static final class RelayedPartitions extends Sum {
    static final String NAME = "relayedPartitions";

    public RelayedPartitions() {
      super(NAME, "partitions read from another executor");
    }
  }
}
