package org.ferrule.spark;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/** Calls of what has other names or Scala types in other versions of Spark. */
public final class Reflect {
  private Reflect() {}

  /** A method without parameters, public or not, of the object's class or one above it. */
  public static Object call(Object target, String method) throws ReflectiveOperationException {
    for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
      for (Method candidate : type.getDeclaredMethods()) {
        if (candidate.getName().equals(method) && candidate.getParameterCount() == 0) {
          candidate.setAccessible(true);
          return candidate.invoke(target);
        }
      }
    }
    // a default method of an interface
    return target.getClass().getMethod(method).invoke(target);
  }

  /** A method with one parameter that takes the argument. */
  public static Object call(Object target, String method, Object argument)
      throws ReflectiveOperationException {
    for (Method candidate : target.getClass().getMethods()) {
      if (candidate.getName().equals(method)
          && candidate.getParameterCount() == 1
          && candidate.getParameterTypes()[0].isInstance(argument)) {
        return candidate.invoke(target, argument);
      }
    }
    throw new NoSuchMethodException(target.getClass().getName() + "." + method);
  }

  /** A private field; null where the class has none of the name. */
  public static Object field(Object target, String name) throws ReflectiveOperationException {
    for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
      for (Field candidate : type.getDeclaredFields()) {
        if (candidate.getName().equals(name)) {
          candidate.setAccessible(true);
          return candidate.get(target);
        }
      }
    }
    return null;
  }

  /** The elements of a Scala Seq. */
  public static List<Object> elements(Object seq) throws ReflectiveOperationException {
    Class<?> type = Class.forName("scala.collection.Seq", false, seq.getClass().getClassLoader());
    Method length = type.getMethod("length");
    Method apply = type.getMethod("apply", int.class);
    List<Object> out = new ArrayList<>();
    int n = (Integer) length.invoke(seq);
    for (int i = 0; i < n; i++) {
      out.add(apply.invoke(seq, i));
    }
    return out;
  }
}
