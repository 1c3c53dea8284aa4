package org.ferrule.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a table: those a query sees, and the message's own fields, hidden, where payloads
 * are decoded.
 */
final class PubSubSchema {
  private static final String CORRUPT_COLUMN_CONF = "spark.sql.columnNameOfCorruptRecord";

  final PubSubOptions options;

  /** What select * gives. Every column may be null. */
  final StructType visible;

  /** What can be asked for by name. */
  final StructType hidden;

  private PubSubSchema(PubSubOptions options, StructType visible, StructType hidden) {
    this.options = options;
    this.visible = visible;
    this.hidden = hidden;
  }

  /** The schema where the user gives none. */
  static StructType inferred(PubSubOptions options) {
    if (options.isJson()) {
      throw wrong("payloadFormat=json needs the columns: call schema(...) before load()");
    }
    return messageColumns(options);
  }

  /** The user's schema, checked against what the options make possible. */
  static PubSubSchema of(StructType given, PubSubOptions options) {
    StructType message = messageColumns(options);
    if (!options.isJson()) {
      return new PubSubSchema(options, selected(given, message), new StructType());
    }
    StructType visible = (StructType) nullable(given);
    checkCorruptColumn(visible, corruptColumn(options));
    checkReasonColumn(visible, options);
    StructType hidden = new StructType();
    for (StructField field : message.fields()) {
      if (find(visible, field.name()) == null) {
        hidden = hidden.add(field);
      }
    }
    return new PubSubSchema(options, visible, hidden);
  }

  /** Visible and hidden columns, in the order in which Spark counts them. */
  StructType all() {
    StructType out = visible;
    for (StructField field : hidden.fields()) {
      out = out.add(field);
    }
    return out;
  }

  /** What the native library needs to know to build the given columns. */
  Map<String, Object> configuration(StructType built) {
    Map<String, Object> out = options.toConfiguration();
    List<Object> message = new ArrayList<>();
    List<Object> output = new ArrayList<>();
    StructType fromMessage = options.isJson() ? hidden : visible;
    StructType declared = new StructType();
    for (StructField field : built.fields()) {
      output.add(field.name());
      if (find(fromMessage, field.name()) != null) {
        message.add(field.name());
      } else {
        declared = declared.add(field);
      }
    }
    out.put("columns", message);
    out.put("outputColumns", output);
    if (options.isJson()) {
      decoding(out, declared);
    }
    return out;
  }

  private void decoding(Map<String, Object> out, StructType declared) {
    SQLConf conf = SQLConf.get();
    String corrupt = corruptColumn(options);
    String reason = options.reasonColumn();
    boolean wholeRecord =
        !options.isPermissive()
            || find(declared, corrupt) != null
            || (reason != null && find(declared, reason) != null);
    if (!wholeRecord && declared.isEmpty()) {
      // nothing of a payload is read, and none of them can drop or fail a row
      out.remove(PubSubOptions.PAYLOAD_FORMAT);
      for (OptionSpec spec : JsonOptions.SPECS) {
        out.remove(spec.name);
      }
      return;
    }
    // which rows are bad must not depend on the columns that a query happens to read
    out.put("jsonSchema", (wholeRecord ? visible : declared).json());
    out.put(JsonOptions.CORRUPT_COLUMN, corrupt);
    if (reason != null) {
      out.put(JsonOptions.REASON_COLUMN, find(visible, reason).name());
    }
    out.remove(JsonOptions.TIME_ZONE);
    String zone = options.timeZone();
    out.put("sessionTimeZone", zone != null ? zone : conf.sessionLocalTimeZone());
  }

  private static StructType messageColumns(PubSubOptions options) {
    DataType payload = options.payloadIsString() ? DataTypes.StringType : DataTypes.BinaryType;
    StructType out =
        new StructType()
            .add("message_id", DataTypes.StringType)
            .add("publish_time", DataTypes.TimestampType)
            .add("payload", payload)
            .add(
                "attributes",
                DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType, true))
            .add("ordering_key", DataTypes.StringType);
    return options.includesAckId() ? out.add("ack_id", DataTypes.StringType) : out;
  }

  private static StructType selected(StructType given, StructType message) {
    StructType out = new StructType();
    for (StructField field : given.fields()) {
      StructField known = find(message, field.name());
      if (known == null) {
        throw wrong(unknownColumn(field.name(), message));
      }
      if (!nullable(field.dataType()).equals(nullable(known.dataType()))) {
        throw wrong("column " + known.name() + " is " + known.dataType().sql() + ", not "
            + field.dataType().sql() + payloadHint(known.name()));
      }
      out = out.add(known);
    }
    return out;
  }

  private static String payloadHint(String name) {
    return name.equals("payload")
        ? "; payloadType=string gives it as STRING, payloadFormat=json decodes it"
        : "";
  }

  private static String unknownColumn(String name, StructType message) {
    if (name.equalsIgnoreCase("ack_id")) {
      return "column ack_id is there with includeAckId=true only";
    }
    return "there is no column '" + name + "'; the columns are "
        + String.join(", ", message.fieldNames())
        + "; payloadFormat=json decodes payloads into columns of your own";
  }

  private static String corruptColumn(PubSubOptions options) {
    String given = options.corruptColumn();
    return given != null
        ? given
        : SQLConf.get().getConfString(CORRUPT_COLUMN_CONF, "_corrupt_record");
  }

  private static void checkCorruptColumn(StructType visible, String name) {
    StructField column = find(visible, name);
    if (column != null && !(column.dataType() instanceof StringType)) {
      throw wrong("column " + column.name() + " receives corrupt records, so it must be STRING,"
          + " not " + column.dataType().sql());
    }
  }

  private static void checkReasonColumn(StructType visible, PubSubOptions options) {
    String name = options.reasonColumn();
    if (name == null) {
      return;
    }
    StructField column = find(visible, name);
    if (column == null || !(column.dataType() instanceof StringType)) {
      throw wrong("option columnNameOfCorruptReason names '" + name
          + "': declare that column as STRING in schema(...), or leave the option out");
    }
    if (name.equalsIgnoreCase(corruptColumn(options))) {
      throw wrong("options columnNameOfCorruptReason and columnNameOfCorruptRecord both name '"
          + name + "': give each its own column");
    }
  }

  private static StructField find(StructType in, String name) {
    for (StructField field : in.fields()) {
      if (field.name().equalsIgnoreCase(name)) {
        return field;
      }
    }
    return null;
  }

  /** The same type with nothing required: a payload may lack anything. */
  private static DataType nullable(DataType type) {
    if (type instanceof StructType) {
      StructType out = new StructType();
      for (StructField field : ((StructType) type).fields()) {
        out =
            out.add(
                new StructField(
                    field.name(), nullable(field.dataType()), true, field.metadata()));
      }
      return out;
    }
    if (type instanceof ArrayType) {
      return DataTypes.createArrayType(nullable(((ArrayType) type).elementType()), true);
    }
    if (type instanceof MapType) {
      MapType map = (MapType) type;
      return DataTypes.createMapType(nullable(map.keyType()), nullable(map.valueType()), true);
    }
    return type;
  }

  private static IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(PubSubSource.NAME + ": " + message);
  }
}
