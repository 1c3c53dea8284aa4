package org.ferrule.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The source's options, checked: known, well formed and free of contradictions.
 *
 * <p>Names are those of coordinator.h's configuration.
 */
final class PubSubOptions {
  static final String PROJECT_ID = "projectId";
  static final String SUBSCRIPTION_ID = "subscriptionId";
  static final String EMULATOR_HOST = "emulatorHost";
  static final String ENDPOINT = "endpoint";
  static final String CREDENTIALS_FILE = "credentialsFile";
  static final String CREDENTIALS_SCOPES = "credentialsScopes";
  static final String CA_FILE = "caFile";
  static final String INCLUDE_ACK_ID = "includeAckId";
  static final String PAYLOAD_TYPE = "payloadType";
  static final String PAYLOAD_FORMAT = "payloadFormat";
  static final String ACKNOWLEDGE = "acknowledge";
  static final String EXACTLY_ONCE = "exactlyOnce";
  static final String MAX_ROWS = "maxRowsPerBatch";
  static final String ALLOW_SHARED = "allowSharedSubscription";

  static final String ON_COMMIT = "onCommit";
  static final String ON_READ = "onRead";

  private static final String EMULATOR_VARIABLE = "PUBSUB_EMULATOR_HOST";
  private static final int MAX_PORT = 65535;
  private static final int HOUR_MS = 3_600_000;

  private static final OptionSpec[] OWN_SPECS = {
    OptionSpec.text(PROJECT_ID),
    OptionSpec.text(SUBSCRIPTION_ID),
    OptionSpec.text(EMULATOR_HOST),
    OptionSpec.text(ENDPOINT),
    OptionSpec.text(CREDENTIALS_FILE),
    OptionSpec.text(CREDENTIALS_SCOPES),
    OptionSpec.text(CA_FILE),
    OptionSpec.count("numPartitions", 1, 10_000),
    OptionSpec.flag(INCLUDE_ACK_ID),
    OptionSpec.choice(PAYLOAD_TYPE, "binary", "string"),
    OptionSpec.choice(PAYLOAD_FORMAT, "raw", "json"),
    OptionSpec.choice(ACKNOWLEDGE, ON_COMMIT, ON_READ),
    OptionSpec.flag(EXACTLY_ONCE),
    OptionSpec.flag(ALLOW_SHARED),
    OptionSpec.count("drainIdleMs", 1, HOUR_MS),
    OptionSpec.count(MAX_ROWS, 1, Long.MAX_VALUE),
    OptionSpec.bytes("maxBytesPerBatch", 1),
    OptionSpec.count("maxBatchDelayMs", 1, HOUR_MS),
    OptionSpec.bytes("reservoirBytes", 8 << 20),
    OptionSpec.count("streamsPerExecutor", 1, 64),
    OptionSpec.text("coordinatorHost"),
    OptionSpec.count("coordinatorPort", 0, MAX_PORT),
  };

  private static final List<OptionSpec> SPECS = new ArrayList<>(Arrays.asList(OWN_SPECS));

  static {
    SPECS.addAll(JsonOptions.SPECS);
  }

  private final Map<String, Object> values;

  private PubSubOptions(Map<String, Object> values) {
    this.values = values;
  }

  static PubSubOptions parse(CaseInsensitiveStringMap given) {
    return parse(given, System.getenv(EMULATOR_VARIABLE));
  }

