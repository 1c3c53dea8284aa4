package org.ferrule.kernel;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.ferrule.internal.Kernel;
import org.ferrule.spark.Reflect;

/** Puts a kernel into a query, in the driver. */
public final class NativeMap {
  private NativeMap() {}

  public static Dataset<Row> over(
      Dataset<Row> rows, String library, String kernel, Map<String, String> options) {
    SparkSession session = rows.sparkSession();
    try {
      LogicalPlan child = (LogicalPlan) Reflect.call(rows, "logicalPlan");
      ShippedLibrary shipped = ShippedLibrary.of(session.sparkContext(), library);
      return rowsOf(session, plan(session, child, shipped, kernel, options, false));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no Spark that kernels are known to run in: " + e, e);
    }
  }

  /** The node over a plan that Spark has not looked at yet; later: nor is made to here. */
  static LogicalPlan overUnresolved(
      SparkSession session,
      LogicalPlan child,
      ShippedLibrary library,
      String kernel,
      Map<String, String> options,
      boolean later)
      throws ReflectiveOperationException {
    if (later) {
      return plan(session, child, library, kernel, options, true);
    }
    LogicalPlan resolved = (LogicalPlan) Reflect.call(rowsOf(session, child), "logicalPlan");
    return plan(session, resolved, library, kernel, options, false);
  }

  /** The call over these columns, which may be wrong for it. */
  static KernelCall checked(KernelCall call, StructType input) {
    try (Kernel kernel = Kernel.load(call.library.verifiedPath(), call.kernel)) {
      check(kernel, input, SQLConf.get().caseSensitiveAnalysis());
    }
    return call.over(input);
  }

  /** The node, checked against the child's columns, unless that is done later. */
  private static LogicalPlan plan(
      SparkSession session,
      LogicalPlan child,
      ShippedLibrary library,
      String kernelName,
      Map<String, String> options,
      boolean later) {
    TreeMap<String, String> own = new TreeMap<>(options);
    BatchLimits limits = BatchLimits.takenFrom(own);
    StructType input = later ? null : child.schema();
    String path = library.verifiedPath();
    MapInNativeStrategy.register(session);
    try (Kernel kernel = Kernel.load(path, kernelName)) {
      if (!later) {
        String caseSensitive = session.conf().get("spark.sql.caseSensitive");
        check(kernel, input, Boolean.parseBoolean(caseSensitive));
      }
      kernel.open(own).close(); // a wrong option is told now
      StructType output = (StructType) DataType.fromJson(kernel.outputJson());
      KernelCall call =
          new KernelCall(library, kernel.name(), limits, own, input, output.fields().length);
      return new MapInNative(new NodeArguments(call, ScalaLists.attributes(output)), child);
    }
  }

  private static void check(Kernel kernel, StructType input, boolean caseSensitive) {
    if (kernel.inputs() != 1) {
      throw new IllegalArgumentException(
          "kernel " + kernel.name() + " takes cogroups: it has " + kernel.inputs() + " inputs");
    }
    String differs = kernel.checkInput(input.json(), !caseSensitive);
    if (differs != null) {
      throw new IllegalArgumentException(differs);
    }
  }

  /** Dataset.ofRows; since Spark 4 the class that has it is another. */
  @SuppressWarnings("unchecked")
  private static Dataset<Row> rowsOf(SparkSession session, LogicalPlan plan)
      throws ReflectiveOperationException {
    for (Method method : datasetClass(session).getMethods()) {
      Class<?>[] types = method.getParameterTypes();
      if (method.getName().equals("ofRows")
          && types.length == 2
          && types[1] == LogicalPlan.class) {
        return (Dataset<Row>) method.invoke(null, session, plan);
      }
    }
    throw new NoSuchMethodException("Dataset.ofRows");
  }

  private static Class<?> datasetClass(SparkSession session) throws ClassNotFoundException {
    ClassLoader loader = session.getClass().getClassLoader();
    try {
      return Class.forName("org.apache.spark.sql.classic.Dataset", true, loader);
    } catch (ClassNotFoundException e) {
      return Class.forName("org.apache.spark.sql.Dataset", true, loader);
    }
  }
}
