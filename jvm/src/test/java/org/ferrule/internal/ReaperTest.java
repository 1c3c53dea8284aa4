package org.ferrule.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReaperTest {
  @Test
  void actsOnlyOnceTheObjectIsGone() throws InterruptedException {
    CountDownLatch kept = new CountDownLatch(1);
    CountDownLatch dropped = new CountDownLatch(1);
    byte[] reachable = new byte[1];
    Reaper.whenUnreachable(reachable, kept::countDown);
    Reaper.whenUnreachable(new byte[1], dropped::countDown);
    for (int i = 0; i < 100 && !dropped.await(100, TimeUnit.MILLISECONDS); i++) {
      System.gc();
    }
    assertEquals(0, dropped.getCount());
    assertEquals(1, kept.getCount());
    assertTrue(reachable.length == 1);
  }
}
