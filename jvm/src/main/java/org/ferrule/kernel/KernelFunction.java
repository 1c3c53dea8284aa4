package org.ferrule.kernel;

import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import org.ferrule.internal.Kernel;
import org.ferrule.internal.KernelRun;

/** What a task runs: a kernel over the rows of one partition. */
final class KernelFunction implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {
  private static final long serialVersionUID = 1L;

  private final KernelCall call;
  private final KernelMetrics metrics;

  KernelFunction(KernelCall call, KernelMetrics metrics) {
    this.call = call;
    this.metrics = metrics;
  }

  @Override
  public Iterator<InternalRow> call(Iterator<InternalRow> rows) {
    InputColumns columns = InputColumns.taken(call);
    KernelRun run = columns == null ? open(call) : columns.run();
    KernelRows out = new KernelRows(rows, columns, run, call, metrics);
    TaskContext task = TaskContext.get();
    if (task != null) {
      // a task may end before its rows do
      task.addTaskCompletionListener((TaskCompletionListener) ended -> out.close());
    }
    return out;
  }

  static KernelRun open(KernelCall call) {
    try (Kernel kernel = Kernel.load(call.library.verifiedPath(), call.kernel)) {
      return kernel.open(call.options);
    }
  }
}
