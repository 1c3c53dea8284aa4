package org.ferrule.kernel;

import java.lang.reflect.InvocationTargetException;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.connect.planner.SparkConnectPlanner;
import org.apache.spark.sql.connect.plugin.RelationPlugin;
import org.ferrule.spark.Reflect;

/**
 * Kernels for the clients of a Spark Connect server, from Spark 4.0 on. The server is started with
 *
 * <pre>
 * --jars ferrule-spark.jar
 * --conf spark.connect.extensions.relation.classes=org.ferrule.kernel.MapInNativeRelation
 * </pre>
 *
 * <p>A client sends a Relation whose extension, a google.protobuf.Any of the type
 * type.googleapis.com/org.ferrule.MapInNative, holds
 *
 * <pre>
 * message MapInNative {
 *   spark.connect.Relation input = 1;
 *   string library = 2;              // name of a file shipped by addArtifacts(file=True)
 *   string sha256 = 3;               // of its bytes, in hex
 *   string kernel = 4;               // may be empty where the library has only one
 *   map&lt;string, string&gt; options = 5;
 * }
 * </pre>
 *
 * <p>With the option ferrule.inputLater the input is compared with the kernel when Spark has
 * resolved the plan: in a declarative pipeline it reads tables that do not exist yet.
 */
public final class MapInNativeRelation implements RelationPlugin {
  private static final String TYPE = "/org.ferrule.MapInNative";

  private static final int ANY_TYPE = 1;
  private static final int ANY_VALUE = 2;
  private static final int INPUT = 1;
  private static final int LIBRARY = 2;
  private static final int SHA256 = 3;
  private static final int KERNEL = 4;
  private static final int OPTIONS = 5;
  private static final String INPUT_LATER = "ferrule.inputLater";

  private static final int KEY = 1;
  private static final int VALUE = 2;

  /** What a client asked for. */
  private static final class Request {
    byte[] input = new byte[0];
    String library = "";
    String sha256 = "";
    String kernel;
    final TreeMap<String, String> options = new TreeMap<>();
  }

  @Override
  public Optional<LogicalPlan> transform(byte[] relation, SparkConnectPlanner planner) {
    String type = "";
    byte[] value = new byte[0];
    for (ProtoFields.Field field : ProtoFields.of(relation)) {
      if (field.number == ANY_TYPE) {
        type = field.text();
      } else if (field.number == ANY_VALUE) {
        value = field.value;
      }
    }
    if (!type.endsWith(TYPE)) {
      return Optional.empty();
    }
    try {
      return Optional.of(plan(requestOf(value), planner));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException) {
        throw (RuntimeException) e.getCause();
      }
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no Spark Connect that kernels are known to run in: " + e, e);
    }
  }

  private static Request requestOf(byte[] message) {
    Request request = new Request();
    for (ProtoFields.Field field : ProtoFields.of(message)) {
      switch (field.number) {
        case INPUT:
          request.input = field.value;
          break;
        case LIBRARY:
          request.library = field.text();
          break;
        case SHA256:
          request.sha256 = field.text();
          break;
        case KERNEL:
          request.kernel = field.value.length == 0 ? null : field.text();
          break;
        case OPTIONS:
          addOption(request, field.value);
          break;
        default:
          break; // of a newer client
      }
    }
    return request;
  }

  private static void addOption(Request request, byte[] entry) {
    String key = "";
    String value = "";
    for (ProtoFields.Field field : ProtoFields.of(entry)) {
      if (field.number == KEY) {
        key = field.text();
      } else if (field.number == VALUE) {
        value = field.text();
      }
    }
    request.options.put(key, value);
  }

  private static LogicalPlan plan(Request request, SparkConnectPlanner planner)
      throws ReflectiveOperationException {
    SparkSession session = (SparkSession) Reflect.call(planner, "session");
    ClassLoader loader = planner.getClass().getClassLoader();
    Object input =
        Class.forName("org.apache.spark.connect.proto.Relation", true, loader)
            .getMethod("parseFrom", byte[].class)
            .invoke(null, (Object) request.input);
    LogicalPlan child = (LogicalPlan) Reflect.call(planner, "transformRelation", input);
    ShippedLibrary library = ShippedLibrary.declared(request.library, request.sha256);
    boolean later = Boolean.parseBoolean(request.options.remove(INPUT_LATER));
    return NativeMap.overUnresolved(
        session, child, library, request.kernel, request.options, later);
  }
}
