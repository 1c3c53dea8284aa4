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

  /** A kernel of a library; name null: its only one. */
  static native long kernelLoad(byte[] path, byte[] name);

  static native void kernelUnload(long kernel);

  static native byte[] kernelName(long kernel);

  static native int kernelInputs(long kernel);

  static native byte[] kernelOutputJson(long kernel);

  /** How the columns of a schema JSON differ from the kernel's input, null where they do not. */
  static native byte[] kernelCheckInput(long kernel, byte[] givenJson, boolean ignoreCase);

  /** Options: key, value, key, value, each with a zero byte behind it. */
  static native long kernelOpen(long kernel, byte[] options);

  static native void kernelPush(long run, byte[] frames, int bytes);

  /** Bytes of a value of a column in kernelAddValues; 0: ends tell; -1: not flat. */
  static native int kernelWidth(long run, int column);

  /** ends null where values have a width, nulls null where there is none. */
  static native void kernelAddValues(
      long run, int column, byte[] data, int[] ends, byte[] nulls, int rows);

  static native void kernelSeal(long run, int rows);

  static native boolean kernelPushSealed(long run);

  static native void kernelFinish(long run);

  /** Bytes of rows written; 0: none until more is pushed; negative: the room that a row needs. */
  static native int kernelNext(long run, byte[] frames);

  /** batches in, rows in, batches out, rows out, kernel ns, check ns, rows ns. */
  static native void kernelStats(long run, long[] out);

  static native void kernelClose(long run);

  /** kernels, runs, batches in, batches out. */
  static native void kernelLive(long[] out);
}
