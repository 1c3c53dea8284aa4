package org.ferrule.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Test;

class HeapBytesTest {
  private static final int LONGEST = 300;
  private static final int AT = 5;

  private static byte[] counted(int n) {
    byte[] made = new byte[n];
    for (int i = 0; i < n; i++) {
      made[i] = (byte) (i + 1);
    }
    return made;
  }

  @Test
  void bytesOfEverySizeAreCopiedAndNoOthers() {
    for (int size = 0; size <= LONGEST; size++) {
      byte[] from = counted(size);
      byte[] to = new byte[AT + size + AT];
      HeapBytes.copy(from, Platform.BYTE_ARRAY_OFFSET, to, AT, size);
      byte[] expected = new byte[to.length];
      System.arraycopy(from, 0, expected, AT, size);
      assertArrayEquals(expected, to, size + " bytes");
    }
  }

  @Test
  void whatIsUsedOfAnArrayIsKeptAsItGrows() {
    byte[] larger = HeapBytes.grown(counted(100), 60, 100_000);
    byte[] expected = Arrays.copyOf(counted(60), larger.length);
    assertArrayEquals(expected, larger);
    assertTrue(larger.length >= 100_000);
  }

  @Test
  void moreThanAnArrayHoldsIsRefused() {
    assertThrows(IllegalStateException.class, () -> HeapBytes.grown(new byte[1], 1, 1L << 31));
  }
}
