package org.ferrule.spark;

import java.io.Serializable;
import java.util.function.IntPredicate;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Which columns Spark counts in a batch, and which of them are built. */
final class ScanLayout implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NOT_BUILT = -1;

  /** What Spark counts, in order. */
  final StructType counted;

  /** What the native library builds, in order. */
  final StructType built;

  private final int[] sourceOf;

  private ScanLayout(StructType counted, StructType built, int[] sourceOf) {
    this.counted = counted;
    this.built = built;
    this.sourceOf = sourceOf;
  }

  static ScanLayout of(StructType counted, IntPredicate isRead) {
    StructField[] fields = counted.fields();
    int[] sourceOf = new int[fields.length];
    StructType built = new StructType();
    int n = 0;
    for (int i = 0; i < fields.length; i++) {
      if (isRead.test(i)) {
        sourceOf[i] = n++;
        built = built.add(fields[i]);
      } else {
        sourceOf[i] = NOT_BUILT;
      }
    }
    return new ScanLayout(counted, built, sourceOf);
  }

  boolean isBuilt(int column) {
    return sourceOf[column] != NOT_BUILT;
  }

  /** The position of a built column among those built. */
  int sourceOf(int column) {
    return sourceOf[column];
  }
}
