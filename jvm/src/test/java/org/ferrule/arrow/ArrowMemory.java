package org.ferrule.arrow;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.unsafe.Platform;

/** Lays out C Data structs by hand; everything lives until closed. */
final class ArrowMemory implements AutoCloseable {
  private static final int ARRAY_BYTES = 80;
  private static final int SCHEMA_BYTES = 72;

  private final List<Long> blocks = new ArrayList<>();

  long block(int size) {
    long address = Platform.allocateMemory(Math.max(1, size));
    Platform.setMemory(address, (byte) 0, Math.max(1, size));
    blocks.add(address);
    return address;
  }

  long bytes(byte... values) {
    long address = block(values.length);
    Platform.copyMemory(values, Platform.BYTE_ARRAY_OFFSET, null, address, values.length);
    return address;
  }

  long text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    long address = block(utf8.length + 1);
    Platform.copyMemory(utf8, Platform.BYTE_ARRAY_OFFSET, null, address, utf8.length);
    return address;
  }

  long ints(int... values) {
    long address = block(4 * values.length);
    for (int i = 0; i < values.length; i++) {
      Platform.putInt(null, address + 4L * i, values[i]);
    }
    return address;
  }

  long longs(long... values) {
    long address = block(8 * values.length);
    for (int i = 0; i < values.length; i++) {
      Platform.putLong(null, address + 8L * i, values[i]);
    }
    return address;
  }

  long array(long length, long nullCount, long offset, long[] buffers, long... children) {
    long array = block(ARRAY_BYTES);
    Platform.putLong(null, array, length);
    Platform.putLong(null, array + 8, nullCount);
    Platform.putLong(null, array + 16, offset);
    Platform.putLong(null, array + 24, buffers.length);
    Platform.putLong(null, array + 32, children.length);
    Platform.putLong(null, array + 40, longs(buffers));
    Platform.putLong(null, array + 48, longs(children));
    return array;
  }

  long schema(String format, String name, long... children) {
    long schema = block(SCHEMA_BYTES);
    Platform.putLong(null, schema, text(format));
    Platform.putLong(null, schema + 8, text(name));
    Platform.putLong(null, schema + 32, children.length);
    Platform.putLong(null, schema + 40, longs(children));
    return schema;
  }

  @Override
  public void close() {
    blocks.forEach(Platform::freeMemory);
  }
}
