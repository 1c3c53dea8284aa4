package org.ferrule.arrow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NativeBatchTest {
  private final ArrowMemory memory = new ArrowMemory();

  @AfterEach
  void free() {
    memory.close();
  }

  private ColumnVector column(DataType type, long array) {
    long root = memory.array(3, 0, 0, new long[] {0}, array);
    return NativeBatch.columns(new StructType().add("c", type), root)[0];
  }

  @Test
  void fixedWidthValuesWithNullsAndAnOffset() {
    long array =
        memory.array(
            3, 1, 1, new long[] {memory.bytes((byte) 0b1011), memory.ints(9, 1, 2, 3)});
    ColumnVector c = column(DataTypes.IntegerType, array);
    assertEquals(1, c.getInt(0));
    assertTrue(c.isNullAt(1));
    assertFalse(c.isNullAt(2));
    assertEquals(3, c.getInt(2));
    assertTrue(c.hasNull());
    assertEquals(1, c.numNulls());
  }

  @Test
  void nullsThatNobodyCountedAreCounted() {
    long array =
        memory.array(3, -1, 0, new long[] {memory.bytes((byte) 0b010), memory.longs(1, 2, 3)});
    ColumnVector c = column(DataTypes.LongType, array);
    assertTrue(c.isNullAt(0));
    assertEquals(2, c.getLong(1));
    assertEquals(2, c.numNulls());
  }

  @Test
  void withoutAValidityBufferNothingIsNull() {
    ColumnVector c =
        column(
            DataTypes.BooleanType,
            memory.array(3, -1, 0, new long[] {0, memory.bytes((byte) 0b101)}));
    assertFalse(c.hasNull());
    assertEquals(0, c.numNulls());
    assertTrue(c.getBoolean(0));
    assertFalse(c.getBoolean(1));
  }

  @Test
  void stringsAndBinaries() {
    long[] buffers = {
      memory.bytes((byte) 0b101), memory.ints(0, 2, 2, 5), memory.text("éabc")
    };
    long array = memory.array(3, 1, 0, buffers);
    ColumnVector s = column(DataTypes.StringType, array);
    assertEquals("é", s.getUTF8String(0).toString());
    assertNull(s.getUTF8String(1));
    assertEquals("abc", s.getUTF8String(2).toString());
    ColumnVector b = column(DataTypes.BinaryType, array);
    assertArrayEquals(new byte[] {'a', 'b', 'c'}, b.getBinary(2));
    assertNull(b.getBinary(1));
  }

  @Test
  void decimalsNarrowAndWide() {
    BigInteger wide = new BigInteger("-12345678901234567890123456789012345678");
    long[] buffers = {
      0, memory.longs(-1234, -1, wide.longValue(), wide.shiftRight(64).longValue(), 7, 0)
    };
    long array = memory.array(3, 0, 0, buffers);
    ColumnVector narrow = column(DataTypes.createDecimalType(10, 2), array);
    assertEquals(Decimal.apply("-12.34"), narrow.getDecimal(0, 10, 2));
    ColumnVector full = column(DataTypes.createDecimalType(38, 3), array);
    assertEquals(
        "-12345678901234567890123456789012345.678", full.getDecimal(1, 38, 3).toString());
    assertEquals("0.007", full.getDecimal(2, 38, 3).toString());
  }

  @Test
  void listsMapsAndStructs() {
    long keys = memory.array(3, 0, 0, new long[] {0, memory.ints(0, 1, 2, 3), memory.text("xyz")});
    long values = memory.array(3, 0, 0, new long[] {0, memory.longs(10, 20, 30)});
    long entries = memory.array(3, 0, 0, new long[] {0}, keys, values);
    long map = memory.array(3, 0, 0, new long[] {0, memory.ints(0, 2, 2, 3)}, entries);
    ColumnVector m =
        column(DataTypes.createMapType(DataTypes.StringType, DataTypes.LongType), map);
    ColumnarMap first = m.getMap(0);
    assertEquals(2, first.numElements());
    assertEquals("y", first.keyArray().getUTF8String(1).toString());
    assertEquals(20, first.valueArray().getLong(1));
    assertEquals(0, m.getMap(1).numElements());
    assertEquals(30, m.getMap(2).valueArray().getLong(0));

    long list = memory.array(3, 0, 0, new long[] {0, memory.ints(0, 2, 2, 3)}, values);
    ColumnarArray last =
        column(DataTypes.createArrayType(DataTypes.LongType), list).getArray(2);
    assertEquals(30, last.getLong(0));
  }

  @Test
  void anOffsetOfAStructMovesItsChildren() {
    long child = memory.array(4, 0, 1, new long[] {0, memory.ints(8, 9, 1, 2, 3)});
    long struct = memory.array(3, 0, 1, new long[] {0}, child);
    StructType type = new StructType().add("x", DataTypes.IntegerType);
    ColumnVector c = column(type, struct);
    assertEquals(1, c.getStruct(0).getInt(0));
    assertEquals(3, c.getStruct(2).getInt(0));

    long root = memory.array(2, 0, 1, new long[] {0}, struct);
    ColumnVector moved = NativeBatch.columns(new StructType().add("c", type), root)[0];
    assertEquals(2, moved.getStruct(0).getInt(0));
  }

  @Test
  void voidIsNull() {
    ColumnVector c = column(DataTypes.NullType, memory.array(3, 3, 0, new long[0]));
    assertTrue(c.isNullAt(2));
    assertEquals(3, c.numNulls());
  }

  @Test
  void aBatchWithoutColumnsHasRows() {
    long root = memory.array(7, 0, 0, new long[] {0});
    assertEquals(7, NativeBatch.rows(root));
    assertEquals(0, NativeBatch.columns(new StructType(), root).length);
  }
}
