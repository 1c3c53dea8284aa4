/**
 * The data directory: an append-only log of what changed.
 *
 * A record is a length, a CRC-32 and a body. A torn last record is cut off at the
 * next start, when the log is also rewritten to what is still needed, as it is when it
 * has grown to 64 MB and eight times that. Everything
 * answered has been given to the system by write() before, so it survives the death
 * of the process; fsync happens about once a second, so a power cut may cost the
 * last second. On a full disk the record is taken back and the caller hears
 * RESOURCE_EXHAUSTED. One thread.
 */
#ifndef FRL_PUBSUB_EMULATOR_JOURNAL_H
#define FRL_PUBSUB_EMULATOR_JOURNAL_H

#include "pubsub/emulator/store.h"

/**
 * Reads the directory (made if missing) into the empty store, rewrites the log, and
 * becomes store->journal.
 * @return FRL_E_IO; FRL_E_MALFORMED: not a log of ours; FRL_E_STATE: another process
 *         has it.
 */
FRL_NODISCARD frl_status frl_em_journal_open(
    frl_em_journal **out, frl_em_store *store, const char *directory, frl_error *err);
/** Writes the rest, syncs, closes. NULL works. */
void frl_em_journal_close(frl_em_journal *j);

/* All of these work, doing nothing, with NULL. */
FRL_NODISCARD frl_status frl_em_journal_topic(
    frl_em_journal *j, const frl_em_topic *topic, frl_error *err);
FRL_NODISCARD frl_status frl_em_journal_sub(
    frl_em_journal *j, const frl_em_sub *sub, frl_error *err);
FRL_NODISCARD frl_status frl_em_journal_snapshot(
    frl_em_journal *j, const frl_em_snapshot *snapshot, frl_error *err);
FRL_NODISCARD frl_status frl_em_journal_drop(
    frl_em_journal *j, frl_em_kind kind, const char *name, frl_error *err);
FRL_NODISCARD frl_status frl_em_journal_publish(frl_em_journal *j,
    const frl_em_topic *topic, const frl_em_block *block, frl_error *err);
/** snapshot NULL: to the time. */
FRL_NODISCARD frl_status frl_em_journal_seek(frl_em_journal *j, const frl_em_sub *sub,
    int64_t publish_us, const char *snapshot, frl_error *err);
/** Kept in memory until the next flush or other record. */
void frl_em_journal_settled(
    frl_em_journal *j, const frl_em_sub *sub, uint64_t sequence);
void frl_em_journal_flush(frl_em_journal *j);
/** fsync, if something was written since the last one; also keeps the log short. */
void frl_em_journal_sync(frl_em_journal *j);

/** Applies the records of a log to the store; *used: bytes of whole records. */
FRL_NODISCARD frl_status frl_em_journal_replay(
    frl_em_store *store, frl_cursor log, size_t *used, frl_error *err);

#endif /* FRL_PUBSUB_EMULATOR_JOURNAL_H */
