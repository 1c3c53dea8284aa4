package org.ferrule.spark;

import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.types.StructType;

/** Takes the columns a batch query reads; for a stream Spark says nothing here. */
final class PubSubScanBuilder implements ScanBuilder, SupportsPushDownRequiredColumns {
  private final Table table;
  private final PubSubSchema schema;
  private StructType required;

  PubSubScanBuilder(Table table, PubSubSchema schema) {
    this.table = table;
    this.schema = schema;
    this.required = schema.visible;
  }

  @Override
  public void pruneColumns(StructType requiredSchema) {
    required = requiredSchema;
  }

  @Override
  public Scan build() {
    return new PubSubScan(table, schema, required);
  }
}
