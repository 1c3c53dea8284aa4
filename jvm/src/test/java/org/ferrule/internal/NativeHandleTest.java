package org.ferrule.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NativeHandleTest {
  @Test
  void closesOnceAndRefusesCallsAfterwards() {
    NativeHandle handle = new NativeHandle("it", 42);
    AtomicInteger freed = new AtomicInteger();
    assertEquals(42L, handle.<Long>call(a -> a));
    handle.close(a -> freed.incrementAndGet());
    handle.close(a -> freed.incrementAndGet());
    assertEquals(1, freed.get());
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> handle.call(a -> a));
    assertEquals("it is closed", e.getMessage());
  }

  @Test
  void closeWaitsForACallUnderWay() throws InterruptedException {
    NativeHandle handle = new NativeHandle("it", 42);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Thread caller =
        new Thread(
            () ->
                handle.run(
                    a -> {
                      inside.countDown();
                      awaitQuietly(leave);
                      assertEquals(1, closed.getCount());
                    }));
    caller.start();
    inside.await();
    Thread closer = new Thread(() -> handle.close(a -> closed.countDown()));
    closer.start();
    while (closer.getState() != Thread.State.WAITING) {
      Thread.yield();
    }
    assertEquals(1, closed.getCount());
    leave.countDown();
    assertTrue(closed.await(10, TimeUnit.SECONDS));
    caller.join();
    closer.join();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
