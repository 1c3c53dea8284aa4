package org.ferrule.kernel;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.FilterExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import org.ferrule.spark.Reflect;

/** Plans {@link MapInNative}. */
public final class MapInNativeStrategy extends SparkStrategy {
  private static final long serialVersionUID = 1L;

  @Override
  public scala.collection.immutable.Seq<SparkPlan> apply(LogicalPlan plan) {
    if (!(plan instanceof MapInNative)) {
      return ScalaLists.of(Collections.emptyList());
    }
    MapInNative node = (MapInNative) plan;
    return ScalaLists.of(Collections.singletonList(planned(node)));
  }

  /** Where the types allow it, code that Spark generates collects the rows column by column. */
  private SparkPlan planned(MapInNative node) {
    NodeArguments arguments = node.arguments.over(node.child);
    SparkPlan child = planLater(node.child);
    KernelCall call = arguments.call;
    if (!CollectRow.takes(call.input)) {
      return new MapInNativeExec(arguments, child);
    }
    KernelCall paired = call.paired();
    SparkPlan collecting = new FilterExec(new CollectRow(paired, outputOf(node.child)), child);
    return new MapInNativeExec(arguments.with(paired), collecting);
  }

  @SuppressWarnings("unchecked")
  private static List<Expression> outputOf(LogicalPlan plan) {
    try {
      return (List<Expression>) (List<?>) Reflect.elements(Reflect.call(plan, "output"));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read the columns of a plan: " + e, e);
    }
  }

  /** Makes a session, and those that are cloned from it, know the node. */
  static void register(SparkSession session) {
    synchronized (MapInNativeStrategy.class) {
      try {
        Object experimental = Reflect.call(session, "experimental");
        Object strategies = Reflect.call(experimental, "extraStrategies");
        List<Object> all = new ArrayList<>(Reflect.elements(strategies));
        if (all.stream().noneMatch(s -> s instanceof MapInNativeStrategy)) {
          all.add(new MapInNativeStrategy());
          set(experimental, ScalaLists.of(all));
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("this Spark takes no strategy for kernels: " + e, e);
      }
    }
  }

  private static void set(Object experimental, Object strategies)
      throws ReflectiveOperationException {
    for (Method method : experimental.getClass().getMethods()) {
      if (method.getName().equals("extraStrategies_$eq")) {
        method.invoke(experimental, strategies);
        return;
      }
    }
    throw new NoSuchMethodException("ExperimentalMethods.extraStrategies_=");
  }
}
