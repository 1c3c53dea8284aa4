package org.ferrule.kernel;

import java.io.Serializable;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.spark.sql.types.StructType;

/** Which kernel is run over which columns, and how: all that a task needs. */
final class KernelCall implements Serializable {
  private static final long serialVersionUID = 1L;

  final ShippedLibrary library;
  final String kernel;
  final BatchLimits limits;
  /** The kernel's own. */
  final TreeMap<String, String> options;
  /** Null as long as the plan below the kernel is not resolved. */
  final StructType input;
  final int outputColumns;
  /** Of the pair of {@link CollectRow} and {@link MapInNativeExec}; empty in a logical plan. */
  final String pair;

  KernelCall(
      ShippedLibrary library,
      String kernel,
      BatchLimits limits,
      Map<String, String> options,
      StructType input,
      int outputColumns) {
    this(library, kernel, limits, options, input, outputColumns, "");
  }

  private KernelCall(
      ShippedLibrary library,
      String kernel,
      BatchLimits limits,
      Map<String, String> options,
      StructType input,
      int outputColumns,
      String pair) {
    this.library = library;
    this.kernel = kernel;
    this.limits = limits;
    this.options = new TreeMap<>(options);
    this.input = input;
    this.outputColumns = outputColumns;
    this.pair = pair;
  }

  /** The same call, for two nodes of a physical plan that belong together. */
  KernelCall paired() {
    String made = UUID.randomUUID().toString();
    return new KernelCall(library, kernel, limits, options, input, outputColumns, made);
  }

  KernelCall over(StructType columns) {
    return new KernelCall(library, kernel, limits, options, columns, outputColumns);
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof KernelCall)) {
      return false;
    }
    KernelCall that = (KernelCall) other;
    return library.equals(that.library)
        && kernel.equals(that.kernel)
        && limits.equals(that.limits)
        && options.equals(that.options)
        && Objects.equals(input, that.input);
  }

  @Override
  public int hashCode() {
    return Objects.hash(library, kernel, options);
  }

  /** As plans show it: values of options may be secrets. */
  @Override
  public String toString() {
    return kernel + " of " + library.fileName + (options.isEmpty() ? "" : " " + options.keySet());
  }
}
