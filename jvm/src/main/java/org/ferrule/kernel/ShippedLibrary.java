package org.ferrule.kernel;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkFiles;

/**
 * A kernel library as a file that Spark brings to every executor, known by its contents. Nothing is
 * loaded whose SHA-256 is not the one that the driver saw.
 */
final class ShippedLibrary implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final int NAME_DIGITS = 12;
  /** Verified copies of this process, by what was copied. */
  private static final Map<String, String> VERIFIED = new ConcurrentHashMap<>();
  /** Copies under the names they are shipped by: path and checksum to copy. */
  private static final Map<String, String> COPIES = new ConcurrentHashMap<>();

  final String fileName;
  final String sha256;
  /** Below SparkFiles.getRootDirectory(): a session of Spark Connect has a folder of its own. */
  private final String place;

  private ShippedLibrary(String fileName, String sha256) {
    File file = find(fileName);
    if (file == null) {
      throw new IllegalArgumentException(
          "no kernel library \"" + fileName + "\": neither a file here nor one that was shipped");
    }
    this.fileName = fileName;
    this.sha256 = sha256;
    this.place = root().relativize(file.toPath()).toString();
  }

  /** Ships a file of this machine, or takes one that was shipped before by its name. */
  static ShippedLibrary of(SparkContext context, String library) {
    Path path = Paths.get(library);
    if (Files.isRegularFile(path)) {
      return ship(context, path);
    }
    File shipped = library.indexOf('/') < 0 ? find(library) : null;
    return new ShippedLibrary(library, shipped == null ? "" : sha256(shipped.toPath()));
  }

  /** One that a client says it has shipped, with the checksum that the client saw. */
  static ShippedLibrary declared(String fileName, String sha256) {
    if (fileName.isEmpty() || fileName.indexOf('/') >= 0) {
      throw new IllegalArgumentException("\"" + fileName + "\" is no name of a shipped file");
    }
    return new ShippedLibrary(fileName, sha256);
  }

  /** The name holds the checksum: Spark refuses another content under a name it has. */
  private static ShippedLibrary ship(SparkContext context, Path path) {
    String sha256 = sha256(path);
    String name = path.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    String end = dot > 0 ? name.substring(dot) : "";
    String unique = stem + "-" + sha256.substring(0, NAME_DIGITS) + end;
    String key = System.identityHashCode(context) + " " + unique;
    COPIES.computeIfAbsent(
        key,
        k -> {
          String copy = copied(path, unique);
          context.addFile(copy);
          return copy;
        });
    return new ShippedLibrary(unique, sha256);
  }

  /** A copy that lives as long as this process. */
  private static String copied(Path path, String name) {
    try {
      Path folder = Files.createTempDirectory("ferrule-kernel-");
      Path copy = folder.resolve(name);
      Files.copy(path, copy);
      folder.toFile().deleteOnExit();
      copy.toFile().deleteOnExit(); // files go in the reverse order
      return copy.toString();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot copy kernel library " + path, e);
    }
  }

  /**
   * A verified copy of this process's own: whoever writes into Spark's file again would change
   * what is loaded under the feet of the process.
   */
  String verifiedPath() {
    File file = root().resolve(place).toFile();
    if (!file.isFile()) {
      throw new IllegalStateException("kernel library " + file + " was not brought here by Spark");
    }
    String path = file.getAbsolutePath();
    String key = sha256 + " " + file.lastModified() + " " + path;
    return VERIFIED.computeIfAbsent(key, k -> verifiedCopy(file.toPath()));
  }

  private String verifiedCopy(Path path) {
    String copy = copied(path, fileName);
    String found = sha256(Paths.get(copy));
    if (!found.equals(sha256)) {
      throw new IllegalStateException(
          "kernel library " + path + " has SHA-256 " + found + ", expected " + sha256
              + ": it is not loaded");
    }
    return copy;
  }

  private static Path root() {
    return Paths.get(SparkFiles.getRootDirectory()).toAbsolutePath();
  }

  /** In the driver: in the session's own folder first, as Spark Connect ships files. */
  private static File find(String name) {
    File own = new File(SparkFiles.get(name)).getAbsoluteFile();
    if (own.isFile()) {
      return own;
    }
    File shared = root().resolve(name).toFile();
    return shared.isFile() ? shared : null;
  }

  static String sha256(Path path) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
        while (in.read(buffer) >= 0) {
          continue;
        }
      }
      StringBuilder hex = new StringBuilder();
      for (byte b : digest.digest()) {
        hex.append(String.format("%02x", b));
      }
      return hex.toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read kernel library " + path, e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ShippedLibrary
        && ((ShippedLibrary) other).fileName.equals(fileName)
        && ((ShippedLibrary) other).sha256.equals(sha256);
  }

  @Override
  public int hashCode() {
    return sha256.hashCode();
  }
}
