package org.ferrule.spark;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Spark's own record, in a query's checkpoint, of which batches it committed. */
final class CommitLog {
  private static final int READ_BYTES = 8192;

  private final Path checkpoint;
  private final Configuration conf;

  /** sourcePath is what Spark hands a source: sources/N in the checkpoint. */
  CommitLog(String sourcePath, Configuration conf) {
    this.checkpoint = new Path(sourcePath).getParent().getParent();
    this.conf = conf;
  }

  /**
   * Which of the given offsets ends the newest committed batch; null where none does.
   *
   * <p>An offset of Ferrule occurs in one run of one stream only, so that it is found wherever the
   * offset log keeps it, whatever the form of the log is.
   */
  String committedOf(Collection<String> ends) throws IOException {
    FileSystem files = checkpoint.getFileSystem(conf);
    long newest = newestBatch(files);
    if (newest < 0) {
      return null;
    }
    String offsets = read(files, new Path(new Path(checkpoint, "offsets"), Long.toString(newest)));
    for (String end : ends) {
      if (offsets.contains(end) || offsets.contains(end.replace("\"", "\\\""))) {
        return end;
      }
    }
    return null;
  }

  private long newestBatch(FileSystem files) throws IOException {
    long newest = -1;
    try {
      for (FileStatus file : files.listStatus(new Path(checkpoint, "commits"))) {
        String name = file.getPath().getName();
        if (name.matches("[0-9]{1,18}")) {
          newest = Math.max(newest, Long.parseLong(name));
        }
      }
    } catch (FileNotFoundException e) {
      return -1;
    }
    return newest;
  }

  private static String read(FileSystem files, Path path) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[READ_BYTES];
    try (InputStream in = files.open(path)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
      }
    }
    return new String(out.toByteArray(), StandardCharsets.UTF_8);
  }
}
