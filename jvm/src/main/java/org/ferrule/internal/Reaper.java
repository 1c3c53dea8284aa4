package org.ferrule.internal;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Runs an action once an object cannot be reached any more: what Cleaner does since Java 9. */
public final class Reaper {
  private static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();
  private static final Set<Entry> WAITING = ConcurrentHashMap.newKeySet();

  static {
    Thread thread = new Thread(Reaper::loop, "ferrule-reaper");
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
  }

  private Reaper() {}

  private static final class Entry extends PhantomReference<Object> {
    private final Runnable action;

    Entry(Object watched, Runnable action) {
      super(watched, QUEUE);
      this.action = action;
    }
  }

  /** The action must not hold the object. */
  public static void whenUnreachable(Object watched, Runnable action) {
    WAITING.add(new Entry(watched, action));
  }

  private static void loop() {
    while (true) {
      try {
        Entry entry = (Entry) QUEUE.remove();
        WAITING.remove(entry);
        entry.action.run();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        // an action that fails must not keep the others from running
        continue;
      }
    }
  }
}
