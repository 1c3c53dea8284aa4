package org.ferrule.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitLogTest {
  private static final String FIRST = "{\"run\":\"r\",\"batch\":1}";
  private static final String SECOND = "{\"run\":\"r\",\"batch\":2}";

  @TempDir Path checkpoint;

  private void write(String name, String text) throws IOException {
    Path file = checkpoint.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  private String committed() throws IOException {
    List<String> ends = Arrays.asList(SECOND, FIRST);
    return new CommitLog(checkpoint.resolve("sources/0").toString(), new Configuration(false))
        .committedOf(ends);
  }

  @Test
  void withoutALogNothingIsCommitted() throws IOException {
    assertNull(committed());
    write("offsets/0", "v1\n{}\n" + FIRST);
    assertNull(committed());
  }

  @Test
  void theNewestCommittedBatchCounts() throws IOException {
    write("offsets/9", "v1\n{}\n" + FIRST);
    write("offsets/10", "v1\n{}\n-\n" + SECOND);
    write("commits/9", "v1\n{}");
    assertEquals(FIRST, committed());
    write("commits/10", "v1\n{}");
    write("commits/.11.crc", "");
    assertEquals(SECOND, committed());
  }

  @Test
  void anOffsetInsideAJsonTextIsFoundToo() throws IOException {
    write("offsets/0", "v2\n{\"0\":\"" + FIRST.replace("\"", "\\\"") + "\"}");
    write("commits/0", "v1\n{}");
    assertEquals(FIRST, committed());
  }

  @Test
  void anotherRunsBatchIsNotOurs() throws IOException {
    write("offsets/0", "v1\n{}\n{\"run\":\"q\",\"batch\":1}");
    write("commits/0", "v1\n{}");
    assertNull(committed());
  }
}
