package org.ferrule.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.connector.read.InputPartition;
import org.ferrule.internal.Json;

/** What a task claims, and where its messages wait. */
final class PubSubPartition implements InputPartition {
  private static final long serialVersionUID = 1L;

  /** Text for the native scan. */
  final String text;

  private final String[] locations;

  private PubSubPartition(String text, String[] locations) {
    this.text = text;
    this.locations = locations;
  }

  /** The partitions of a plan, coordinator.h's JSON. */
  static InputPartition[] fromPlan(String plan) {
    List<InputPartition> out = new ArrayList<>();
    for (Object element : (List<?>) Json.parse(plan)) {
      Map<?, ?> entry = (Map<?, ?>) element;
      Object partition = entry.get("partition");
      String text = partition instanceof String ? (String) partition : Json.write(partition);
      out.add(new PubSubPartition(text, locationsOf(entry)));
    }
    return out.toArray(new InputPartition[0]);
  }

  private static String[] locationsOf(Map<?, ?> entry) {
    Object executor = entry.get("executor");
    Object host = entry.get("host");
    if (executor == null || host == null) {
      return new String[0];
    }
    // the form by which Spark's scheduler tells an executor from a host
    return new String[] {"executor_" + host + "_" + executor};
  }

  @Override
  public String[] preferredLocations() {
    return locations;
  }
}
