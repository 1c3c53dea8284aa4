package org.ferrule.spark;

import java.util.function.IntPredicate;
import org.apache.spark.sql.connector.catalog.Table;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streaming query for which this thread works: Spark's StreamExecution, which a source is not
 * told of. It lies in other packages in other versions, so it is asked by reflection, and where that
 * fails nothing is known of it.
 */
final class RunningQuery {
  private static final Logger LOG = LoggerFactory.getLogger(RunningQuery.class);

  private final Object execution;

  private RunningQuery(Object execution) {
    this.execution = execution;
  }

  /** Spark calls a source in the query's own thread, an inner class of the execution. */
  static RunningQuery ofThisThread() {
    Object execution = null;
    try {
      execution = Reflect.field(Thread.currentThread(), "$outer");
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.info("the running query cannot be asked: {}", e.toString());
    }
    return new RunningQuery(execution);
  }

  /** Its offsets are written after their batch began: no batch would be known as committed. */
  void refuseAsyncProgress() {
    if (execution != null
        && execution.getClass().getSimpleName().startsWith("AsyncProgressTracking")) {
      throw new UnsupportedOperationException(
          PubSubSource.NAME + ": asyncProgressTrackingEnabled is not supported, since messages are"
              + " acked by Spark's commits in their order; remove this option of writeStream");
    }
  }

  /**
   * Positions of the columns of a table that the query reads, hidden ones behind the visible.
   *
   * <p>Spark tells a stream's scan nothing of this, so its optimizer is asked which columns it would
   * keep. In doubt: all.
   */
  IntPredicate columnsRead(Table table) {
    if (execution != null) {
      try {
        return new ColumnsRead(execution).of(table);
      } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
        LOG.info("columns are not pruned: {}", e.toString());
      }
    }
    return column -> true;
  }
}
