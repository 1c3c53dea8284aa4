package org.ferrule.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.Test;

class PubSubOptionsTest {
  private static PubSubOptions parse(String... namesAndValues) {
    return parseWith(null, namesAndValues);
  }

  private static PubSubOptions parseWith(String emulator, String... namesAndValues) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      given.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return PubSubOptions.parse(new CaseInsensitiveStringMap(given), emulator);
  }

  private static String failure(String... namesAndValues) {
    return assertThrows(IllegalArgumentException.class, () -> parse(namesAndValues)).getMessage();
  }

  @Test
  void namesAreFoundInAnyCaseAndKeptInOurs() {
    Map<String, Object> config =
        parse("PROJECTID", "p", "subscriptionid", "s", "MAXROWSPERBATCH", "7").toConfiguration();
    assertEquals("p", config.get("projectId"));
    assertEquals("s", config.get("subscriptionId"));
    assertEquals(7L, config.get("maxRowsPerBatch"));
  }

  @Test
  void anUnknownOptionNamesTheNearest() {
    String message = failure("projectId", "p", "subscriptionID", "s", "maxRowPerBatch", "1");
    assertTrue(message.contains("'maxRowPerBatch'"), message);
    assertTrue(message.contains("maxRowsPerBatch?"), message);
    assertTrue(failure("subscription", "s").contains("subscriptionId?"));
    assertTrue(failure("credentials", "f").contains("credentialsFile?"));
  }

  @Test
  void whatIsNearToNoOptionIsToldAllOfThem() {
    String message = failure("subscriptionId", "projects/p/subscriptions/s", "wibble", "1");
    assertTrue(message.contains("'wibble'; the options are projectId, "), message);
    assertTrue(message.contains(", allowComments"), message);
    assertTrue(failure("path", "/data").contains("load() takes no path: option subscriptionId"));
  }

  @Test
  void bytesMayHaveUnits() {
    String[] base = {"subscriptionId", "projects/p/subscriptions/s", "reservoirBytes", null};
    String[][] cases = {
      {"67108864", "67108864"}, {"64m", "67108864"}, {"64MB", "67108864"}, {"1g", "1073741824"},
      {"8192 k", "8388608"}, {"1073741824b", "1073741824"}
    };
    for (String[] one : cases) {
      base[3] = one[0];
      assertEquals(
          Long.valueOf(one[1]), parse(base).toConfiguration().get("reservoirBytes"), one[0]);
    }
    for (String wrong : new String[] {"64x", "", "m", "-1m", "9999999999g", "1.5g", "4k"}) {
      base[3] = wrong;
      assertTrue(failure(base).contains("reservoirBytes"), wrong);
    }
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    String s = "projects/p/subscriptions/s";
    assertTrue(failure("subscriptionId", s, "coordinatorPort", "65536").contains("65535"));
    assertTrue(failure("subscriptionId", s, "numPartitions", "0").contains("numPartitions"));
    assertTrue(failure("subscriptionId", s, "maxBatchDelayMs", "1s").contains("a number"));
    assertTrue(failure("subscriptionId", s, "includeAckId", "yes").contains("true or false"));
    assertTrue(failure("subscriptionId", s, "payloadType", "text").contains("binary, string"));
  }

  @Test
  void theSubscriptionIsShortWithAProjectOrFull() {
    assertTrue(failure("projectId", "p").contains("subscriptionId is missing"));
    assertTrue(failure("subscriptionId", "s").contains("projectId is missing"));
    assertTrue(failure("subscriptionId", "projects/p/topics/t").contains("full name"));
    assertTrue(failure("subscriptionId", "projects//subscriptions/t").contains("full name"));
    String both =
        failure("projectId", "q", "subscriptionId", "projects/p/subscriptions/s");
    assertTrue(both.contains("'q'") && both.contains("'p'"), both);
    parse("projectId", "p", "subscriptionId", "projects/p/subscriptions/s");
  }

  @Test
  void contradictionsAreNamed() {
    String s = "projects/p/subscriptions/s";
    String message =
        failure("subscriptionId", s, "emulatorHost", "localhost:1", "credentialsFile", "f");
    assertTrue(message.contains("emulatorHost and credentialsFile"), message);
    message =
        failure("subscriptionId", s, "emulatorHost", "localhost:1", "credentialsScopes", "a b");
    assertTrue(message.contains("emulatorHost and credentialsScopes"), message);
    assertTrue(failure("subscriptionId", s, "mode", "FAILFAST").contains("payloadFormat=json"));
    assertTrue(
        failure("subscriptionId", s, "columnNameOfCorruptRecord", "c").contains("payloadFormat"));
  }

  @Test
  void jsonOptionsNeedJson() {
    for (OptionSpec spec : JsonOptions.SPECS) {
      String value = spec.name.startsWith("allow") ? "true" : "FAILFAST";
      String message = failure("subscriptionId", "projects/p/subscriptions/s", spec.name, value);
      assertTrue(message.contains(spec.name) && message.contains("payloadFormat=json"), message);
    }
  }

  @Test
  void sparksJsonOptionsThatAreNotBuiltAreRefusedByName() {
    String[] base = {"subscriptionId", "projects/p/subscriptions/s", "payloadFormat", "json"};
    String[][] cases = {
      {"timeFormat", "cast it"}, {"LOCALE", "cast it"}, {"primitivesAsString", "schema"},
      {"multiLine", "one record"}, {"prefersDecimal", "schema"}, {"maxNestingDepth", "1000"}
    };
    for (String[] one : cases) {
      String message = failure(base[0], base[1], base[2], base[3], one[0], "x");
      assertTrue(message.contains("option " + one[0] + " of Spark's JSON source"), message);
      assertTrue(message.contains(one[1]), message);
    }
  }

  @Test
  void timeZonesAreThoseThatSparkTakes() {
    String s = "projects/p/subscriptions/s";
    for (String id : new String[] {"UTC", "Asia/Kolkata", "+05:30", "+5:30", "-03:3", "PST", "Z"}) {
      parse("subscriptionId", s, "payloadFormat", "json", "timeZone", id);
    }
    for (String id : new String[] {"Mars/Base", "25", "asia/kolkata"}) {
      assertTrue(
          failure("subscriptionId", s, "payloadFormat", "json", "timeZone", id)
              .contains("'" + id + "'"));
    }
  }

  @Test
  void acknowledgeSaysWhatSparkCanTell() {
    String s = "projects/p/subscriptions/s";
    PubSubOptions onRead = parse("subscriptionId", s, "acknowledge", "onread");
    PubSubOptions onCommit = parse("subscriptionId", s, "acknowledge", "onCommit");
    onRead.checkAcknowledge(false);
    onCommit.checkAcknowledge(true);
    assertThrows(IllegalArgumentException.class, () -> onRead.checkAcknowledge(true));
    assertThrows(IllegalArgumentException.class, () -> onCommit.checkAcknowledge(false));
  }

  @Test
  void exactlyOnceIsRefusedUntilItIsBuilt() {
    String s = "projects/p/subscriptions/s";
    assertTrue(failure("subscriptionId", s, "exactlyOnce", "true").contains("not built"));
    assertFalse(
        parse("subscriptionId", s, "exactlyOnce", "false")
            .toConfiguration()
            .containsKey("exactlyOnce"));
  }

  @Test
  void theEnvironmentNamesAnEmulatorUnlessOptionsDo() {
    String s = "projects/p/subscriptions/s";
    assertEquals(
        "env:1",
        parseWith("env:1", "subscriptionId", s, "credentialsFile", "f")
            .toConfiguration()
            .get("emulatorHost"));
    assertEquals(
        "opt:1",
        parseWith("env:1", "subscriptionId", s, "emulatorHost", "opt:1")
            .toConfiguration()
            .get("emulatorHost"));
    assertFalse(
        parseWith("env:1", "subscriptionId", s, "endpoint", "e:1")
            .toConfiguration()
            .containsKey("emulatorHost"));
  }
}
