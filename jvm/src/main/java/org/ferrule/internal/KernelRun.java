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

  /**
   * How the values of an input column are handed to {@link #addValues}.
   *
   * @return bytes of each; 0 for texts and binaries; -1 where the type is not flat
   */
  public int width(int column) {
    return handle.call(r -> Native.kernelWidth(r, column));
  }

  /**
   * Values of an input column. Every column gets as many before {@link #seal}.
   *
   * @param data a byte each for booleans, decimals unscaled, the bytes of all texts
   * @param ends where each text ends; null for other types
   * @param nulls not 0 where a value is null; null where none is
   */
  public void addValues(int column, byte[] data, int[] ends, byte[] nulls, int rows) {
    handle.run(r -> Native.kernelAddValues(r, column, data, ends, nulls, rows));
  }

  /** Makes a batch of the columns' values, for {@link #pushSealed}. */
  public void seal(int rows) {
    handle.run(r -> Native.kernelSeal(r, rows));
  }

  /**
   * As {@link #push}, with the oldest batch that was sealed.
   *
   * @return false where there is none
   */
  public boolean pushSealed() {
    return handle.call(Native::kernelPushSealed);
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
