package org.ferrule.arrow;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A column of a batch in native memory, read where it lies.
 *
 * <p>It owns nothing: whoever owns the batch frees it, and no vector, nor a string that one gave out,
 * may be used afterwards. {@link ArrowTypes#check} must have accepted the schema: addresses are read
 * unchecked. One class for all types keeps Spark's generated code monomorphic.
 */
public final class NativeColumnVector extends ColumnVector {
  private static final int DECIMAL_BYTES = 16;

  private final long validity;
  private final long values; // fixed-width values, bits, or offsets
  private final long bytes; // of strings and binaries
  private final long offset; // rows to skip, in every buffer
  private final long rows;
  private final long nullCount; // -1: not counted
  private final ColumnVector[] children;

  /* Without its first rows, where the struct around it begins later. */
  private NativeColumnVector(DataType type, long array, long skip) {
    super(type);
    rows = CStruct.length(array) - skip;
    offset = CStruct.offset(array) + skip;
    validity = CStruct.buffer(array, 0);
    values = CStruct.buffer(array, 1);
    bytes = CStruct.buffer(array, 2);
    long counted = validity == 0 ? 0 : CStruct.nullCount(array);
    nullCount = skip == 0 || counted == 0 ? counted : -1;
    children = childrenOf(type, array, offset);
  }

  /** The columns of a batch: children of the struct array at an address. */
  static ColumnVector[] columnsOf(StructType schema, long array) {
    return structChildren(schema, array, CStruct.offset(array));
  }

  private static ColumnVector[] childrenOf(DataType type, long array, long offset) {
    if (type instanceof StructType) {
      return structChildren((StructType) type, array, offset);
    }
    if (type instanceof ArrayType) {
      DataType element = ((ArrayType) type).elementType();
      return new ColumnVector[] {column(element, CStruct.arrayChild(array, 0), 0)};
    }
    if (type instanceof MapType) {
      MapType map = (MapType) type;
      StructType entry =
          new StructType().add("key", map.keyType()).add("value", map.valueType());
      long entries = CStruct.arrayChild(array, 0);
      return structChildren(entry, entries, CStruct.offset(entries));
    }
    if (ArrowTypes.isVariant(type)) {
      StructType parts =
          new StructType()
              .add("value", DataTypes.BinaryType)
              .add("metadata", DataTypes.BinaryType);
      return structChildren(parts, array, offset);
    }
    return null;
  }

  /* The rows of a struct begin at its own offset in every child. */
  private static ColumnVector[] structChildren(StructType type, long array, long offset) {
    StructField[] fields = type.fields();
    ColumnVector[] columns = new ColumnVector[fields.length];
    for (int i = 0; i < fields.length; i++) {
      columns[i] = column(fields[i].dataType(), CStruct.arrayChild(array, i), offset);
    }
    return columns;
  }

  private static ColumnVector column(DataType type, long array, long skip) {
    if (type instanceof NullType) {
      return new MissingColumnVector(type, (int) (CStruct.length(array) - skip));
    }
    return new NativeColumnVector(type, array, skip);
  }

  /** Frees nothing: the batch does. */
  @Override
  public void close() {}

  @Override
  public boolean hasNull() {
    return nullCount != 0;
  }

  @Override
  public int numNulls() {
    if (nullCount >= 0) {
      return (int) nullCount;
    }
    int n = 0;
    for (int i = 0; i < rows; i++) {
      if (!bit(validity, offset + i)) {
        n++;
      }
    }
    return n;
  }

  @Override
  public boolean isNullAt(int row) {
    return nullCount != 0 && !bit(validity, offset + row);
  }

  private static boolean bit(long bits, long index) {
    return ((Platform.getByte(null, bits + (index >> 3)) >> (index & 7)) & 1) != 0;
  }

  @Override
  public boolean getBoolean(int row) {
    return bit(values, offset + row);
  }

  @Override
  public byte getByte(int row) {
    return Platform.getByte(null, values + offset + row);
  }

  @Override
  public short getShort(int row) {
    return Platform.getShort(null, values + ((offset + row) << 1));
  }

  @Override
  public int getInt(int row) {
    return Platform.getInt(null, values + ((offset + row) << 2));
  }

  @Override
  public long getLong(int row) {
    return Platform.getLong(null, values + ((offset + row) << 3));
  }

  @Override
  public float getFloat(int row) {
    return Platform.getFloat(null, values + ((offset + row) << 2));
  }

  @Override
  public double getDouble(int row) {
    return Platform.getDouble(null, values + ((offset + row) << 3));
  }

  @Override
  public UTF8String getUTF8String(int row) {
    if (isNullAt(row)) {
      return null;
    }
    int start = getInt(row);
    return UTF8String.fromAddress(null, bytes + start, getInt(row + 1) - start);
  }

  @Override
  public byte[] getBinary(int row) {
    if (isNullAt(row)) {
      return null;
    }
    int start = getInt(row);
    byte[] copy = new byte[getInt(row + 1) - start];
    Platform.copyMemory(null, bytes + start, copy, Platform.BYTE_ARRAY_OFFSET, copy.length);
    return copy;
  }

  @Override
  public Decimal getDecimal(int row, int precision, int scale) {
    if (isNullAt(row)) {
      return null;
    }
    long at = values + (offset + row) * DECIMAL_BYTES;
    if (precision <= Decimal.MAX_LONG_DIGITS()) {
      return Decimal.createUnsafe(Platform.getLong(null, at), precision, scale);
    }
    byte[] bigEndian = new byte[DECIMAL_BYTES];
    for (int i = 0; i < DECIMAL_BYTES; i++) {
      bigEndian[DECIMAL_BYTES - 1 - i] = Platform.getByte(null, at + i);
    }
    return Decimal.apply(new BigDecimal(new BigInteger(bigEndian), scale), precision, scale);
  }

  @Override
  public ColumnarArray getArray(int row) {
    if (isNullAt(row)) {
      return null;
    }
    int start = getInt(row);
    return new ColumnarArray(children[0], start, getInt(row + 1) - start);
  }

  @Override
  public ColumnarMap getMap(int row) {
    if (isNullAt(row)) {
      return null;
    }
    int start = getInt(row);
    return new ColumnarMap(children[0], children[1], start, getInt(row + 1) - start);
  }

  @Override
  public ColumnVector getChild(int index) {
    return children[index];
  }
}
