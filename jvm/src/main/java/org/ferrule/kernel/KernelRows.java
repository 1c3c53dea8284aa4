package org.ferrule.kernel;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.Platform;
import org.ferrule.internal.KernelRun;

/**
 * The rows that a kernel makes of the rows of a partition.
 *
 * <p>Rows come as columns ({@link InputColumns}), or are copied into frames, and are handed over a
 * batch at a time. They come back as frames in a byte[] of the heap, which an UnsafeRow points into:
 * what a consumer holds too long is stale at worst, never freed memory. Held at once: one batch going
 * in, what the kernel holds, and two buffers of rows coming out.
 */
final class KernelRows implements Iterator<InternalRow>, AutoCloseable {
  private static final int FRAME = 8;
  private static final byte[] NOTHING = new byte[0];
  private static final int OUT_BYTES = 1 << 18;
  private static final long BASE = Platform.BYTE_ARRAY_OFFSET;

  private final Iterator<InternalRow> input;
  /** What generated code collects the rows in; null where none does, and they are copied. */
  private final InputColumns columns;
  private final KernelRun run;
  private final KernelCall call;
  private final KernelMetrics metrics;
  private final TaskContext task = TaskContext.get();
  private final UnsafeRow row;
  private UnsafeProjection projection;

  private byte[] in = NOTHING;
  private int inUsed;
  private long bytesIn;

  private byte[] out = new byte[OUT_BYTES];
  /** The rows handed out last stay as they are until the next buffer is through. */
  private byte[] spare = new byte[OUT_BYTES];
  private int outAt;
  private int outEnd;

  private boolean finished;
  private boolean closed;

  KernelRows(
      Iterator<InternalRow> input,
      InputColumns columns,
      KernelRun run,
      KernelCall call,
      KernelMetrics metrics) {
    this.input = input;
    this.columns = columns;
    this.run = run;
    this.call = call;
    this.metrics = metrics;
    this.row = new UnsafeRow(call.outputColumns);
  }

  @Override
  public boolean hasNext() {
    return outAt < outEnd || refill();
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no row is left");
    }
    int size = (int) Platform.getLong(out, BASE + outAt);
    row.pointTo(out, BASE + outAt + FRAME, size);
    outAt += FRAME + size;
    return row;
  }

  private boolean refill() {
    byte[] filling = spare;
    spare = out;
    out = filling;
    outAt = outEnd = 0;
    while (!closed) {
      int bytes = run.next(out);
      if (bytes > 0) {
        outEnd = bytes;
        return true;
      } else if (bytes < 0) {
        out = HeapBytes.grown(out, 0, -(long) bytes);
      } else if (finished) {
        close();
      } else {
        push();
      }
    }
    return false;
  }

  /** Hands the next batch over, or says that there is none. */
  private void push() {
    if (task != null && task.isInterrupted()) {
      throw new TaskKilledException("killed between two batches of a kernel");
    }
    if (!(columns == null ? pushRows() : columns.push(input))) {
      run.finish();
      finished = true;
    }
  }

  private boolean pushRows() {
    inUsed = 0;
    for (int rows = 0;
        rows < call.limits.rows && inUsed < call.limits.bytes && input.hasNext();
        rows++) {
      add(input.next());
    }
    if (inUsed == 0) {
      return false;
    }
    bytesIn += inUsed;
    run.push(in, inUsed);
    return true;
  }

  private void add(InternalRow next) {
    UnsafeRow unsafe = next instanceof UnsafeRow ? (UnsafeRow) next : projected(next);
    int size = unsafe.getSizeInBytes();
    long needed = (long) inUsed + FRAME + size;
    if (needed > in.length) {
      in = HeapBytes.grown(in, inUsed, needed);
    }
    Platform.putLong(in, BASE + inUsed, size);
    HeapBytes.copy(unsafe.getBaseObject(), unsafe.getBaseOffset(), in, inUsed + FRAME, size);
    inUsed = (int) needed;
  }

  /** Few sources give other rows than UnsafeRow. */
  private UnsafeRow projected(InternalRow other) {
    if (projection == null) {
      projection = UnsafeProjection.create(call.input);
    }
    return projection.apply(other);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      metrics.add(run.stats(), columns == null ? bytesIn : columns.bytesIn());
      run.close();
    }
  }
}
