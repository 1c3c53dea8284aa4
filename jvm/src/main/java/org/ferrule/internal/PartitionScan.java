package org.ferrule.internal;

import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;

/** One claimed partition, in the executor. Used by one thread; closed by any. */
public final class PartitionScan implements AutoCloseable {
  /** What a scan did so far. */
  public static final class Stats {
    public final long rows;
    public final long bytes;
    public final long droppedRows;
    public final long corruptRows;
    public final long decodeNs;
    public final long waitNs;
    public final boolean relayed;

    Stats(long[] values) {
      rows = values[0];
      bytes = values[1];
      droppedRows = values[2];
      corruptRows = values[3];
      decodeNs = values[4];
      waitNs = values[5];
      relayed = values[6] != 0;
    }
  }

  /** What {@link #next} found. */
  public enum Step {
    BATCH,
    END,
    /** Nothing yet: look whether the task was killed, then call again. */
    WAIT
  }

  private static final int STATS = 7;

  private final NativeHandle handle;

  private PartitionScan(long address) {
    this.handle = new NativeHandle("the scan of this partition", address);
  }

  public static PartitionScan open(String partition, String executorId, String host) {
    NativeLibrary.ensureLoaded();
    return new PartitionScan(Native.scanOpen(bytes(partition), bytes(executorId), bytes(host)));
  }

  /** Calls reader with the address of the ArrowSchema of all batches. */
  public <T> T withSchema(LongFunction<T> reader) {
    return handle.call(
        scan -> {
          long schema = Native.scanSchema(scan);
          try {
            return reader.apply(schema);
          } finally {
            Native.schemaFree(schema);
          }
        });
  }

  /** Fills the empty array of a batch, waiting up to timeoutMs. */
  public Step next(NativeArray into, long timeoutMs) {
    int found = handle.call(scan -> Native.scanNext(scan, into.address(), timeoutMs));
    switch (found) {
      case Native.SCAN_BATCH:
        return Step.BATCH;
      case Native.SCAN_END:
        return Step.END;
      default:
        return Step.WAIT;
    }
  }

  public Stats stats() {
    long[] values = new long[STATS];
    handle.run(scan -> Native.scanStats(scan, values));
    return new Stats(values);
  }

  @Override
  public void close() {
    handle.close(Native::scanClose);
  }

  /** Native bytes that this process holds for scans, waiting and sealed together. */
  public static long processBytes() {
    NativeLibrary.ensureLoaded();
    return Native.processBytes();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
