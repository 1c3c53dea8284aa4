package org.ferrule.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.types.StructType;

/** One use of the table by a query. */
final class PubSubScan implements Scan {
  private final Table table;
  private final PubSubSchema schema;
  private final StructType required;
  private Batch batch;
  private volatile PubSubStream stream;

  PubSubScan(Table table, PubSubSchema schema, StructType required) {
    this.table = table;
    this.schema = schema;
    this.required = required;
  }

  @Override
  public StructType readSchema() {
    return required;
  }

  @Override
  public String description() {
    return PubSubSource.NAME + " " + schema.options.subscription();
  }

  @Override
  public CustomMetric[] supportedCustomMetrics() {
    List<CustomMetric> all = new ArrayList<>(ScanMetrics.all());
    all.addAll(StreamMetrics.all());
    return all.toArray(new CustomMetric[0]);
  }

  /** Called since Spark 3.4, when a batch begins to run. */
  public CustomTaskMetric[] reportDriverMetrics() {
    PubSubStream running = stream;
    return running == null
        ? new CustomTaskMetric[0]
        : StreamMetrics.valuesOf(running.metrics(Optional.empty()));
  }

  /** Spark copies the operator that asks, so it asks more than once for what is one read. */
  @Override
  public synchronized Batch toBatch() {
    if (batch == null) {
      schema.options.checkAcknowledge(false);
      batch = new PubSubBatch(schema, ScanLayout.of(required, column -> true));
    }
    return batch;
  }

  @Override
  public MicroBatchStream toMicroBatchStream(String checkpointLocation) {
    RunningQuery query = RunningQuery.ofThisThread();
    query.refuseAsyncProgress();
    ScanLayout layout = ScanLayout.of(schema.all(), query.columnsRead(table));
    stream = new PubSubStream(schema, layout, checkpointLocation);
    return stream;
  }
}
