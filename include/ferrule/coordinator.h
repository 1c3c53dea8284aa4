/**
 * Reading a subscription by many processes as one stream of batches, so that a
 * message is acked only after the batch that holds it was committed.
 *
 * The coordinator lives in the driver, one per stream. Scans live in the
 * executors, one per task; they reach the coordinator over its own gRPC port with
 * a random token. Configurations, offsets and partitions cross as JSON text, so
 * that a face passes them on without knowing them.
 *
 * Threads: every function may be called from any thread; one at a time per scan.
 */
#ifndef FERRULE_COORDINATOR_H
#define FERRULE_COORDINATOR_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- driver ---- */

typedef struct frl_coordinator frl_coordinator;

/**
 * Checks the subscription (FRL_E_NOT_FOUND, FRL_E_AUTH, ... with what to do in the
 * message) and listens for executors.
 *
 * @param config  a JSON object. Keys are the source's options by their names:
 *   projectId, subscriptionId, emulatorHost, endpoint, credentialsFile,
 *   credentialsScopes, caFile, numPartitions, maxRowsPerBatch, maxBytesPerBatch,
 *   maxBatchDelayMs, reservoirBytes, streamsPerExecutor, coordinatorHost,
 *   coordinatorPort, payloadType, includeAckId, payloadFormat, mode,
 *   columnNameOfCorruptRecord, drainIdleMs, acknowledge, allowSharedSubscription,
 *   sessionTimeZone, batchRead (a read that ends: the scans hand rows out as they come
 *   and give the messages back at the end, unless acknowledge is onRead), clearText,
 *   columnNameOfCorruptReason, dateFormat, timestampFormat, timestampNTZFormat,
 *   allowSingleQuotes, allowNonNumericNumbers,
 *   allowComments, allowUnquotedFieldNames, allowNumericLeadingZeros,
 *   allowBackslashEscapingAnyCharacter, allowUnquotedControlChars,
 *   coordinatorGraceMs (how long an executor keeps its messages while it cannot
 *   reach the coordinator; half the lease);
 *   "columns": names of the message columns to build, in order;
 *   "jsonSchema": with payloadFormat=json, the StructType JSON of the declared
 *   columns; "outputColumns": names in the order in which a scan gives them.
 */
FRL_API FRL_NODISCARD frl_status frl_coordinator_open(
    frl_coordinator **out, const char *config, frl_error *err);

/** What Spark's admission control and cluster say. Zero means unknown. */
typedef struct frl_batch_request {
  size_t struct_size;
  uint64_t max_rows; /* read limit of this batch; 0: the options' alone */
  uint64_t max_bytes;
  uint32_t executors;  /* alive now */
  uint32_t cores;      /* task slots of all executors together */
  bool first_of_query; /* no earlier call in this run of the query */
} frl_batch_request;

/**
 * The end offset of the next batch, or start unchanged where nothing waits. Also
 * acks what start ends, when start is the end of a batch of this run (R1).
 *
 * @param start  offset JSON, or NULL for the initial one.
 * @param end    freed by the caller with frl_coordinator_text_free.
 * @return FRL_OK; FRL_E_TIMEOUT in a drain while it is not known yet whether all has
 *         come (call again: that is where the caller looks whether it was stopped);
 *         FRL_E_MALFORMED, FRL_E_STATE (no offset of this source); FRL_E_CLOSED.
 */
FRL_API FRL_NODISCARD frl_status frl_coordinator_latest_offset(frl_coordinator *c,
    const char *start, const frl_batch_request *request, char **end, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_coordinator_initial_offset(
    frl_coordinator *c, char **out, frl_error *err);
/** From now on only what was published before now counts as waiting (AvailableNow). */
FRL_API FRL_NODISCARD frl_status frl_coordinator_drain(
    frl_coordinator *c, frl_error *err);

/**
 * The partitions of a batch: a JSON array of {"partition": text, "executor": id,
 * "host": its name}, the last two where a reservoir waits for the task; the value of
 * "partition" is what frl_scan_open takes. Idempotent for the same offsets; a batch of
 * an earlier run has none.
 */
FRL_API FRL_NODISCARD frl_status frl_coordinator_plan(frl_coordinator *c,
    const char *start, const char *end, char **partitions, frl_error *err);
/** Spark committed the batch that ends here: its sealed messages are acked. */
FRL_API FRL_NODISCARD frl_status frl_coordinator_commit(
    frl_coordinator *c, const char *end, frl_error *err);
/** A JSON object of names and numbers; a figure that is not known is left out. */
FRL_API FRL_NODISCARD frl_status frl_coordinator_metrics(
    frl_coordinator *c, char **out, frl_error *err);
/**
 * Ends the stream: acks the batch that ends at committed_end (NULL: none beyond
 * what is acked), nacks everything else, waits for the executors' answers up to
 * timeout_ms, frees. FRL_E_TIMEOUT when some acks were not confirmed.
 */
FRL_API FRL_NODISCARD frl_status frl_coordinator_stop(
    frl_coordinator *c, const char *committed_end, int64_t timeout_ms, frl_error *err);

/** A text that a function of this header gave. NULL works. */
FRL_API void frl_coordinator_text_free(char *text);

/* ---- executor ---- */

typedef struct frl_scan frl_scan;

/**
 * Claims one partition.
 *
 * @param partition    text that frl_coordinator_plan gave.
 * @param executor_id  name of this process among the executors.
 * @param host         its host name as the cluster knows it.
 */
FRL_API FRL_NODISCARD frl_status frl_scan_open(frl_scan **out, const char *partition,
    const char *executor_id, const char *host, frl_error *err);
/** Schema of the batches; released by the caller. */
FRL_API FRL_NODISCARD frl_status frl_scan_schema(
    frl_scan *scan, struct ArrowSchema *out, frl_error *err);
/**
 * The next batch of rows; the caller releases it.
 * @return FRL_OK; FRL_END; FRL_E_TIMEOUT after timeout_ms (call again: that is
 *         where the caller looks whether it was killed); or a failure.
 */
FRL_API FRL_NODISCARD frl_status frl_scan_next(
    frl_scan *scan, struct ArrowArray *out, int64_t timeout_ms, frl_error *err);

typedef struct frl_scan_stats {
  size_t struct_size;
  uint64_t rows, bytes;  /* handed out */
  uint64_t dropped_rows; /* by DROPMALFORMED */
  uint64_t corrupt_rows; /* kept with nulls by PERMISSIVE */
  uint64_t decode_ns;    /* time in the payload decoder */
  uint64_t wait_ns;      /* time waiting for messages */
  bool relayed;          /* read from another executor */
} frl_scan_stats;

FRL_API void frl_scan_get_stats(const frl_scan *scan, frl_scan_stats *out);
/** NULL works. Batches handed out stay valid until they are released. */
FRL_API void frl_scan_close(frl_scan *scan);

/** Native bytes held by this process for scans, waiting and sealed together. */
FRL_API uint64_t frl_scan_process_bytes(void);
/**
 * The process is going to end: gives back at once every message that it holds, so
 * that they come again without waiting for their leases. Scans under way fail.
 */
FRL_API void frl_scan_process_close(int64_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_COORDINATOR_H */
