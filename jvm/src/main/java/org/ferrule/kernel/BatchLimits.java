package org.ferrule.kernel;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.network.util.JavaUtils;

/** How many rows a kernel gets at once. */
final class BatchLimits implements Serializable {
  private static final long serialVersionUID = 1L;

  static final String PREFIX = "ferrule.";
  private static final String ROWS = PREFIX + "batchRows";
  private static final String BYTES = PREFIX + "batchBytes";
  private static final int DEFAULT_ROWS = 8192;
  private static final long DEFAULT_BYTES = 4 << 20;
  private static final long MAX_BYTES = 1 << 30;

  final int rows;
  final int bytes;

  private BatchLimits(int rows, int bytes) {
    this.rows = rows;
    this.bytes = bytes;
  }

  /** Takes its own options out of all; refuses those of its prefix that it does not know. */
  static BatchLimits takenFrom(TreeMap<String, String> options) {
    String rows = options.remove(ROWS);
    String bytes = options.remove(BYTES);
    for (Map.Entry<String, String> left : options.entrySet()) {
      if (left.getKey().startsWith(PREFIX)) {
        throw new IllegalArgumentException(
            "no option \"" + left.getKey() + "\"; there are " + ROWS + " and " + BYTES);
      }
    }
    return new BatchLimits(
        (int) within(ROWS, rows == null ? DEFAULT_ROWS : rowsOf(rows), Integer.MAX_VALUE),
        (int) within(BYTES, bytes == null ? DEFAULT_BYTES : bytesOf(bytes), MAX_BYTES));
  }

  private static long rowsOf(String text) {
    try {
      return Long.parseLong(text.trim());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(ROWS + ": \"" + text + "\" is no number");
    }
  }

  private static long bytesOf(String text) {
    try {
      return JavaUtils.byteStringAsBytes(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(BYTES + ": \"" + text + "\" is no size such as 4m");
    }
  }

  private static long within(String option, long value, long most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(option + ": " + value + " is not within 1 and " + most);
    }
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BatchLimits
        && ((BatchLimits) other).rows == rows
        && ((BatchLimits) other).bytes == bytes;
  }

  @Override
  public int hashCode() {
    return 31 * rows + bytes;
  }
}
