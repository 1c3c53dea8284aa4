package org.ferrule.kernel;

import org.apache.spark.unsafe.Platform;

/** Values that are copied one by one into arrays that grow. */
final class HeapBytes {
  private static final int WORD = Long.BYTES;
  private static final int HALF = Integer.BYTES;
  /** Up to these many bytes a loop costs less than a call. */
  private static final int LOOP_BYTES = 128;
  private static final int FIRST_BYTES = 1 << 16;
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 64;

  private HeapBytes() {}

  /** Copies to the array's bytes from at on, where there must be room. */
  static void copy(Object from, long fromAt, byte[] to, int at, int size) {
    long toAt = Platform.BYTE_ARRAY_OFFSET + at;
    if (size > LOOP_BYTES) {
      Platform.copyMemory(from, fromAt, to, toAt, size);
    } else if (size >= WORD) {
      int last = size - WORD;
      for (int i = 0; i < last; i += WORD) {
        Platform.putLong(to, toAt + i, Platform.getLong(from, fromAt + i));
      }
      // whatever is left, by a word that overlaps the one before
      Platform.putLong(to, toAt + last, Platform.getLong(from, fromAt + last));
    } else if (size >= HALF) {
      int last = size - HALF;
      int first = Platform.getInt(from, fromAt);
      Platform.putInt(to, toAt + last, Platform.getInt(from, fromAt + last));
      Platform.putInt(to, toAt, first);
    } else {
      for (int i = 0; i < size; i++) {
        Platform.putByte(to, toAt + i, Platform.getByte(from, fromAt + i));
      }
    }
  }

  /** A larger array with the first bytes of one that does not suffice. */
  static byte[] grown(byte[] array, int used, long needed) {
    if (needed > MAX_ARRAY) {
      throw new IllegalStateException("rows too large for a batch: " + needed + " bytes");
    }
    long room = Math.max(needed, Math.max(FIRST_BYTES, 2L * array.length));
    byte[] larger = new byte[(int) Math.min(MAX_ARRAY, room)];
    System.arraycopy(array, 0, larger, 0, used);
    return larger;
  }
}
