package org.ferrule.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/**
 * What the coordinator knows of a stream, for Spark's UI, since Spark 3.4. Spark makes these classes
 * by name, so they are public. What is not known is not shown.
 */
public final class StreamMetrics {
  private StreamMetrics() {}

  static List<CustomMetric> all() {
    List<CustomMetric> out = new ArrayList<>();
    out.add(new HeldMessages());
    out.add(new HeldBytes());
    out.add(new OldestMessage());
    out.add(new ReceivedMessages());
    out.add(new ReceivedBytes());
    out.add(new ExtendedLeases());
    out.add(new ExpiredLeases());
    out.add(new RedeliveredMessages());
    out.add(new ReopenedStreams());
    return out;
  }

  /** Those of the coordinator's figures that have a metric. */
  static CustomTaskMetric[] valuesOf(Map<String, String> figures) {
    List<CustomTaskMetric> out = new ArrayList<>();
    for (CustomMetric metric : all()) {
      String value = figures.get(metric.name());
      if (value != null) {
        out.add(new MetricValue(metric.name(), Long.parseLong(value)));
      }
    }
    return out.toArray(new CustomTaskMetric[0]);
  }

  /** A figure of the whole stream, told by the driver alone. */
  abstract static class Figure extends NamedMetric {
    Figure(String name, String description) {
      super(name, description);
    }

    @Override
    public String aggregateTaskMetrics(long[] values) {
      return Long.toString(LongStream.of(values).max().orElse(0));
    }
  }

  public static final class HeldMessages extends Figure {
    public HeldMessages() {
      super("heldMessages", "messages held, waiting or read (leases)");
    }
  }

  public static final class HeldBytes extends Figure {
    public HeldBytes() {
      super("heldBytes", "native bytes of messages held");
    }
  }

  public static final class OldestMessage extends Figure {
    public OldestMessage() {
      super("oldestMessageMs", "age of the oldest waiting message (ms)");
    }
  }

  public static final class ReceivedMessages extends Figure {
    public ReceivedMessages() {
      super("receivedMessages", "messages received since the start");
    }
  }

  public static final class ReceivedBytes extends Figure {
    public ReceivedBytes() {
      super("receivedBytes", "payload bytes received since the start");
    }
  }

  public static final class ExtendedLeases extends Figure {
    public ExtendedLeases() {
      super("extendedLeases", "leases extended since the start");
    }
  }

  public static final class ExpiredLeases extends Figure {
    public ExpiredLeases() {
      super("expiredLeases", "leases expired since the start");
    }
  }

  public static final class RedeliveredMessages extends Figure {
    public RedeliveredMessages() {
      super("redeliveredMessages", "messages delivered again since the start");
    }
  }

  public static final class ReopenedStreams extends Figure {
    public ReopenedStreams() {
      super("reopenedStreams", "streams opened again since the start");
    }
  }
}
