package org.ferrule.kernel;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/**
 * What a node of a plan holds beside its child: the call, and the attributes that it gives. One
 * object that Spark does not look into, as rules that rewrite a node's expressions would else take
 * the attributes for references to the child's.
 */
public final class NodeArguments implements Serializable {
  private static final long serialVersionUID = 1L;

  final KernelCall call;
  final List<Attribute> output;

  NodeArguments(KernelCall call, List<Attribute> output) {
    this.call = call;
    this.output = output;
  }

  /** With the columns of a child that is resolved: checked where they were not known before. */
  NodeArguments over(LogicalPlan child) {
    return call.input == null && child.resolved()
        ? new NodeArguments(NativeMap.checked(call, child.schema()), output)
        : this;
  }

  /** The same call with attributes of its own, for a plan that has it twice. */
  NodeArguments renewed() {
    return new NodeArguments(
        call, output.stream().map(Attribute::newInstance).collect(Collectors.toList()));
  }

  NodeArguments with(KernelCall other) {
    return new NodeArguments(other, output);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NodeArguments
        && ((NodeArguments) other).call.equals(call)
        && ((NodeArguments) other).output.equals(output);
  }

  @Override
  public int hashCode() {
    return call.hashCode();
  }

  @Override
  public String toString() {
    return call.toString();
  }
}
