package org.ferrule.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.Test;

class PubSubSchemaTest {
  private static PubSubOptions options(String... namesAndValues) {
    Map<String, String> given = new HashMap<>();
    given.put("subscriptionId", "projects/p/subscriptions/s");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      given.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return PubSubOptions.parse(new CaseInsensitiveStringMap(given), null);
  }

  private static String refused(StructType given, String... namesAndValues) {
    return assertThrows(
            IllegalArgumentException.class, () -> PubSubSchema.of(given, options(namesAndValues)))
        .getMessage();
  }

  private static StructType parse(String... namesAndTypes) {
    StructType out = new StructType();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      out = out.add(namesAndTypes[i], namesAndTypes[i + 1], false);
    }
    return out;
  }

  @Test
  void messagesHaveFiveColumnsAndAnAckIdWhereAskedFor() {
    assertEquals(
        "message_id,publish_time,payload,attributes,ordering_key",
        String.join(",", PubSubSchema.inferred(options()).fieldNames()));
    StructType more = PubSubSchema.inferred(options("includeAckId", "true", "payloadType", "string"));
    assertEquals("ack_id", more.fieldNames()[5]);
    assertEquals(DataTypes.StringType, more.apply("payload").dataType());
  }

  @Test
  void aUserSchemaIsASubsetOfTheMessage() {
    PubSubSchema schema = PubSubSchema.of(parse("PAYLOAD", "binary", "message_id", "string"), options());
    assertEquals("payload,message_id", String.join(",", schema.visible.fieldNames()));
    assertTrue(schema.visible.fields()[0].nullable());
    Map<String, Object> config = schema.configuration(schema.visible);
    assertEquals(Arrays.asList("payload", "message_id"), config.get("columns"));
    assertEquals(Arrays.asList("payload", "message_id"), config.get("outputColumns"));
  }

  @Test
  void wrongColumnsSayWhatToDo() {
    assertTrue(refused(parse("data", "binary")).contains("payloadFormat=json"));
    assertTrue(refused(parse("ack_id", "string")).contains("includeAckId"));
    assertTrue(refused(parse("payload", "string")).contains("payloadType=string"));
    assertThrows(
        IllegalArgumentException.class,
        () -> PubSubSchema.inferred(options("payloadFormat", "json")));
  }

  @Test
  void decodedPayloadsHideTheMessage() {
    PubSubSchema schema =
        PubSubSchema.of(parse("a", "int", "payload", "long"), options("payloadFormat", "json"));
    assertEquals(
        "message_id,publish_time,attributes,ordering_key",
        String.join(",", schema.hidden.fieldNames()));
    Map<String, Object> config = schema.configuration(schema.all());
    assertEquals(
        Arrays.asList("message_id", "publish_time", "attributes", "ordering_key"),
        config.get("columns"));
    assertEquals(schema.visible.json(), config.get("jsonSchema"));
    assertEquals("_corrupt_record", config.get("columnNameOfCorruptRecord"));
  }

  @Test
  void onlyWhatIsReadIsDecodedWhereNoRowCanBeBad() {
    StructType given = parse("a", "int", "b", "long");
    StructType b = new StructType().add("b", DataTypes.LongType);
    PubSubSchema permissive = PubSubSchema.of(given, options("payloadFormat", "json"));
    assertEquals(b.json(), permissive.configuration(b).get("jsonSchema"));
    PubSubSchema failFast =
        PubSubSchema.of(given, options("payloadFormat", "json", "mode", "failfast"));
    assertEquals(failFast.visible.json(), failFast.configuration(b).get("jsonSchema"));
    Map<String, Object> none = permissive.configuration(new StructType());
    assertFalse(none.containsKey("jsonSchema"));
    assertFalse(none.containsKey("payloadFormat"));
    assertEquals(Collections.emptyList(), none.get("outputColumns"));
  }

  @Test
  void theCorruptRecordColumnNeedsTheWholeRecord() {
    StructType given = parse("a", "int", "bad", "string");
    PubSubOptions options =
        options("payloadFormat", "json", "columnNameOfCorruptRecord", "bad");
    PubSubSchema schema = PubSubSchema.of(given, options);
    StructType bad = new StructType().add("bad", DataTypes.StringType);
    assertEquals(schema.visible.json(), schema.configuration(bad).get("jsonSchema"));
    assertTrue(
        refused(
                parse("bad", "int"), "payloadFormat", "json", "columnNameOfCorruptRecord", "bad")
            .contains("must be STRING"));
  }

  @Test
  void theReasonColumnNeedsTheWholeRecordToo() {
    String[] names = {"payloadFormat", "json", "columnNameOfCorruptReason", "WHY"};
    PubSubSchema schema = PubSubSchema.of(parse("a", "int", "why", "string"), options(names));
    StructType why = new StructType().add("why", DataTypes.StringType);
    Map<String, Object> config = schema.configuration(why);
    assertEquals(schema.visible.json(), config.get("jsonSchema"));
    assertEquals("why", config.get("columnNameOfCorruptReason"));
    assertTrue(refused(parse("a", "int"), names).contains("declare that column as STRING"));
    assertTrue(refused(parse("why", "int"), names).contains("declare that column as STRING"));
    names[3] = "_corrupt_record";
    assertTrue(refused(parse("_corrupt_record", "string"), names).contains("its own column"));
  }

  @Test
  void theTimeZoneOptionTakesTheSessionsPlace() {
    PubSubOptions options = options("payloadFormat", "json", "timeZone", "Europe/Berlin");
    Map<String, Object> config =
        PubSubSchema.of(parse("a", "int"), options)
            .configuration(new StructType().add("a", DataTypes.IntegerType));
    assertEquals("Europe/Berlin", config.get("sessionTimeZone"));
    assertFalse(config.containsKey("timeZone"));
  }

  @Test
  void nestedTypesMayBeNullEverywhere() {
    StructType inner = new StructType().add("x", DataTypes.IntegerType, false);
    StructType given =
        new StructType().add("m", DataTypes.createArrayType(inner, false), false);
    StructType visible = PubSubSchema.of(given, options("payloadFormat", "json")).visible;
    assertEquals(
        DataTypes.createArrayType(new StructType().add("x", DataTypes.IntegerType), true),
        visible.fields()[0].dataType());
  }
}
