package org.ferrule.spark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** Notes which columns each stream over it reads, then ends the query. */
public final class RecordingSource implements TableProvider {
  static final List<String> READ = Collections.synchronizedList(new ArrayList<>());

  private static final StructType SCHEMA =
      new StructType()
          .add("a", DataTypes.LongType)
          .add("b", DataTypes.StringType)
          .add("c", DataTypes.TimestampType);

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return SCHEMA;
  }

  @Override
  public Table getTable(StructType schema, Transform[] parts, Map<String, String> properties) {
    return new RecordingTable();
  }

  private static final class RecordingTable implements SupportsRead {
    @Override
    public String name() {
      return "recording";
    }

    @Override
    public StructType schema() {
      return SCHEMA;
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Collections.singleton(TableCapability.MICRO_BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      return () -> new RecordingScan(this);
    }
  }

  private static final class RecordingScan implements Scan {
    private final Table table;

    RecordingScan(Table table) {
      this.table = table;
    }

    @Override
    public StructType readSchema() {
      return SCHEMA;
    }

    @Override
    public MicroBatchStream toMicroBatchStream(String checkpointLocation) {
      IntPredicate isRead = RunningQuery.ofThisThread().columnsRead(table);
      StringBuilder names = new StringBuilder();
      for (int i = 0; i < SCHEMA.size(); i++) {
        names.append(isRead.test(i) ? SCHEMA.fieldNames()[i] : "");
      }
      READ.add(names.toString());
      throw new UnsupportedOperationException("recorded");
    }
  }
}
