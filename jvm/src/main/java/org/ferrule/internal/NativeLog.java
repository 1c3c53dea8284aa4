package org.ferrule.internal;

import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Log lines of the native library, under the logger org.ferrule.native.FACILITY. */
final class NativeLog {
  private static final String ROOT = "org.ferrule.native";
  /** Values of frl_log_level. */
  private static final int ERROR = 0;
  private static final int WARN = 1;
  private static final int INFO = 2;
  private static final int DEBUG = 3;

  private NativeLog() {}

  /** The most detailed level that anybody would see. */
  static int level() {
    Logger root = LoggerFactory.getLogger(ROOT);
    return root.isDebugEnabled()
        ? DEBUG
        : root.isInfoEnabled() ? INFO : root.isWarnEnabled() ? WARN : ERROR;
  }

  /** Called by native code. */
  static void write(int level, byte[] facility, byte[] line) {
    Logger log =
        LoggerFactory.getLogger(ROOT + "." + new String(facility, StandardCharsets.UTF_8));
    String text = new String(line, StandardCharsets.UTF_8);
    switch (level) {
      case ERROR:
        log.error(text);
        break;
      case WARN:
        log.warn(text);
        break;
      case INFO:
        log.info(text);
        break;
      default:
        log.debug(text);
    }
  }
}
