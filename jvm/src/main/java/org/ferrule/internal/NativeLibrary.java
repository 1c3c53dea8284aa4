package org.ferrule.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;

/** Loads the native library out of the jar, once for each class loader. */
public final class NativeLibrary {
  private static final String NAME = "libferrule_jni.so";
  /** What a process that ends spends on giving its messages back. */
  private static final long CLOSE_TIMEOUT_MS = 3_000;

  private NativeLibrary() {}

  /** Holds the outcome: a class is initialised once, its failure is kept. */
  private static final class Loaded {
    static final String FAILURE = attempt();

    private static String attempt() {
      try {
        load();
        return null;
      } catch (IOException | RuntimeException | LinkageError e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
      }
    }
  }

  /**
   * Makes the native methods callable.
   *
   * @throws IllegalStateException with the reason of the first failure, every time
   */
  public static void ensureLoaded() {
    if (Loaded.FAILURE != null) {
      throw new IllegalStateException(
          "Ferrule's native library could not be loaded: " + Loaded.FAILURE);
    }
  }

  /** Version of the jar, from its build. */
  public static String jarVersion() {
    Properties build = new Properties();
    try (InputStream in = NativeLibrary.class.getResourceAsStream("/org/ferrule/build.properties")) {
      if (in == null) {
        return "unknown";
      }
      build.load(in);
    } catch (IOException e) {
      return "unknown";
    }
    return build.getProperty("version", "unknown");
  }

  /** The folder of this machine's library in the jar, such as "linux-x86_64". */
  static String platform(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    String arch = osArch.toLowerCase(Locale.ROOT);
    String osPart = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os;
    String archPart =
        arch.equals("amd64") || arch.equals("x86_64")
            ? "x86_64"
            : arch.equals("aarch64") || arch.equals("arm64") ? "aarch64" : arch;
    return osPart + "-" + archPart;
  }

  private static void load() throws IOException {
    String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
    String resource = "/native/" + platform + "/" + NAME;
    Path folder = Files.createTempDirectory("ferrule-");
    Path file = folder.resolve(NAME);
    try {
      try (InputStream in = NativeLibrary.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException(
              "this jar has no library for " + platform + " (" + resource + " is missing)");
        }
        Files.copy(in, file);
      }
      System.load(file.toString());
    } finally {
      // the mapping keeps the code; the name is no longer needed
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    }
    checkVersion();
    shareCore();
  }

  private static void checkVersion() throws IOException {
    String library = new String(Native.version(), StandardCharsets.UTF_8);
    if (!library.equals(jarVersion())) {
      throw new IOException(
          "the library is version " + library + ", the jar is version " + jarVersion());
    }
  }

  /** All copies of one version in this process use the tables of the first: see jni_core.h. */
  private static void shareCore() {
    String key = "org.ferrule.core." + jarVersion();
    Object first =
        System.getProperties().putIfAbsent(key, Long.toHexString(Native.coreAddress()));
    if (first != null) {
      Native.coreUse(Long.parseUnsignedLong(first.toString(), 16));
      return;
    }
    Native.logStart(NativeLog.level());
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> Native.processClose(CLOSE_TIMEOUT_MS), "ferrule-process-end"));
  }
}
