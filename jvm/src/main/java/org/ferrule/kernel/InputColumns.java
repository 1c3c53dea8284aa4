package org.ferrule.kernel;

import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import org.ferrule.internal.KernelRun;

/**
 * Rows of a partition on their way into a kernel, collected column by column by the code that Spark
 * generates for {@link CollectRow}: no row is made only to be taken apart again.
 *
 * <p>Values go into arrays of the heap, which no other thread can free under the code that writes
 * them. The generated code opens one for each partition and leaves it to the thread, where the
 * kernel's node takes it.
 */
public final class InputColumns {
  private static final int FIRST_ROWS = 1024;

  private static final ThreadLocal<InputColumns> OPENED = new ThreadLocal<>();

  private final KernelCall call;
  private final KernelRun run;
  private final InputColumn[] columns;
  private final int rowBytes;
  private int room;
  private int rows;
  private long bytesIn;
  /** Of the batch that is being collected. */
  long textBytes;

  private InputColumns(KernelCall call) {
    this.call = call;
    this.run = KernelFunction.open(call);
    this.columns = new InputColumn[call.input.fields().length];
    this.room = Math.min(FIRST_ROWS, call.limits.rows);
    int bytes = 0;
    for (int i = 0; i < columns.length; i++) {
      int width = run.width(i);
      columns[i] = new InputColumn(this, width, room);
      bytes += width == 0 ? Integer.BYTES : width;
    }
    this.rowBytes = bytes;
  }

  /** For a partition, by generated code. */
  public static InputColumns open(Object call) {
    InputColumns made = new InputColumns((KernelCall) call);
    TaskContext task = TaskContext.get();
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) ended -> made.abandon());
    }
    OPENED.set(made);
    return made;
  }

  /** A task that failed before the kernel's node took what it had opened leaves nothing. */
  private void abandon() {
    run.close();
    if (OPENED.get() == this) {
      OPENED.remove();
    }
  }

  /** What this thread's generated code has opened for a call; null where there is none. */
  static InputColumns taken(KernelCall call) {
    InputColumns opened = OPENED.get();
    OPENED.remove();
    if (opened != null && !opened.call.pair.equals(call.pair)) {
      throw new IllegalStateException(
          "columns were collected for " + opened.call + ", not for " + call);
    }
    return opened;
  }

  public InputColumn column(int i) {
    return columns[i];
  }

  /** The number of the row that is to be put. */
  public int row() {
    return rows;
  }

  /** Closes a row; true where it ends a batch, which then waits to be pushed. */
  public boolean ended() {
    rows++;
    if (rows < room && textBytes + (long) rows * rowBytes < call.limits.bytes) {
      return false;
    }
    return wasLast();
  }

  private boolean wasLast() {
    if (rows < call.limits.rows && textBytes + (long) rows * rowBytes < call.limits.bytes) {
      room = (int) Math.min(call.limits.rows, 2L * room);
      for (InputColumn column : columns) {
        column.makeRoom(room);
      }
      return false;
    }
    seal();
    return true;
  }

  private void seal() {
    for (int i = 0; i < columns.length; i++) {
      columns[i].give(run, i, rows);
    }
    run.seal(rows);
    bytesIn += textBytes + (long) rows * rowBytes;
    rows = 0;
    textBytes = 0;
  }

  KernelRun run() {
    return run;
  }

  long bytesIn() {
    return bytesIn;
  }

  /**
   * Pushes the next batch. Rows of the input are no more than signs that one is ready.
   *
   * @return false where no row is left
   */
  boolean push(Iterator<InternalRow> signs) {
    if (signs.hasNext()) {
      signs.next();
    } else if (rows > 0) {
      seal();
    } else {
      return false;
    }
    if (!run.pushSealed()) {
      throw new IllegalStateException("no batch of " + call + " is ready");
    }
    return true;
  }
}
