package org.ferrule.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A kernel of a library that was loaded into this process. Any thread. */
public final class Kernel implements AutoCloseable {
  private static final int LIVE = 4;

  private final NativeHandle handle;

  private Kernel(long address) {
    this.handle = new NativeHandle("this kernel", address);
  }

  /** Loads a library, which runs code of it. A name of null means its only kernel. */
  public static Kernel load(String path, String name) {
    NativeLibrary.ensureLoaded();
    return new Kernel(Native.kernelLoad(bytes(path), name == null ? null : bytes(name)));
  }

  public String name() {
    return handle.call(k -> text(Native.kernelName(k)));
  }

  /** 2 for a kernel over cogroups. */
  public int inputs() {
    return handle.call(Native::kernelInputs);
  }

  /** The StructType JSON of what it gives. */
  public String outputJson() {
    return handle.call(k -> text(Native.kernelOutputJson(k)));
  }

  /**
   * Compares columns with the kernel's input. A nullable column where none is declared does not
   * differ: the rows are looked at when they come.
   *
   * @param givenJson StructType JSON
   * @return null, or both schemas and each difference
   */
  public String checkInput(String givenJson, boolean ignoreCase) {
    byte[] report = handle.call(k -> Native.kernelCheckInput(k, bytes(givenJson), ignoreCase));
    return report == null ? null : text(report);
  }

  /** An instance. It may be used after this kernel was closed. */
  public KernelRun open(Map<String, String> options) {
    return new KernelRun(handle.call(k -> Native.kernelOpen(k, encoded(options))));
  }

  @Override
  public void close() {
    handle.close(Native::kernelUnload);
  }

  /** Kernels, runs and batches that are alive in this process: zero where all was given back. */
  public static long[] live() {
    NativeLibrary.ensureLoaded();
    long[] out = new long[LIVE];
    Native.kernelLive(out);
    return out;
  }

  private static byte[] encoded(Map<String, String> options) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Map.Entry<String, String> option : options.entrySet()) {
      append(out, option.getKey());
      append(out, option.getValue());
    }
    return out.toByteArray();
  }

  private static void append(ByteArrayOutputStream out, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a kernel's option holds a zero character");
    }
    byte[] utf8 = bytes(text);
    out.write(utf8, 0, utf8.length);
    out.write(0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
