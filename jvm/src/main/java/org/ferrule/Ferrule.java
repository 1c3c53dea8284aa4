package org.ferrule;

import java.util.Collections;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.ferrule.kernel.NativeMap;

/** What Java and Scala programs call. */
public final class Ferrule {
  private Ferrule() {}

  /** {@link #mapInNative(Dataset, String, String, Map)} without options. */
  public static Dataset<Row> mapInNative(Dataset<Row> rows, String library, String kernel) {
    return mapInNative(rows, library, kernel, Collections.emptyMap());
  }

  /**
   * Runs a kernel over the rows of each partition, inside the executors' JVM: rows become Arrow
   * batches in C, the kernel takes them, and what it gives become rows again. No Python worker and no
   * Java object of a value.
   *
   * <p>Lazy, as any transformation. The columns must be those of the kernel's input, in this order;
   * the exception shows both and how they differ. A null in a column that the kernel declares NOT
   * NULL fails the task when it comes, and so does an error of the kernel, with its message and the
   * row's number in the partition.
   *
   * <p>The library is shipped to the executors by Spark and loaded there after its SHA-256 was
   * verified. It runs with the rights of the executor: ship what you trust.
   *
   * <p>Options that begin with "ferrule." are read here, all others are the kernel's own:
   *
   * <ul>
   *   <li>ferrule.batchRows: the most rows of a batch, 8192
   *   <li>ferrule.batchBytes: a batch is closed once its rows have so many bytes, 4m
   * </ul>
   *
   * @param library path of the kernel library on this machine, or the name of a file that was shipped
   *     already (SparkContext.addFile, or addArtifacts of Spark Connect)
   * @param kernel its name; null where the library has only one
   * @throws IllegalArgumentException the columns differ, or an option is not known
   * @throws FerruleException the library cannot be loaded, or has no such kernel
   */
  public static Dataset<Row> mapInNative(
      Dataset<Row> rows, String library, String kernel, Map<String, String> options) {
    return NativeMap.over(rows, library, kernel, options);
  }
}
