package org.ferrule.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void whatIsWrittenIsReadBack() {
    String text = "{\"a\":[1,-2.5,true,false,null,\"x\\\"\\\\\\u0001é\"],\"b\":{},\"c\":[]}";
    assertEquals(text, Json.write(Json.parse(text)));
  }

  @Test
  void escapesAndSpaceAreRead() {
    Map<?, ?> map = (Map<?, ?>) Json.parse(" { \"a\\n\\u0041\\/\" : 9223372036854775807 } ");
    assertEquals(Long.MAX_VALUE, map.get("a\nA/"));
  }

  @Test
  void everyPrefixIsRefused() {
    String text = "{\"a\":[1,\"x\\u0041\",true],\"b\":null}";
    for (int n = 0; n < text.length(); n++) {
      String prefix = text.substring(0, n);
      assertThrows(IllegalArgumentException.class, () -> Json.parse(prefix), prefix);
    }
    assertThrows(IllegalArgumentException.class, () -> Json.parse(text + "x"));
  }
}
