package org.ferrule.kernel;

import java.math.BigInteger;
import java.util.Arrays;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;
import org.ferrule.internal.KernelRun;

/** The values of one column of a batch that is being collected. Called by generated code. */
public final class InputColumn {
  private static final long BASE = Platform.BYTE_ARRAY_OFFSET;
  private static final int FIRST_BYTES_OF_TEXT = 16;

  private final InputColumns owner;
  private final int width;
  private byte[] data;
  private int[] ends;
  private byte[] nulls;
  private boolean anyNull;
  private int used;

  InputColumn(InputColumns owner, int width, int rows) {
    this.owner = owner;
    this.width = width;
    if (width == 0) {
      ends = new int[rows];
      data = new byte[Math.multiplyExact(rows, FIRST_BYTES_OF_TEXT)];
    } else {
      data = new byte[Math.multiplyExact(rows, width)];
    }
  }

  void makeRoom(int rows) {
    if (width == 0) {
      ends = Arrays.copyOf(ends, rows);
    } else {
      data = Arrays.copyOf(data, Math.multiplyExact(rows, width));
    }
    if (nulls != null) {
      nulls = Arrays.copyOf(nulls, rows);
    }
  }

  /** Hands the values over and begins anew. */
  void give(KernelRun run, int column, int rows) {
    run.addValues(column, data, ends, anyNull ? nulls : null, rows);
    if (anyNull) {
      Arrays.fill(nulls, 0, rows, (byte) 0);
      anyNull = false;
    }
    used = 0;
  }

  public void putNull(int row) {
    if (nulls == null) {
      nulls = new byte[width == 0 ? ends.length : data.length / width];
    }
    nulls[row] = 1;
    anyNull = true;
    if (width == 0) {
      ends[row] = used;
    } else {
      Arrays.fill(data, row * width, (row + 1) * width, (byte) 0);
    }
  }

  public void putBoolean(int row, boolean value) {
    data[row] = value ? (byte) 1 : 0;
  }

  public void putByte(int row, byte value) {
    data[row] = value;
  }

  public void putShort(int row, short value) {
    Platform.putShort(data, at(row, Short.BYTES), value);
  }

  public void putInt(int row, int value) {
    Platform.putInt(data, at(row, Integer.BYTES), value);
  }

  public void putLong(int row, long value) {
    Platform.putLong(data, at(row, Long.BYTES), value);
  }

  public void putFloat(int row, float value) {
    Platform.putFloat(data, at(row, Float.BYTES), value);
  }

  public void putDouble(int row, double value) {
    Platform.putDouble(data, at(row, Double.BYTES), value);
  }

  /** Null where the digits do not suffice, as in Spark's own rows. */
  public void putDecimal(int row, Decimal value, int precision, int scale) {
    if (!value.changePrecision(precision, scale)) {
      putNull(row);
    } else if (width == Long.BYTES) {
      putLong(row, value.toUnscaledLong());
    } else {
      BigInteger unscaled = value.toJavaBigDecimal().unscaledValue();
      long at = at(row, 2 * Long.BYTES);
      Platform.putLong(data, at, unscaled.longValue());
      Platform.putLong(data, at + Long.BYTES, unscaled.shiftRight(Long.SIZE).longValue());
    }
  }

  public void putText(int row, UTF8String value) {
    putBytes(row, value.getBaseObject(), value.getBaseOffset(), value.numBytes());
  }

  public void putBinary(int row, byte[] value) {
    putBytes(row, value, BASE, value.length);
  }

  /** Offsets into an array are checked here, once: what follows does not. */
  private long at(int row, int size) {
    long offset = (long) row * size;
    if (offset + size > data.length) {
      throw new IllegalStateException("row " + row + " is beyond the batch");
    }
    return BASE + offset;
  }

  private void putBytes(int row, Object from, long fromAt, int size) {
    long end = (long) used + size;
    if (end > data.length) {
      data = HeapBytes.grown(data, used, end);
    }
    HeapBytes.copy(from, fromAt, data, used, size);
    used = (int) end;
    ends[row] = used;
    owner.textBytes += size;
  }
}
