package org.ferrule.spark;

import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/** One value of a metric. */
final class MetricValue implements CustomTaskMetric {
  private final String name;
  private final long value;

  MetricValue(String name, long value) {
    this.name = name;
    this.value = value;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long value() {
    return value;
  }
}
