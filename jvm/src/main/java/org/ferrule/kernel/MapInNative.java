package org.ferrule.kernel;

import java.util.Collections;
import java.util.Objects;
import org.apache.spark.sql.catalyst.analysis.MultiInstanceRelation;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.trees.TreeNode;

/** A kernel over the rows of its child, in a logical plan. */
public final class MapInNative extends LogicalPlan implements MultiInstanceRelation {
  private static final long serialVersionUID = 1L;

  final NodeArguments arguments;
  final LogicalPlan child;

  /** Public with these parameters, as Spark copies nodes by what productElement gives. */
  public MapInNative(NodeArguments arguments, LogicalPlan child) {
    this.arguments = arguments;
    this.child = child;
  }

  @Override
  public scala.collection.immutable.Seq<Attribute> output() {
    return ScalaLists.of(arguments.output);
  }

  /** The child's hidden columns do not come through. */
  @Override
  public scala.collection.immutable.Seq<Attribute> metadataOutput() {
    return ScalaLists.of(Collections.emptyList());
  }

  /** The kernel reads every column, whichever of its own are asked for. */
  @Override
  public AttributeSet references() {
    return child.outputSet();
  }

  @Override
  public scala.collection.immutable.Seq<LogicalPlan> children() {
    return ScalaLists.of(Collections.singletonList(child));
  }

  @Override
  public LogicalPlan newInstance() {
    return new MapInNative(arguments.renewed(), child);
  }

  @Override
  public LogicalPlan withNewChildrenInternal(
      scala.collection.IndexedSeq<LogicalPlan> newChildren) {
    return over((LogicalPlan) ScalaLists.single(newChildren));
  }

  /** What Scala 2.13 calls. */
  public TreeNode<?> withNewChildrenInternal(
      scala.collection.immutable.IndexedSeq<LogicalPlan> newChildren) {
    return over((LogicalPlan) ScalaLists.single(newChildren));
  }

  private MapInNative over(LogicalPlan newChild) {
    return new MapInNative(arguments.over(newChild), newChild);
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
    return other instanceof MapInNative;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || other instanceof MapInNative
            && ((MapInNative) other).arguments.equals(arguments)
            && ((MapInNative) other).child.equals(child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(arguments, child);
  }
}
