package org.ferrule.spark;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReportsSourceMetrics;
import org.apache.spark.sql.connector.read.streaming.SupportsTriggerAvailableNow;
import org.ferrule.FerruleException;
import org.ferrule.internal.Coordinator;
import org.ferrule.internal.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription as a stream: hands every decision to the native coordinator. */
final class PubSubStream
    implements MicroBatchStream, SupportsTriggerAvailableNow, ReportsSourceMetrics {
  private static final Logger LOG = LoggerFactory.getLogger(PubSubStream.class);
  private static final long STOP_TIMEOUT_MS = 30_000;
  /** Ends that may be the last committed one: Spark runs one batch ahead of its log. */
  private static final int ENDS_KEPT = 4;

  private final PubSubSchema schema;
  private final ScanLayout layout;
  private final String checkpointLocation;
  private final Coordinator coordinator;
  private final Deque<String> ends = new ArrayDeque<>();
  private boolean asked;

  PubSubStream(PubSubSchema schema, ScanLayout layout, String checkpointLocation) {
    schema.options.checkAcknowledge(true);
    this.schema = schema;
    this.layout = layout;
    this.checkpointLocation = checkpointLocation;
    this.coordinator = Coordinators.forStream(schema, layout);
  }

  @Override
  public Offset initialOffset() {
    return new PubSubOffset(coordinator.initialOffset());
  }

  @Override
  public Offset deserializeOffset(String json) {
    return new PubSubOffset(json);
  }

  @Override
  public ReadLimit getDefaultReadLimit() {
    long rows = schema.options.maxRowsPerBatch();
    return rows == 0 ? ReadLimit.allAvailable() : ReadLimit.maxRows(rows);
  }

  @Override
  public void prepareForTriggerAvailableNow() {
    coordinator.drain();
  }

  @Override
  public Offset latestOffset() {
    throw new UnsupportedOperationException("Spark calls latestOffset(start, limit) instead");
  }

  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    Limits limits = Limits.of(limit);
    boolean first = !asked;
    asked = true;
    String end =
        coordinator.latestOffset(
            start == null ? null : start.json(),
            limits.rows(),
            limits.bytes(),
            Cluster.executors(),
            Cluster.cores(),
            first);
    return new PubSubOffset(end);
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset end) {
    remember(end.json());
    return PubSubPartition.fromPlan(coordinator.plan(start.json(), end.json()));
  }

  private void remember(String end) {
    synchronized (ends) {
      if (!end.equals(ends.peekFirst())) {
        ends.addFirst(end);
      }
      while (ends.size() > ENDS_KEPT) {
        ends.removeLast();
      }
    }
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new ReaderFactory(layout, false);
  }

  @Override
  public void commit(Offset end) {
    coordinator.commit(end.json());
  }

  @Override
  public Map<String, String> metrics(Optional<Offset> latestConsumed) {
    Map<String, String> out = new LinkedHashMap<>();
    try {
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) Json.parse(coordinator.metrics())).entrySet()) {
        out.put(entry.getKey().toString(), String.valueOf(entry.getValue()));
      }
    } catch (FerruleException | IllegalStateException e) {
      LOG.warn("no metrics of {}: {}", schema.options.subscription(), e.getMessage());
      return Collections.emptyMap();
    }
    return out;
  }

  /** Acks the last batch where Spark's log has it: no other call may come to tell so. */
  @Override
  public void stop() {
    // an interrupt that ended the query must not end the acks
    boolean interrupted = Thread.interrupted();
    try {
      coordinator.stop(committedEnd(), STOP_TIMEOUT_MS);
    } catch (FerruleException e) {
      LOG.warn(
          "stopping the stream of {}: {}; messages whose ack got lost come again",
          schema.options.subscription(),
          e.getMessage());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private String committedEnd() {
    Deque<String> planned;
    synchronized (ends) {
      planned = new ArrayDeque<>(ends);
    }
    if (planned.isEmpty()) {
      return null;
    }
    try {
      return new CommitLog(
              checkpointLocation, SparkContext.getOrCreate().hadoopConfiguration())
          .committedOf(planned);
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "the commit log beside {} cannot be read: {}; the messages of the last batch come again",
          checkpointLocation,
          e.toString());
      return null;
    }
  }
}
