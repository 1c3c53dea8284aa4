package org.ferrule.arrow;

import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;

/** A struct array of the Arrow C Data Interface as rows and columns. */
public final class NativeBatch {
  private NativeBatch() {}

  /** Rows of the ArrowArray at an address. */
  public static int rows(long array) {
    return Math.toIntExact(CStruct.length(array));
  }

  /** Its columns, read where they lie; valid until the array is released. */
  public static ColumnVector[] columns(StructType schema, long array) {
    return NativeColumnVector.columnsOf(schema, array);
  }
}
