package org.ferrule.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.apache.spark.sql.connector.catalog.Table;

/** Which columns of a table a streaming query reads, found in its optimized plan. */
final class ColumnsRead {
  private final Object plan;
  private final BitSet read = new BitSet();
  private boolean found;

  /** The execution is a StreamExecution. */
  ColumnsRead(Object execution) throws ReflectiveOperationException {
    Object session = Reflect.call(execution, "sparkSession");
    Object optimizer = Reflect.call(Reflect.call(session, "sessionState"), "optimizer");
    plan = Reflect.call(optimizer, "execute", Reflect.call(execution, "analyzedPlan"));
  }

  IntPredicate of(Table table) throws ReflectiveOperationException {
    visit(plan, table, new ArrayDeque<>());
    if (!found) {
      return column -> true;
    }
    return read::get;
  }

  private void visit(Object node, Table table, Deque<Object> above)
      throws ReflectiveOperationException {
    if (node.getClass().getSimpleName().equals("StreamingRelationV2")
        && Reflect.call(node, "table") == table) {
      found = true;
      markRead(node, above);
      return;
    }
    above.push(node);
    for (Object child : Reflect.elements(Reflect.call(node, "children"))) {
      visit(child, table, above);
    }
    above.pop();
  }

  /**
   * Marks what the operators above a relation refer to, up to the first that lets nothing else
   * through. An operator not known here is taken to read everything.
   */
  private void markRead(Object relation, Deque<Object> above)
      throws ReflectiveOperationException {
    List<Object> ids = new ArrayList<>();
    for (Object attribute : Reflect.elements(Reflect.call(relation, "output"))) {
      ids.add(Reflect.call(attribute, "exprId"));
    }
    Set<Object> referred = new HashSet<>();
    for (Object operator : above) { // nearest first
      Object references = Reflect.call(Reflect.call(operator, "references"), "toSeq");
      for (Object attribute : Reflect.elements(references)) {
        referred.add(Reflect.call(attribute, "exprId"));
      }
      String name = operator.getClass().getSimpleName();
      if (name.equals("Project") || name.equals("Aggregate")) {
        for (int i = 0; i < ids.size(); i++) {
          if (referred.contains(ids.get(i))) {
            read.set(i);
          }
        }
        return;
      }
      if (!name.equals("Filter") && !name.equals("EventTimeWatermark")) {
        break;
      }
    }
    read.set(0, ids.size());
  }
}
