package org.ferrule.spark;

import org.apache.spark.sql.connector.read.streaming.CompositeReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReadMaxRows;

/** What Spark's admission control allows for one batch; 0 is no bound. */
final class Limits {
  private final long rows;
  private final long bytes;

  private Limits(long rows, long bytes) {
    this.rows = rows;
    this.bytes = bytes;
  }

  /** Limits in files or minimum rows mean nothing to this source. */
  static Limits of(ReadLimit limit) {
    if (limit instanceof CompositeReadLimit) {
      Limits all = new Limits(0, 0);
      for (ReadLimit part : ((CompositeReadLimit) limit).getReadLimits()) {
        Limits other = of(part);
        all = new Limits(lesser(all.rows, other.rows), lesser(all.bytes, other.bytes));
      }
      return all;
    }
    if (limit instanceof ReadMaxRows) {
      return new Limits(((ReadMaxRows) limit).maxRows(), 0);
    }
    return new Limits(0, maxBytesOf(limit));
  }

  /** ReadMaxBytes is there since Spark 4.0. */
  private static long maxBytesOf(ReadLimit limit) {
    if (!limit.getClass().getSimpleName().equals("ReadMaxBytes")) {
      return 0;
    }
    try {
      return (Long) Reflect.call(limit, "maxBytes");
    } catch (ReflectiveOperationException e) {
      return 0;
    }
  }

  private static long lesser(long a, long b) {
    if (a == 0 || b == 0) {
      return Math.max(a, b);
    }
    return Math.min(a, b);
  }

  long rows() {
    return rows;
  }

  long bytes() {
    return bytes;
  }
}
