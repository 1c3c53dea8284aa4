package org.ferrule.arrow;

import java.nio.charset.StandardCharsets;
import org.apache.spark.unsafe.Platform;

/**
 * Reads the two structs of the Arrow C Data Interface at their addresses, on a 64-bit machine.
 *
 * <p>https://arrow.apache.org/docs/format/CDataInterface.html
 */
final class CStruct {
  private static final int POINTER = 8;

  private static final int ARRAY_LENGTH = 0;
  private static final int ARRAY_NULL_COUNT = 8;
  private static final int ARRAY_OFFSET = 16;
  private static final int ARRAY_N_BUFFERS = 24;
  private static final int ARRAY_N_CHILDREN = 32;
  private static final int ARRAY_BUFFERS = 40;
  private static final int ARRAY_CHILDREN = 48;

  private static final int SCHEMA_FORMAT = 0;
  private static final int SCHEMA_NAME = 8;
  private static final int SCHEMA_N_CHILDREN = 32;
  private static final int SCHEMA_CHILDREN = 40;
  private static final int SCHEMA_DICTIONARY = 48;

  private CStruct() {}

  static long length(long array) {
    return Platform.getLong(null, array + ARRAY_LENGTH);
  }

  static long nullCount(long array) {
    return Platform.getLong(null, array + ARRAY_NULL_COUNT);
  }

  static long offset(long array) {
    return Platform.getLong(null, array + ARRAY_OFFSET);
  }

  /** Address of a buffer, 0 where there is none. */
  static long buffer(long array, int index) {
    if (index >= Platform.getLong(null, array + ARRAY_N_BUFFERS)) {
      return 0;
    }
    return pointerAt(Platform.getLong(null, array + ARRAY_BUFFERS), index);
  }

  static long arrayChildren(long array) {
    return Platform.getLong(null, array + ARRAY_N_CHILDREN);
  }

  static long arrayChild(long array, int index) {
    return pointerAt(Platform.getLong(null, array + ARRAY_CHILDREN), index);
  }

  static String format(long schema) {
    return text(Platform.getLong(null, schema + SCHEMA_FORMAT));
  }

  static String name(long schema) {
    return text(Platform.getLong(null, schema + SCHEMA_NAME));
  }

  static int schemaChildren(long schema) {
    return (int) Platform.getLong(null, schema + SCHEMA_N_CHILDREN);
  }

  static long schemaChild(long schema, int index) {
    return pointerAt(Platform.getLong(null, schema + SCHEMA_CHILDREN), index);
  }

  static boolean hasDictionary(long schema) {
    return Platform.getLong(null, schema + SCHEMA_DICTIONARY) != 0;
  }

  private static long pointerAt(long table, int index) {
    return Platform.getLong(null, table + (long) index * POINTER);
  }

  private static String text(long address) {
    if (address == 0) {
      return "";
    }
    int n = 0;
    while (Platform.getByte(null, address + n) != 0) {
      n++;
    }
    byte[] utf8 = new byte[n];
    Platform.copyMemory(null, address, utf8, Platform.BYTE_ARRAY_OFFSET, n);
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
