package org.ferrule.internal;

/**
 * An instance of a kernel over rows in frames: 8 bytes of size, then an UnsafeRow. Used by one
 * thread; closed by any.
 */
public final class KernelRun implements AutoCloseable {
  /** What an instance did so far. */
  public static final class Stats {
    public final long batchesIn;
    public final long rowsIn;
    public final long batchesOut;
    public final long rowsOut;
    public final long kernelNs;
    public final long checkNs;
    public final long rowsNs;

    Stats(long[] values) {
      batchesIn = values[0];
      rowsIn = values[1];
      batchesOut = values[2];
      rowsOut = values[3];
      kernelNs = values[4];
      checkNs = values[5];
      rowsNs = values[6];
    }
  }

  private static final int STATS = 7;

  private final NativeHandle handle;

  KernelRun(long address) {
    this.handle = new NativeHandle("this kernel's run", address);
  }

  /** One batch. All that came of the one before must have been taken by {@link #next}. */
  public void push(byte[] frames, int bytes) {
    if (bytes < 0 || bytes > frames.length) {
      throw new IllegalArgumentException(bytes + " bytes of " + frames.length);
    }
    handle.run(r -> Native.kernelPush(r, frames, bytes));
  }

  /** No batch will follow. */
  public void finish() {
    handle.run(Native::kernelFinish);
  }

  /**
   * Fills frames with rows.
   *
   * @return the bytes filled; 0 where nothing comes until more is pushed; the room that the next row
   *     needs, negative, where frames are too small for it
   */
  public int next(byte[] frames) {
    return handle.call(r -> Native.kernelNext(r, frames));
  }

  public Stats stats() {
    long[] values = new long[STATS];
    handle.run(r -> Native.kernelStats(r, values));
    return new Stats(values);
  }

  @Override
  public void close() {
    handle.close(Native::kernelClose);
  }
}
