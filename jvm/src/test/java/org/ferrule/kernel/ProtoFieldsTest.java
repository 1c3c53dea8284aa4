package org.ferrule.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProtoFieldsTest {
  /** 1: "ab", 2: varint 300, 3: "", 4: fixed32, 5: fixed64, 1: "c". */
  private static final byte[] MESSAGE = {
    0x0a, 2, 'a', 'b', 0x10, (byte) 0xac, 2, 0x1a, 0, 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7,
    8, 0x0a, 1, 'c'
  };

  @Test
  void givesTheFieldsOfBytesInOrder() {
    List<ProtoFields.Field> fields = ProtoFields.of(MESSAGE);
    assertEquals(3, fields.size());
    assertEquals("ab", fields.get(0).text());
    assertEquals(3, fields.get(1).number);
    assertArrayEquals(new byte[0], fields.get(1).value);
    assertEquals("c", fields.get(2).text());
  }

  @Test
  void aPrefixIsWholeFieldsOrRefused() {
    int whole = 0;
    for (int n = 0; n < MESSAGE.length; n++) {
      byte[] prefix = Arrays.copyOf(MESSAGE, n);
      try {
        ProtoFields.of(prefix);
        whole++;
      } catch (IllegalArgumentException e) {
        assertEquals("no whole protobuf message", e.getMessage());
      }
    }
    assertEquals(6, whole);
  }

  @Test
  void hostileLengthsAreRefused() {
    byte[] negative = {0x0a, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
    byte[] endless = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
    byte[] group = {0x0b, 0x0c};
    for (byte[] message : new byte[][] {negative, endless, group}) {
      assertThrows(IllegalArgumentException.class, () -> ProtoFields.of(message));
    }
  }
}
