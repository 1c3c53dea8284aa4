package org.ferrule.kernel;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The length-delimited fields of a protobuf message; others are skipped. Spark's own protobuf classes
 * have another package in every build of Spark.
 *
 * <p>https://protobuf.dev/programming-guides/encoding/
 */
final class ProtoFields {
  /** One field's number and bytes. */
  static final class Field {
    final int number;
    final byte[] value;

    Field(int number, byte[] value) {
      this.number = number;
      this.value = value;
    }

    String text() {
      return new String(value, StandardCharsets.UTF_8);
    }
  }

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final int MAX_VARINT_BITS = 63;

  private final byte[] message;
  private int at;

  private ProtoFields(byte[] message) {
    this.message = message;
  }

  /**
   * @throws IllegalArgumentException not a protobuf message
   */
  static List<Field> of(byte[] message) {
    return new ProtoFields(message).read();
  }

  private List<Field> read() {
    List<Field> out = new ArrayList<>();
    while (at < message.length) {
      long tag = varint();
      switch ((int) (tag & 7)) {
        case VARINT:
          varint();
          break;
        case FIXED64:
          take(8);
          break;
        case BYTES:
          out.add(new Field((int) (tag >>> 3), take(varint())));
          break;
        case FIXED32:
          take(4);
          break;
        default:
          throw broken();
      }
    }
    return out;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift <= MAX_VARINT_BITS; shift += 7) {
      if (at == message.length) {
        throw broken();
      }
      byte b = message[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw broken();
  }

  private byte[] take(long n) {
    if (n < 0 || n > message.length - at) {
      throw broken();
    }
    byte[] bytes = new byte[(int) n];
    System.arraycopy(message, at, bytes, 0, bytes.length);
    at += bytes.length;
    return bytes;
  }

  private static IllegalArgumentException broken() {
    return new IllegalArgumentException("no whole protobuf message");
  }
}
