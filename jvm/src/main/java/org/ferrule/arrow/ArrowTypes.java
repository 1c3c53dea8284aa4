package org.ferrule.arrow;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.YearMonthIntervalType;

/** Which Arrow format each Spark type is read from, and whether a schema is that. */
public final class ArrowTypes {
  private ArrowTypes() {}

  /**
   * Compares the ArrowSchema at an address with the columns Spark expects, names and types, all the
   * way down.
   *
   * @return null where they agree, else what differs and where
   */
  public static String check(StructType expected, long schema) {
    return checkStruct(expected, schema, "", true);
  }

  /** Since Spark 4.0, so known by name only. */
  static boolean isVariant(DataType type) {
    return type.typeName().equals("variant");
  }

  private static String checkStruct(StructType type, long schema, String path, boolean names) {
    StructField[] fields = type.fields();
    if (!CStruct.format(schema).equals("+s")) {
      return differs(path, type, schema);
    }
    if (CStruct.schemaChildren(schema) != fields.length) {
      return place(path) + fields.length + " fields are expected, Arrow has "
          + CStruct.schemaChildren(schema);
    }
    for (int i = 0; i < fields.length; i++) {
      long child = CStruct.schemaChild(schema, i);
      String name = fields[i].name();
      if (names && !name.equals(CStruct.name(child))) {
        return place(path) + "field " + i + " is " + CStruct.name(child) + ", expected " + name;
      }
      String found = checkType(fields[i].dataType(), child, join(path, name));
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static String checkType(DataType type, long schema, String path) {
    if (CStruct.hasDictionary(schema)) {
      return place(path) + "dictionaries are not read";
    }
    if (type instanceof StructType) {
      return checkStruct((StructType) type, schema, path, true);
    }
    if (isVariant(type)) {
      StructType parts =
          new StructType()
              .add("value", DataTypes.BinaryType)
              .add("metadata", DataTypes.BinaryType);
      return checkStruct(parts, schema, path, true);
    }
    if (!CStruct.format(schema).equals(formatOf(type, CStruct.format(schema)))) {
      return differs(path, type, schema);
    }
    if (type instanceof ArrayType) {
      DataType element = ((ArrayType) type).elementType();
      return checkType(element, CStruct.schemaChild(schema, 0), join(path, "element"));
    }
    if (type instanceof MapType) {
      MapType map = (MapType) type;
      StructType entry =
          new StructType().add("key", map.keyType()).add("value", map.valueType());
      return checkStruct(entry, CStruct.schemaChild(schema, 0), join(path, "entry"), false);
    }
    return null;
  }

  /** The Arrow format of a type; found is what is there, for formats with a free part. */
  private static String formatOf(DataType type, String found) {
    if (type instanceof TimestampType) {
      // values count from 1970 in UTC whatever zone the format names
      return found.startsWith("tsu:") && found.length() > 4 ? found : "tsu:UTC";
    }
    if (type instanceof DecimalType) {
      DecimalType decimal = (DecimalType) type;
      return "d:" + decimal.precision() + "," + decimal.scale();
    }
    if (type instanceof StringType) {
      return "u";
    }
    if (type instanceof ArrayType) {
      return "+l";
    }
    if (type instanceof MapType) {
      return "+m";
    }
    return fixedFormatOf(type);
  }

  private static String fixedFormatOf(DataType type) {
    if (type instanceof BooleanType) {
      return "b";
    } else if (type instanceof ByteType) {
      return "c";
    } else if (type instanceof ShortType) {
      return "s";
    } else if (type instanceof IntegerType) {
      return "i";
    } else if (type instanceof LongType) {
      return "l";
    } else if (type instanceof FloatType) {
      return "f";
    } else if (type instanceof DoubleType) {
      return "g";
    } else if (type instanceof BinaryType) {
      return "z";
    } else if (type instanceof DateType) {
      return "tdD";
    } else if (type instanceof YearMonthIntervalType) {
      return "tiM";
    } else if (type instanceof DayTimeIntervalType) {
      return "tDu";
    } else if (type instanceof NullType) {
      return "n";
    }
    return newerFormatOf(type.typeName());
  }

  /** Types that the oldest supported Spark lacks or keeps to itself. */
  private static String newerFormatOf(String name) {
    if (name.equals("timestamp_ntz")) {
      return "tsu:";
    }
    return name.startsWith("time(") ? "ttn" : "none of " + name;
  }

  private static String differs(String path, DataType type, long schema) {
    return place(path) + "Spark expects " + type.simpleString() + ", Arrow has format "
        + CStruct.format(schema);
  }

  private static String place(String path) {
    return path.isEmpty() ? "" : path + ": ";
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
