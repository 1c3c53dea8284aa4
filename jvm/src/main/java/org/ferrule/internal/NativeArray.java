package org.ferrule.internal;

/**
 * An ArrowArray struct in native memory: empty at first, filled by native code, released with
 * everything it owns by {@link #close}.
 */
public final class NativeArray implements AutoCloseable {
  private final NativeHandle handle;
  private final long address;

  public NativeArray() {
    NativeLibrary.ensureLoaded();
    address = Native.arrayNew();
    handle = new NativeHandle("this batch", address);
  }

  /** Address of the struct; valid until closed. */
  public long address() {
    return address;
  }

  @Override
  public void close() {
    handle.close(Native::arrayFree);
  }
}
