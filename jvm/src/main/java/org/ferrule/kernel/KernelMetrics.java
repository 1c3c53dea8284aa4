package org.ferrule.kernel;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import org.ferrule.internal.KernelRun;

/** What a kernel's node shows in Spark's UI, summed over its tasks. */
final class KernelMetrics implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final long NS_PER_MS = 1_000_000;

  private final SQLMetric rowsIn;
  private final SQLMetric rowsOut;
  private final SQLMetric batchesIn;
  private final SQLMetric batchesOut;
  private final SQLMetric bytesIn;
  private final SQLMetric kernelMs;
  private final SQLMetric checkMs;
  private final SQLMetric rowsMs;

  private KernelMetrics(SparkContext context) {
    rowsIn = SQLMetrics.createMetric(context, "rows into the kernel");
    rowsOut = SQLMetrics.createMetric(context, "number of output rows");
    batchesIn = SQLMetrics.createMetric(context, "batches into the kernel");
    batchesOut = SQLMetrics.createMetric(context, "batches out of the kernel");
    bytesIn = SQLMetrics.createMetric(context, "bytes of rows into the kernel");
    kernelMs = SQLMetrics.createMetric(context, "time in the kernel (ms)");
    checkMs = SQLMetrics.createMetric(context, "time checking its output (ms)");
    rowsMs = SQLMetrics.createMetric(context, "time between rows and batches (ms)");
  }

  static KernelMetrics of(SparkContext context) {
    return new KernelMetrics(context);
  }

  scala.collection.immutable.Map<String, SQLMetric> asMap() {
    Map<String, SQLMetric> all = new LinkedHashMap<>();
    all.put("numInputRows", rowsIn);
    all.put("numOutputRows", rowsOut);
    all.put("numInputBatches", batchesIn);
    all.put("numOutputBatches", batchesOut);
    all.put("inputBytes", bytesIn);
    all.put("kernelMs", kernelMs);
    all.put("checkMs", checkMs);
    all.put("rowsMs", rowsMs);
    return ScalaLists.map(all);
  }

  /** What one task did, once. */
  void add(KernelRun.Stats stats, long bytes) {
    rowsIn.add(stats.rowsIn);
    rowsOut.add(stats.rowsOut);
    batchesIn.add(stats.batchesIn);
    batchesOut.add(stats.batchesOut);
    bytesIn.add(bytes);
    kernelMs.add(stats.kernelNs / NS_PER_MS);
    checkMs.add(stats.checkNs / NS_PER_MS);
    rowsMs.add(stats.rowsNs / NS_PER_MS);
  }
}
