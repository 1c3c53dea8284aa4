package org.ferrule.spark;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd;
import org.ferrule.FerruleException;
import org.ferrule.internal.Coordinator;
import org.ferrule.internal.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stops the coordinator of a batch read when its query ends, which Spark tells no batch source. */
final class BatchEnd extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(BatchEnd.class);
  private static final Set<BatchEnd> RUNNING = ConcurrentHashMap.newKeySet();
  private static final String EXECUTION_ID = "spark.sql.execution.id";
  private static final long STOP_TIMEOUT_MS = 30_000;

  private final Coordinator coordinator;
  private final String subscription;
  private final SparkContext context;
  /** Null for a plan that was only explained, or runs outside of a query: cached, as an RDD. */
  private final String executionId;

  private BatchEnd(Coordinator coordinator, String subscription, SparkContext context) {
    this.coordinator = coordinator;
    this.subscription = subscription;
    this.context = context;
    this.executionId = context.getLocalProperty(EXECUTION_ID);
  }

  static BatchEnd watch(Coordinator coordinator, String subscription) {
    SparkContext context = SparkContext.getOrCreate();
    BatchEnd end = new BatchEnd(coordinator, subscription, context);
    RUNNING.add(end);
    context.addSparkListener(end);
    return end;
  }

  /**
   * Stops the reads of a subscription that are over though their event has not come yet, and those
   * of plans that nobody ran: a new read must not be taken for a second one beside them.
   */
  static void stopFinished(String subscription) {
    for (BatchEnd end : RUNNING) {
      if (end.subscription.equals(subscription) && end.isOver()) {
        end.stop();
      }
    }
  }

  private boolean isOver() {
    if (executionId != null) {
      return SQLExecution.getQueryExecution(Long.parseLong(executionId)) == null;
    }
    return has("executors", 0) || has("unreadPartitions", 0);
  }

  private boolean has(String figure, long value) {
    try {
      return Long.valueOf(value).equals(
          ((Map<?, ?>) Json.parse(coordinator.metrics())).get(figure));
    } catch (IllegalStateException closed) {
      return true;
    }
  }

  /** Rows are given once: whose every partition was read is over, though a cache keeps them. */
  @Override
  public void onJobEnd(SparkListenerJobEnd end) {
    if (executionId == null && has("unreadPartitions", 0)) {
      stopAside();
    }
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof SparkListenerSQLExecutionEnd) {
      long ended = ((SparkListenerSQLExecutionEnd) event).executionId();
      if (Long.toString(ended).equals(executionId)) {
        stopAside();
      }
    }
  }

  /** Acks and nacks take a while, and all listeners share their thread. */
  private void stopAside() {
    Thread thread = new Thread(this::stop, "ferrule-batch-end");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd event) {
    stop();
  }

  /** Gives back what was not acked; returns when that is done. May be called again. */
  void stop() {
    context.removeSparkListener(this);
    try {
      coordinator.stop(null, STOP_TIMEOUT_MS);
    } catch (FerruleException e) {
      LOG.warn("ending the read of {}: {}", subscription, e.getMessage());
    }
    RUNNING.remove(this);
  }
}
