package org.ferrule.kernel;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.ferrule.spark.Reflect;
import scala.collection.immutable.$colon$colon;
import scala.collection.immutable.Nil$;

/** Scala's collections, by what Scala 2.12 and 2.13 have in common. */
final class ScalaLists {
  private ScalaLists() {}

  @SuppressWarnings("unchecked")
  static <T> scala.collection.immutable.List<T> of(List<T> elements) {
    scala.collection.immutable.List<T> list =
        (scala.collection.immutable.List<T>) (Object) Nil$.MODULE$;
    for (int i = elements.size() - 1; i >= 0; i--) {
      list = new $colon$colon<>(elements.get(i), list);
    }
    return list;
  }

  /** The only element of a Seq. */
  static Object single(Object seq) {
    try {
      List<Object> elements = Reflect.elements(seq);
      if (elements.size() != 1) {
        throw new IllegalArgumentException(elements.size() + " children for a node of one");
      }
      return elements.get(0);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read a sequence of Scala: " + e, e);
    }
  }

  /** Map.updated has another erasure in each Scala. */
  @SuppressWarnings("unchecked")
  static <V> scala.collection.immutable.Map<String, V> map(Map<String, V> entries) {
    try {
      Class<?> companion = Class.forName("scala.collection.immutable.Map$");
      Object module = companion.getField("MODULE$").get(null);
      Object map = companion.getMethod("empty").invoke(module);
      Method updated =
          scala.collection.immutable.Map.class.getMethod("updated", Object.class, Object.class);
      for (Map.Entry<String, V> entry : entries.entrySet()) {
        map = updated.invoke(map, entry.getKey(), entry.getValue());
      }
      return (scala.collection.immutable.Map<String, V>) map;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make a map of Scala: " + e, e);
    }
  }

  /** Fresh attributes for the columns of a schema. */
  static List<Attribute> attributes(StructType schema) {
    List<Attribute> out = new ArrayList<>();
    for (StructField field : schema.fields()) {
      out.add(attribute(field));
    }
    return out;
  }

  /** The constructor's last parameter is a Seq, which is another class in each Scala. */
  private static Attribute attribute(StructField field) {
    Constructor<?> made =
        Arrays.stream(AttributeReference.class.getConstructors())
            .filter(c -> c.getParameterCount() == 6)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("AttributeReference has another shape"));
    try {
      return (Attribute)
          made.newInstance(
              field.name(),
              field.dataType(),
              field.nullable(),
              field.metadata(),
              NamedExpression$.MODULE$.newExprId(),
              Nil$.MODULE$);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make a column's attribute: " + e, e);
    }
  }
}
