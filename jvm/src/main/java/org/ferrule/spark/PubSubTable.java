package org.ferrule.spark;

import java.util.EnumSet;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.MetadataColumn;
import org.apache.spark.sql.connector.catalog.SupportsMetadataColumns;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** A subscription as a table that can be read. Without CONTINUOUS_READ, Spark refuses that mode. */
final class PubSubTable implements SupportsRead, SupportsMetadataColumns {
  private final PubSubSchema schema;

  PubSubTable(PubSubSchema schema) {
    this.schema = schema;
  }

  @Override
  public String name() {
    return PubSubSource.NAME + " " + schema.options.subscription();
  }

  @Override
  public StructType schema() {
    return schema.visible;
  }

  @Override
  public Set<TableCapability> capabilities() {
    return EnumSet.of(TableCapability.BATCH_READ, TableCapability.MICRO_BATCH_READ);
  }

  @Override
  public MetadataColumn[] metadataColumns() {
    StructField[] fields = schema.hidden.fields();
    MetadataColumn[] columns = new MetadataColumn[fields.length];
    for (int i = 0; i < fields.length; i++) {
      columns[i] = new HiddenColumn(fields[i]);
    }
    return columns;
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new PubSubScanBuilder(this, schema);
  }

  private static final class HiddenColumn implements MetadataColumn {
    private final StructField field;

    HiddenColumn(StructField field) {
      this.field = field;
    }

    @Override
    public String name() {
      return field.name();
    }

    @Override
    public DataType dataType() {
      return field.dataType();
    }

    @Override
    public boolean isNullable() {
      return true;
    }

    @Override
    public String comment() {
      return "of the Pub/Sub message";
    }
  }
}
