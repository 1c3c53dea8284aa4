package org.ferrule.kernel;

import java.util.Collections;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.catalyst.plans.physical.UnknownPartitioning;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** A kernel over the rows of its child, in a physical plan. */
public final class MapInNativeExec extends SparkPlan {
  private static final long serialVersionUID = 1L;

  private final NodeArguments arguments;
  private final SparkPlan child;
  private transient KernelMetrics metrics;

  /** Public with these parameters, as Spark copies nodes by what productElement gives. */
  public MapInNativeExec(NodeArguments arguments, SparkPlan child) {
    this.arguments = arguments;
    this.child = child;
  }

  @Override
  public RDD<InternalRow> doExecute() {
    KernelFunction function = new KernelFunction(arguments.call, kernelMetrics());
    return child.execute().toJavaRDD().mapPartitions(function).rdd();
  }

  private synchronized KernelMetrics kernelMetrics() {
    if (metrics == null) {
      metrics = KernelMetrics.of(sparkContext());
    }
    return metrics;
  }

  @Override
  public scala.collection.immutable.Map<String, SQLMetric> metrics() {
    return kernelMetrics().asMap();
  }

  @Override
  public Partitioning outputPartitioning() {
    return new UnknownPartitioning(child.outputPartitioning().numPartitions());
  }

  @Override
  public scala.collection.immutable.Seq<Attribute> output() {
    return ScalaLists.of(arguments.output);
  }

  /** The kernel reads every column, whichever of its own are asked for. */
  @Override
  public AttributeSet references() {
    return child.outputSet();
  }

  @Override
  public scala.collection.immutable.Seq<SparkPlan> children() {
    return ScalaLists.of(Collections.singletonList(child));
  }

  @Override
  public SparkPlan withNewChildrenInternal(scala.collection.IndexedSeq<SparkPlan> newChildren) {
    return new MapInNativeExec(arguments, (SparkPlan) ScalaLists.single(newChildren));
  }

  /** What Scala 2.13 calls. */
  public TreeNode<?> withNewChildrenInternal(
      scala.collection.immutable.IndexedSeq<SparkPlan> newChildren) {
    return new MapInNativeExec(arguments, (SparkPlan) ScalaLists.single(newChildren));
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int n) {
    return n == 0 ? arguments : child;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof MapInNativeExec;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || other instanceof MapInNativeExec
            && ((MapInNativeExec) other).arguments.equals(arguments)
            && ((MapInNativeExec) other).child.equals(child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(arguments, child);
  }
}
