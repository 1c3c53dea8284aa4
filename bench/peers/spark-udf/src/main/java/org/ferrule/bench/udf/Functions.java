package org.ferrule.bench.udf;

import java.util.Locale;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;

/** upper(s) and d * 1.5 + id as Java functions. */
public final class Functions {
  private Functions() {}

  public static final class Upper implements UDF1<String, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public String call(String text) {
      return text == null ? null : text.toUpperCase(Locale.ROOT);
    }
  }

  public static final class Scale implements UDF2<Double, Long, Double> {
    private static final long serialVersionUID = 1L;

    @Override
    public Double call(Double d, Long id) {
      return d == null || id == null ? null : d * 1.5 + id;
    }
  }
}
