package org.ferrule.spark;

import org.apache.spark.SparkContext;

/** What the driver knows of its executors. */
final class Cluster {
  private Cluster() {}

  /** Where executors reach the driver; null where they are the driver. */
  static String driverHost() {
    SparkContext context = SparkContext.getOrCreate();
    return context.isLocal() ? null : context.conf().get("spark.driver.host", null);
  }

  /** Executors alive now; in local mode the driver is the one. */
  static int executors() {
    SparkContext context = SparkContext.getOrCreate();
    if (context.isLocal()) {
      return 1;
    }
    int withDriver = context.statusTracker().getExecutorInfos().length;
    return Math.max(0, withDriver - 1);
  }

  /** Tasks that all executors together can run at once. */
  static int cores() {
    SparkContext context = SparkContext.getOrCreate();
    return context.maxNumConcurrentTasks(
        context.resourceProfileManager().defaultResourceProfile());
  }
}
