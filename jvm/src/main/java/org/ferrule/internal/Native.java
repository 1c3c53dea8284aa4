package org.ferrule.internal;

/**
 * The native methods, registered by JNI_OnLoad.
 *
 * <p>Texts are UTF-8. A handle of zero or of something closed must never get here: the classes that
 * own handles see to it.
 */
final class Native {
  /** What {@link #scanNext} returns. */
  static final int SCAN_BATCH = 0;
  static final int SCAN_END = 1;
  static final int SCAN_WAIT = 2;

  private Native() {}

  static native byte[] version();

  static native long coreAddress();

  static native void coreUse(long address);

  static native long processBytes();

  static native void processClose(long timeoutMs);

  static native void logStart(int maxLevel);

  static native long coordinatorOpen(byte[] config);

  static native byte[] initialOffset(long coordinator);

  static native byte[] latestOffset(
      long coordinator,
      byte[] start,
      long maxRows,
      long maxBytes,
      int executors,
      int cores,
      boolean firstOfQuery);

  static native void drain(long coordinator);

  static native byte[] plan(long coordinator, byte[] start, byte[] end);

  static native void commit(long coordinator, byte[] end);

  static native byte[] metrics(long coordinator);

  /** Frees the coordinator, whatever it throws. */
  static native void coordinatorStop(long coordinator, byte[] committedEnd, long timeoutMs);

  static native long scanOpen(byte[] partition, byte[] executorId, byte[] host);

  /** Address of an ArrowSchema, for {@link #schemaFree}. */
  static native long scanSchema(long scan);

  static native void schemaFree(long schema);

  /** Address of an empty ArrowArray, for {@link #arrayFree}. */
  static native long arrayNew();

  static native void arrayFree(long array);

  static native int scanNext(long scan, long array, long timeoutMs);

  /** rows, bytes, dropped rows, corrupt rows, decode ns, wait ns, relayed. */
  static native void scanStats(long scan, long[] out);

  static native void scanClose(long scan);
}
