package org.ferrule.spark;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Options that say how a JSON payload is read: those that are Spark's own mean what they mean to
 * its JSON source, and those that are not built are refused by name.
 */
final class JsonOptions {
  static final String MODE = "mode";
  static final String CORRUPT_COLUMN = "columnNameOfCorruptRecord";
  static final String REASON_COLUMN = "columnNameOfCorruptReason";
  static final String TIME_ZONE = "timeZone";

  static final List<OptionSpec> SPECS =
      Collections.unmodifiableList(
          Arrays.asList(
              OptionSpec.choice(MODE, "PERMISSIVE", "FAILFAST", "DROPMALFORMED"),
              OptionSpec.text(CORRUPT_COLUMN),
              OptionSpec.text(REASON_COLUMN),
              OptionSpec.text(TIME_ZONE),
              OptionSpec.text("dateFormat"),
              OptionSpec.text("timestampFormat"),
              OptionSpec.text("timestampNTZFormat"),
              OptionSpec.flag("allowSingleQuotes"),
              OptionSpec.flag("allowNonNumericNumbers"),
              OptionSpec.flag("allowComments"),
              OptionSpec.flag("allowUnquotedFieldNames"),
              OptionSpec.flag("allowNumericLeadingZeros"),
              OptionSpec.flag("allowBackslashEscapingAnyCharacter"),
              OptionSpec.flag("allowUnquotedControlChars")));

  private static final Map<String, String> REFUSED = refused();

  private JsonOptions() {}

  private static Map<String, String> refused() {
    Map<String, String> out = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    String format =
        "is not built: declare the column as STRING and cast it, for example by"
            + " to_timestamp(column, format)";
    for (String name : new String[] {"timeFormat", "locale", "enableDateTimeParsingFallback"}) {
      out.put(name, format);
    }
    String inference =
        "says how Spark finds a schema, which you give here: leave it out, and declare the columns"
            + " as you want them";
    for (String name :
        new String[] {
          "primitivesAsString", "prefersDecimal", "inferTimestamp", "samplingRatio",
          "dropFieldIfAllNull", "inferSchema"
        }) {
      out.put(name, inference);
    }
    String file = "says how a file is cut into records; a message is one record: leave it out";
    for (String name :
        new String[] {"multiLine", "lineSep", "encoding", "charset", "compression"}) {
      out.put(name, file);
    }
    String variant = "needs a VARIANT column, which JSON is not read into here: leave it out";
    out.put("singleVariantColumn", variant);
    String limits = "is not built: records may nest 1000 deep, and have no other limit";
    for (String name : new String[] {"maxNestingDepth", "maxNumLen", "maxStringLen"}) {
      out.put(name, limits);
    }
    return out;
  }

  /** Why an option of Spark's JSON source is not taken, or null where it is none. */
  static String whyRefused(String name) {
    String why = REFUSED.get(name);
    return why == null ? null : "option " + name + " of Spark's JSON source " + why;
  }

  static boolean isTimeZone(String id) {
    // as Spark completes offsets
    String full =
        id.replaceFirst("(\\+|\\-)(\\d):", "$10$2:")
            .replaceFirst("(\\+|\\-)(\\d\\d):(\\d)$", "$1$2:0$3");
    try {
      ZoneId.of(full, ZoneId.SHORT_IDS);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }
}
