package org.ferrule.spark;

import org.apache.spark.sql.connector.read.streaming.Offset;

/** The coordinator's offset, as it wrote it. */
final class PubSubOffset extends Offset {
  private final String json;

  PubSubOffset(String json) {
    this.json = json;
  }

  @Override
  public String json() {
    return json;
  }
}
