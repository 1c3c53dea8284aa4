package org.ferrule;

import java.nio.charset.StandardCharsets;

/** A failure told by the native library. */
public final class FerruleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Values of frl_status that callers tell apart. */
  public static final int TIMEOUT = -6;
  public static final int CLOSED = -7;
  public static final int NOT_FOUND = -10;
  public static final int AUTH = -12;
  public static final int UNAVAILABLE = -13;
  public static final int STATE = -15;

  private final int code;
  private final int origin;
  private final int originCode;
  private final boolean retriable;

  /** Called by native code; the message is UTF-8. */
  FerruleException(int code, int origin, int originCode, boolean retriable, byte[] message) {
    super(new String(message, StandardCharsets.UTF_8));
    this.code = code;
    this.origin = origin;
    this.originCode = originCode;
    this.retriable = retriable;
  }

  /** The frl_status, negative. */
  public int code() {
    return code;
  }

  /** Who produced {@link #originCode}: 0 nobody, 1 gRPC, 2 HTTP, 3 the system, 4 TLS. */
  public int origin() {
    return origin;
  }

  public int originCode() {
    return originCode;
  }

  /** The same call may succeed later. */
  public boolean isRetriable() {
    return retriable;
  }
}
