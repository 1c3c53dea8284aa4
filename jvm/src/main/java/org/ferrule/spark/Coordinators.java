package org.ferrule.spark;

import java.util.Map;
import org.ferrule.internal.Coordinator;
import org.ferrule.internal.Json;

/** Opens a coordinator with all that the options, the columns and Spark itself say. */
final class Coordinators {
  private static final String HOST = "coordinatorHost";

  private Coordinators() {}

  static Coordinator forStream(PubSubSchema schema, ScanLayout layout) {
    return open(schema.configuration(layout.built));
  }

  static Coordinator forBatch(PubSubSchema schema, ScanLayout layout) {
    Map<String, Object> config = schema.configuration(layout.built);
    config.put("batchRead", true);
    return open(config);
  }

  private static Coordinator open(Map<String, Object> config) {
    String driver = Cluster.driverHost();
    if (driver != null) {
      config.putIfAbsent(HOST, driver);
    }
    return Coordinator.open(Json.write(config));
  }
}
