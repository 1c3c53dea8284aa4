package org.ferrule.kernel;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.Block;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.EmptyBlock$;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.expressions.codegen.FalseLiteral$;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.ferrule.spark.Reflect;

/**
 * The condition of a filter below a kernel's node: puts a row's values into {@link InputColumns} and
 * lets a row through only where a batch is full. So they become part of the loop that Spark generates
 * for the operators below, and no row is built.
 *
 * <p>Interpreted it lets every row through: the node then finds no columns, and copies the rows.
 */
public final class CollectRow extends Expression implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final int MAX_COLUMNS = 64;
  private static final String COLUMNS = InputColumns.class.getName();
  private static final String COLUMN = InputColumn.class.getName();
  private static final Map<String, String> PUT = new HashMap<>();

  static {
    PUT.put("BooleanType", "putBoolean");
    PUT.put("ByteType", "putByte");
    PUT.put("ShortType", "putShort");
    PUT.put("IntegerType", "putInt");
    PUT.put("DateType", "putInt");
    PUT.put("LongType", "putLong");
    PUT.put("TimestampType", "putLong");
    PUT.put("TimestampNTZType", "putLong");
    PUT.put("DayTimeIntervalType", "putLong");
    PUT.put("TimeType", "putLong");
    PUT.put("FloatType", "putFloat");
    PUT.put("DoubleType", "putDouble");
    PUT.put("DecimalType", "putDecimal");
    PUT.put("StringType", "putText");
    PUT.put("BinaryType", "putBinary");
  }

  private final KernelCall call;
  private final ArrayList<Expression> values;

  CollectRow(KernelCall call, List<Expression> values) {
    this.call = call;
    this.values = new ArrayList<>(values);
  }

  /** Types whose values are one each, and not so many that the loop is too large to be compiled. */
  static boolean takes(StructType input) {
    StructField[] fields = input.fields();
    return fields.length > 0
        && fields.length <= MAX_COLUMNS
        && Arrays.stream(fields).allMatch(f -> PUT.containsKey(typeName(f.dataType())));
  }

  private static String typeName(DataType type) {
    return type.getClass().getSimpleName().replace("$", "");
  }

  @Override
  public Object eval(InternalRow row) {
    return Boolean.TRUE;
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode to) {
    String opened = COLUMNS + ".open(" + context.addReferenceObj("call", call, "Object") + ")";
    String columns =
        context.addMutableState(
            COLUMNS, "columns", name -> name + " = " + opened + ";", true, true);
    String row = context.freshName("row");
    Block before = (Block) (Object) EmptyBlock$.MODULE$;
    StringBuilder puts = new StringBuilder("final int " + row + " = " + columns + ".row();\n");
    for (int i = 0; i < values.size(); i++) {
      ExprCode value = values.get(i).genCode(context);
      before = before.$plus(value.code());
      String made = columns + ".column(" + i + ")";
      String column =
          context.addMutableState(
              COLUMN, "column", name -> name + " = " + made + ";", true, true);
      puts.append(put(column, row, values.get(i), value));
    }
    puts.append("final boolean ").append(to.value()).append(" = ");
    puts.append(columns).append(".ended();\n");
    return to.copy(before.$plus(block(puts.toString())), FalseLiteral$.MODULE$, to.value());
  }

  private static String put(String column, String row, Expression child, ExprCode value) {
    DataType type = child.dataType();
    StringBuilder call = new StringBuilder(column);
    call.append('.').append(PUT.get(typeName(type))).append('(').append(row).append(", ");
    call.append(value.value());
    if (type instanceof DecimalType) {
      DecimalType decimal = (DecimalType) type;
      call.append(", ").append(decimal.precision()).append(", ").append(decimal.scale());
    }
    call.append(");\n");
    if (!child.nullable()) {
      return call.toString();
    }
    return "if (" + value.isNull() + ") {\n  " + column + ".putNull(" + row + ");\n} else {\n  "
        + call + "}\n";
  }

  /** The constructor's parameters are another Seq in each Scala. */
  private static Block block(String code) {
    try {
      return (Block)
          CodeBlock.class
              .getConstructors()[0]
              .newInstance(ScalaLists.of(Arrays.asList(code)), ScalaLists.of(new ArrayList<>()));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("CodeBlock has another shape: " + e, e);
    }
  }

  @Override
  public DataType dataType() {
    return DataTypes.BooleanType;
  }

  @Override
  public boolean nullable() {
    return false;
  }

  @Override
  public boolean foldable() {
    return false;
  }

  @Override
  public scala.collection.immutable.Seq<Expression> children() {
    return ScalaLists.of(values);
  }

  @Override
  public Expression withNewChildrenInternal(
      scala.collection.IndexedSeq<Expression> newChildren) {
    return over(newChildren);
  }

  /** What Scala 2.13 calls. */
  public TreeNode<?> withNewChildrenInternal(
      scala.collection.immutable.IndexedSeq<Expression> newChildren) {
    return over(newChildren);
  }

  @SuppressWarnings("unchecked")
  private CollectRow over(Object newChildren) {
    try {
      return new CollectRow(call, (List<Expression>) (List<?>) Reflect.elements(newChildren));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read a sequence of Scala: " + e, e);
    }
  }

  @Override
  public String toString() {
    return "batch of " + call;
  }

  @Override
  public int productArity() {
    return 1;
  }

  @Override
  public Object productElement(int n) {
    return call;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof CollectRow;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CollectRow
        && ((CollectRow) other).call.equals(call)
        && ((CollectRow) other).values.equals(values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(call, values);
  }
}
