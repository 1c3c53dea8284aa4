package org.ferrule.spark;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** {@code format("pubsub-native")}: a Pub/Sub subscription as a stream or a batch. */
public final class PubSubSource implements TableProvider, DataSourceRegister {
  static final String NAME = "pubsub-native";

  @Override
  public String shortName() {
    return NAME;
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return PubSubSchema.inferred(PubSubOptions.parse(options));
  }

  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    PubSubOptions options = PubSubOptions.parse(new CaseInsensitiveStringMap(properties));
    return new PubSubTable(PubSubSchema.of(schema, options));
  }
}
