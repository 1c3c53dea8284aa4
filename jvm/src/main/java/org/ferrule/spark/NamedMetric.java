package org.ferrule.spark;

import org.apache.spark.sql.connector.metric.CustomMetric;

/** A metric that is told what it is called and how Spark's UI explains it. */
abstract class NamedMetric implements CustomMetric {
  private final String name;
  private final String description;

  NamedMetric(String name, String description) {
    this.name = name;
    this.description = description;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }
}
