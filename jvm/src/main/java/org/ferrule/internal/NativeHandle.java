package org.ferrule.internal;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/**
 * A pointer of the native library: used under a read lock, closed once under the write lock, so that
 * no call can meet a freed object.
 */
final class NativeHandle {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final String what;
  private long address;

  NativeHandle(String what, long address) {
    this.what = what;
    this.address = address;
  }

  <T> T call(LongFunction<T> function) {
    lock.readLock().lock();
    try {
      if (address == 0) {
        throw new IllegalStateException(what + " is closed");
      }
      return function.apply(address);
    } finally {
      lock.readLock().unlock();
    }
  }

  void run(LongConsumer action) {
    call(
        a -> {
          action.accept(a);
          return null;
        });
  }

  /** Calls free with the address unless that was done before. */
  void close(LongConsumer free) {
    lock.writeLock().lock();
    try {
      long closing = address;
      address = 0;
      if (closing != 0) {
        free.accept(closing);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
