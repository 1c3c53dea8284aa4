package org.ferrule.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BatchLimitsTest {
  private static TreeMap<String, String> options(String... pairs) {
    TreeMap<String, String> out = new TreeMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      out.put(pairs[i], pairs[i + 1]);
    }
    return out;
  }

  @Test
  void takesItsOwnAndLeavesTheKernels() {
    TreeMap<String, String> all =
        options("ferrule.batchRows", "10", "ferrule.batchBytes", "2m", "times", "3");
    BatchLimits limits = BatchLimits.takenFrom(all);
    assertEquals(10, limits.rows);
    assertEquals(2 << 20, limits.bytes);
    assertEquals(options("times", "3"), all);
  }

  @Test
  void aWrongOneIsNamed() {
    String[][] wrong = {
      {"ferrule.batchrows", "1"},
      {"ferrule.batchRows", "0"},
      {"ferrule.batchRows", "many"},
      {"ferrule.batchBytes", "-1"},
      {"ferrule.batchBytes", "2g"}
    };
    for (String[] pair : wrong) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> BatchLimits.takenFrom(options(pair)));
      assertTrue(e.getMessage().contains(pair[0]), e.getMessage());
    }
  }
}
