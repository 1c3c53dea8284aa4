package org.ferrule.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** One option of the source: its name and which values it takes. */
final class OptionSpec {
  private enum Kind {
    TEXT,
    FLAG,
    COUNT,
    BYTES,
    CHOICE
  }

  private static final String UNITS = "kmgt";
  private static final int UNIT_SHIFT = 10;

  final String name;
  private final Kind kind;
  private final long min;
  private final long max;
  private final List<String> choices;

  private OptionSpec(String name, Kind kind, long min, long max, String... choices) {
    this.name = name;
    this.kind = kind;
    this.min = min;
    this.max = max;
    this.choices = Arrays.asList(choices);
  }

  static OptionSpec text(String name) {
    return new OptionSpec(name, Kind.TEXT, 0, 0);
  }

  static OptionSpec flag(String name) {
    return new OptionSpec(name, Kind.FLAG, 0, 0);
  }

  static OptionSpec count(String name, long min, long max) {
    return new OptionSpec(name, Kind.COUNT, min, max);
  }

  static OptionSpec bytes(String name, long min) {
    return new OptionSpec(name, Kind.BYTES, min, Long.MAX_VALUE);
  }

  /** The first of the choices that equals the value but for case is what counts. */
  static OptionSpec choice(String name, String... choices) {
    return new OptionSpec(name, Kind.CHOICE, 0, 0, choices);
  }

  /**
   * The value as a String, Boolean or Long.
   *
   * @throws IllegalArgumentException naming the option and what it takes
   */
  Object parse(String text) {
    String value = text.trim();
    switch (kind) {
      case FLAG:
        return flagOf(value);
      case COUNT:
        return inRange(wholeNumber(value, value), value);
      case BYTES:
        return inRange(bytesOf(value), value);
      case CHOICE:
        return choiceOf(value);
      default:
        if (value.isEmpty()) {
          throw wrong(value, "a text that is not empty");
        }
        return value;
    }
  }

  private Boolean flagOf(String value) {
    if (value.equalsIgnoreCase("true")) {
      return Boolean.TRUE;
    }
    if (value.equalsIgnoreCase("false")) {
      return Boolean.FALSE;
    }
    throw wrong(value, "true or false");
  }

  private String choiceOf(String value) {
    for (String choice : choices) {
      if (choice.equalsIgnoreCase(value)) {
        return choice;
      }
    }
    throw wrong(value, "one of " + String.join(", ", choices));
  }

  /** As Spark writes sizes: 1048576, 1024k, 64m, 1g, with or without a b behind. */
  private long bytesOf(String value) {
    String lower = value.toLowerCase(Locale.ROOT);
    if (lower.length() > 1 && lower.endsWith("b")) {
      lower = lower.substring(0, lower.length() - 1);
    }
    int unit = lower.isEmpty() ? -1 : UNITS.indexOf(lower.charAt(lower.length() - 1));
    if (unit < 0) {
      return wholeNumber(lower, value);
    }
    long number = wholeNumber(lower.substring(0, lower.length() - 1).trim(), value);
    int shift = UNIT_SHIFT * (unit + 1);
    if (number > Long.MAX_VALUE >> shift) {
      throw wrong(value, "a smaller number of bytes");
    }
    return number << shift;
  }

  private long wholeNumber(String digits, String value) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw wrong(
          value, kind == Kind.BYTES ? "a number of bytes, such as 67108864 or 64m" : "a number");
    }
  }

  private Long inRange(long number, String value) {
    if (number < min || number > max) {
      throw wrong(
          value, max == Long.MAX_VALUE ? "at least " + min : "between " + min + " and " + max);
    }
    return number;
  }

  private IllegalArgumentException wrong(String value, String takes) {
    return new IllegalArgumentException(
        PubSubSource.NAME + ": option " + name + " is '" + value + "', it must be " + takes);
  }
}