  /** With the value of the environment's emulator variable, null where it is unset. */
  static PubSubOptions parse(CaseInsensitiveStringMap given, String emulatorVariable) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : given.asCaseSensitiveMap().entrySet()) {
      OptionSpec spec = find(entry.getKey());
      values.put(spec.name, spec.parse(entry.getValue()));
    }
    checkSubscription(values);
    checkContradictions(values);
    if (emulatorVariable != null && !emulatorVariable.isEmpty()
        && !values.containsKey(ENDPOINT) && !values.containsKey(EMULATOR_HOST)) {
      // executors need not have the variable; an emulator takes no credentials
      values.put(EMULATOR_HOST, emulatorVariable);
      values.remove(CREDENTIALS_FILE);
      values.remove(CREDENTIALS_SCOPES);
      values.remove(CA_FILE);
    }
    return new PubSubOptions(values);
  }

  private static OptionSpec find(String name) {
    OptionSpec nearest = null;
    int least = Integer.MAX_VALUE;
    for (OptionSpec spec : SPECS) {
      int distance =
          EditDistance.between(
              spec.name.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT));
      if (distance == 0) {
        return spec;
      }
      if (distance < least) {
        least = distance;
        nearest = spec;
      }
    }
    String refused = JsonOptions.whyRefused(name);
    if (refused != null) {
      throw wrong(refused);
    }
    if (name.equalsIgnoreCase("path") || name.equalsIgnoreCase("paths")) {
      throw wrong("load() takes no path: option subscriptionId names what is read");
    }
    boolean near = 2 * least <= name.length();
    throw wrong("there is no option '" + name + "'; "
        + (near ? "did you mean " + nearest.name + "?" : "the options are " + names()));
  }

  private static String names() {
    return SPECS.stream().map(spec -> spec.name).collect(Collectors.joining(", "));
  }

  private static void checkSubscription(Map<String, Object> values) {
    Object subscription = values.get(SUBSCRIPTION_ID);
    if (subscription == null) {
      throw wrong("option subscriptionId is missing: a name, or projects/P/subscriptions/S");
    }
    String name = subscription.toString();
    Object project = values.get(PROJECT_ID);
    if (name.indexOf('/') < 0) {
      if (project == null) {
        throw wrong("option projectId is missing: subscriptionId '" + name
            + "' is a short name; give projectId or projects/P/subscriptions/" + name);
      }
      return;
    }
    String[] parts = name.split("/", -1);
    if (parts.length != 4 || !parts[0].equals("projects") || !parts[2].equals("subscriptions")
        || parts[1].isEmpty() || parts[3].isEmpty()) {
      throw wrong("subscriptionId is '" + name
          + "', a full name has the form projects/P/subscriptions/S");
    }
    if (project != null && !project.equals(parts[1])) {
      throw wrong("projectId is '" + project + "' but subscriptionId names project '"
          + parts[1] + "': leave projectId out or make them agree");
    }
  }

  private static void checkContradictions(Map<String, Object> values) {
    if (Boolean.TRUE.equals(values.get(EXACTLY_ONCE))) {
      throw wrong("exactlyOnce is not built yet: leave it out; a message is acked only after"
          + " its batch was committed, so none is lost, and a restart may repeat one batch");
    }
    excludes(values, EMULATOR_HOST, ENDPOINT);
    excludes(values, EMULATOR_HOST, CREDENTIALS_FILE);
    excludes(values, EMULATOR_HOST, CREDENTIALS_SCOPES);
    excludes(values, EMULATOR_HOST, CA_FILE);
    if (!"json".equals(values.get(PAYLOAD_FORMAT))) {
      for (OptionSpec spec : JsonOptions.SPECS) {
        needsJson(values, spec.name);
      }
    }
    Object zone = values.get(JsonOptions.TIME_ZONE);
    if (zone != null && !JsonOptions.isTimeZone(zone.toString())) {
      throw wrong("option timeZone is '" + zone
          + "', it must be a zone id such as Europe/Berlin, +02:00 or UTC");
    }
  }

  private static void excludes(Map<String, Object> values, String one, String other) {
    if (values.containsKey(one) && values.containsKey(other)) {
      throw wrong("options " + one + " and " + other
          + " contradict each other: an emulator is spoken to in clear text without"
          + " credentials; leave one of them out");
    }
  }

  private static void needsJson(Map<String, Object> values, String name) {
    if (values.containsKey(name)) {
      throw wrong("option " + name + " says how JSON payloads are read: add payloadFormat=json"
          + " or leave it out");
    }
  }

  private static IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(PubSubSource.NAME + ": " + message);
  }

  boolean isJson() {
    return "json".equals(values.get(PAYLOAD_FORMAT));
  }

  boolean payloadIsString() {
    return "string".equals(values.get(PAYLOAD_TYPE));
  }

  boolean includesAckId() {
    return Boolean.TRUE.equals(values.get(INCLUDE_ACK_ID));
  }

  boolean isPermissive() {
    Object mode = values.get(JsonOptions.MODE);
    return mode == null || mode.equals("PERMISSIVE");
  }

  /** Null where it was not given: then the session's name for it holds. */
  String corruptColumn() {
    return (String) values.get(JsonOptions.CORRUPT_COLUMN);
  }

  /** Null where it was not given: then no column gets the reason. */
  String reasonColumn() {
    return (String) values.get(JsonOptions.REASON_COLUMN);
  }

  /** Null where it was not given: then the session's holds. */
  String timeZone() {
    return (String) values.get(JsonOptions.TIME_ZONE);
  }

  /** A stream knows of commits, a batch read does not: acknowledge must say what is possible. */
  void checkAcknowledge(boolean isStream) {
    Object given = values.get(ACKNOWLEDGE);
    if (isStream && ON_READ.equals(given)) {
      throw wrong("acknowledge=onRead is for batch reads; a stream acks the messages of a batch"
          + " once Spark has committed it: leave the option out");
    }
    if (!isStream && ON_COMMIT.equals(given)) {
      throw wrong("acknowledge=onCommit is for streams; Spark tells a batch source nothing of a"
          + " commit: leave the option out to give the messages back, or set onRead");
    }
  }

  /** 0 where it was not given. */
  long maxRowsPerBatch() {
    Object rows = values.get(MAX_ROWS);
    return rows == null ? 0 : (Long) rows;
  }

  /** The full name. */
  String subscription() {
    String name = values.get(SUBSCRIPTION_ID).toString();
    return name.indexOf('/') >= 0
        ? name
        : "projects/" + values.get(PROJECT_ID) + "/subscriptions/" + name;
  }

  /** A fresh map of option names and values as the native configuration wants them. */
  Map<String, Object> toConfiguration() {
    Map<String, Object> out = new LinkedHashMap<>(values);
    out.remove(EXACTLY_ONCE);
    return out;
  }
}
