package org.ferrule.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ColumnsReadTest {
  private static SparkSession spark;

  @TempDir Path checkpoint;

  @BeforeAll
  static void begin() {
    spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  static void end() {
    spark.stop();
  }

  private static Dataset<Row> source() {
    return spark.readStream().format(RecordingSource.class.getName()).load();
  }

  private List<String> readBy(Dataset<?> frame, String outputMode) throws Exception {
    RecordingSource.READ.clear();
    StreamingQuery query =
        frame
            .writeStream()
            .format("noop")
            .outputMode(outputMode)
            .option("checkpointLocation", checkpoint.toString())
            .start();
    assertThrows(StreamingQueryException.class, query::awaitTermination);
    return RecordingSource.READ;
  }

  private void expect(String columns, Dataset<?> frame) throws Exception {
    assertEquals(Collections.singletonList(columns), readBy(frame, "append"));
  }

  @Test
  void everythingWhereTheQueryEndsWithTheSource() throws Exception {
    expect("abc", source());
    expect("abc", source().filter("a > 1"));
  }

  @Test
  void whatIsSelectedAndFilteredBy() throws Exception {
    expect("b", source().select("b"));
    expect("ab", source().filter("a > 1").select("b"));
    expect("ab", source().select("b", "a", "c").filter("a > 1").drop("c", "a"));
    expect("", source().selectExpr("1 as one"));
  }

  @Test
  void whatIsAggregated() throws Exception {
    assertEquals(
        Collections.singletonList("a"),
        readBy(source().groupBy("a").count(), "complete"));
    assertEquals(
        Collections.singletonList("ac"),
        readBy(source().withWatermark("c", "1 second").groupBy("c", "a").count(), "append"));
  }

  @Test
  void whatAFunctionIsGiven() throws Exception {
    MapFunction<Long, Long> next = a -> a + 1;
    expect("a", source().select("a").as(Encoders.LONG()).map(next, Encoders.LONG()));
  }

  @Test
  void aUnionOfTwoUsesIsOneStreamThatReadsWhatBothRead() throws Exception {
    Dataset<Row> source = source();
    List<String> read = readBy(source.selectExpr("a").union(source.selectExpr("length(b)")), "append");
    assertEquals(Collections.singletonList("ab"), read);
  }

  @Test
  void operatorsThatCompareWholeRowsReadAll() throws Exception {
    expect("abc", source().dropDuplicates("a", "b", "c").select("a", "b", "c"));
  }
}
