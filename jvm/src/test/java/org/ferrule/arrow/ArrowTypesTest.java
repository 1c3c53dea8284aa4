package org.ferrule.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrowTypesTest {
  private final ArrowMemory memory = new ArrowMemory();

  @AfterEach
  void free() {
    memory.close();
  }

  private String check(DataType type, String format, long... children) {
    long root = memory.schema("+s", "", memory.schema(format, "c", children));
    return ArrowTypes.check(new StructType().add("c", type), root);
  }

  @Test
  void everyTypeHasItsFormat() {
    Object[][] cases = {
      {DataTypes.BooleanType, "b"}, {DataTypes.ByteType, "c"}, {DataTypes.ShortType, "s"},
      {DataTypes.IntegerType, "i"}, {DataTypes.LongType, "l"}, {DataTypes.FloatType, "f"},
      {DataTypes.DoubleType, "g"}, {DataTypes.StringType, "u"}, {DataTypes.BinaryType, "z"},
      {DataTypes.DateType, "tdD"}, {DataTypes.TimestampType, "tsu:UTC"},
      {DataTypes.TimestampType, "tsu:Europe/Berlin"}, {DataTypes.NullType, "n"},
      {DataTypes.createDecimalType(12, 3), "d:12,3"},
      {DataTypes.createDayTimeIntervalType(), "tDu"},
      {DataTypes.createYearMonthIntervalType(), "tiM"},
    };
    for (Object[] one : cases) {
      assertNull(check((DataType) one[0], (String) one[1]), one[1].toString());
    }
  }

  @Test
  void aDifferenceIsNamedWithItsPlace() {
    assertEquals(
        "c: Spark expects int, Arrow has format l", check(DataTypes.IntegerType, "l"));
    assertEquals(
        "c: Spark expects timestamp, Arrow has format tsu:",
        check(DataTypes.TimestampType, "tsu:"));
    String nested =
        check(
            DataTypes.createArrayType(DataTypes.StringType),
            "+l",
            memory.schema("z", "item"));
    assertEquals("c.element: Spark expects string, Arrow has format z", nested);
    String map =
        check(
            DataTypes.createMapType(DataTypes.StringType, DataTypes.LongType),
            "+m",
            memory.schema("+s", "entries", memory.schema("u", "k"), memory.schema("i", "v")));
    assertEquals("c.entry.value: Spark expects bigint, Arrow has format i", map);
  }

  @Test
  void namesAndNumberOfColumnsMustAgree() {
    StructType expected = new StructType().add("a", DataTypes.IntegerType);
    long other = memory.schema("+s", "", memory.schema("i", "b"));
    assertTrue(ArrowTypes.check(expected, other).contains("expected a"));
    assertTrue(ArrowTypes.check(expected, memory.schema("+s", "")).contains("1 fields"));
    assertNull(ArrowTypes.check(new StructType(), memory.schema("+s", "")));
  }
}
