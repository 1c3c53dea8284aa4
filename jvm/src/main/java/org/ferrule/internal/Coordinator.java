package org.ferrule.internal;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.ferrule.FerruleException;

/** One stream's coordinator, in the driver. Offsets and partitions are JSON texts. */
public final class Coordinator {
  private final NativeHandle handle;

  private Coordinator(long address) {
    this.handle = new NativeHandle("the stream's coordinator", address);
  }

  /** Checks the subscription and listens for executors. */
  public static Coordinator open(String config) {
    NativeLibrary.ensureLoaded();
    return new Coordinator(Native.coordinatorOpen(bytes(config)));
  }

  public String initialOffset() {
    return handle.call(c -> text(Native.initialOffset(c)));
  }

  /**
   * The end of the next batch, or start where nothing waits; while a drain cannot tell yet, it
   * waits, interruptibly.
   *
   * @param start null for the initial one
   * @param maxRows of this batch, 0 for no bound beyond the options'; maxBytes likewise
   * @param executors alive now, 0 if unknown; cores, their task slots, likewise
   * @param firstOfQuery no earlier call in this run of the query
   */
  public String latestOffset(
      String start, long maxRows, long maxBytes, int executors, int cores, boolean firstOfQuery) {
    byte[] from = start == null ? null : bytes(start);
    while (true) {
      try {
        return handle.call(
            c ->
                text(
                    Native.latestOffset(
                        c, from, maxRows, maxBytes, executors, cores, firstOfQuery)));
      } catch (FerruleException e) {
        if (e.code() != FerruleException.TIMEOUT) {
          throw e;
        }
        refuseIfInterrupted();
      }
    }
  }

  /** In the form that Spark takes for the end of a query that was stopped. */
  private static void refuseIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new UncheckedIOException(
          new InterruptedIOException("stopped while waiting for messages"));
    }
  }

  /** From now on only what was published before now counts as waiting. */
  public void drain() {
    handle.run(Native::drain);
  }

  /** A JSON array of partitions. */
  public String plan(String start, String end) {
    return handle.call(c -> text(Native.plan(c, bytes(start), bytes(end))));
  }

  public void commit(String end) {
    handle.run(c -> Native.commit(c, bytes(end)));
  }

  /** A JSON object of names and numbers. */
  public String metrics() {
    return handle.call(c -> text(Native.metrics(c)));
  }

  /**
   * Ends the stream; a second call does nothing.
   *
   * @param committedEnd end of a batch that Spark committed, null where none is known
   */
  public void stop(String committedEnd, long timeoutMs) {
    byte[] end = committedEnd == null ? null : bytes(committedEnd);
    handle.close(c -> Native.coordinatorStop(c, end, timeoutMs));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
