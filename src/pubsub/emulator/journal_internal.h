/**
 * The log's format, shared by the journal*.c files only.
 *
 * The file is a magic text and records: u32 length, u32 CRC-32 of the body (both
 * little-endian), body. A body is a message in protobuf's encoding:
 */
#ifndef FRL_PUBSUB_EMULATOR_JOURNAL_INTERNAL_H
#define FRL_PUBSUB_EMULATOR_JOURNAL_INTERNAL_H

#include "base/buf.h"
#include "pubsub/emulator/journal.h"

enum frl_em_record_field {
  FRL_EM_R_KIND = 1,
  FRL_EM_R_UID = 2,   /* of a topic or a subscription; of DROP the frl_em_kind */
  FRL_EM_R_BYTES = 3, /* a resource, the frames of a block, a name */
  FRL_EM_R_ID = 4,    /* message id; of SUB the next sequence number, or 0 */
  FRL_EM_R_TIME = 5,  /* microseconds */
  FRL_EM_R_LIST = 6,  /* varints one behind the other */
  FRL_EM_R_SEED = 7,
  FRL_EM_R_STARTS = 8
};

enum frl_em_record {
  FRL_EM_R_START = 1, /* id, uid (the next ones), seed, starts */
  FRL_EM_R_TOPIC,     /* uid, bytes */
  FRL_EM_R_SUB,       /* uid, bytes, id */
  FRL_EM_R_SNAPSHOT,  /* uid of the topic, bytes, id (the last), list of ids */
  FRL_EM_R_DROP,      /* uid (the kind), bytes (the name) */
  FRL_EM_R_PUBLISH,   /* uid of the topic, bytes, id, time: to all subscriptions */
  FRL_EM_R_BLOCK,     /* the same, to those of the ENTRIES that follow */
  FRL_EM_R_ENTRIES,   /* uid of the subscription, list of index, sequence, acked */
  FRL_EM_R_SETTLED,   /* uid of the subscription, list of sequences */
  FRL_EM_R_SEEK       /* uid of the subscription, time; or bytes: a snapshot */
};

enum {
  FRL_EM_RECORD_HEAD_BYTES = 8,
  FRL_EM_RECORD_MAX_BYTES = 64 << 20,
  FRL_EM_MAGIC_BYTES = 8
};
extern const char frl__em_magic[FRL_EM_MAGIC_BYTES + 1];

struct frl_em_journal {
  frl_mem mem;
  frl_em_store *store;
  int fd;      /* of the log, for appending */
  int lock_fd; /* held while the directory is ours */
  uint64_t size;
  uint64_t rewrite_bytes; /* above it, and far above what is retained: rewritten */
  char *directory;
  bool broken; /* what could not be written could not be taken back either */
  bool unsynced;
  bool full; /* the last write failed: said once */
  uint64_t settled_uid;
  frl_buf settled; /* sequences of that subscription, not yet a record */
  frl_buf pending; /* records that may wait: of settled messages */
};

/** Appends head and body of a record whose body is in b from mark on. */
FRL_NODISCARD frl_status frl__em_record_begin(
    frl_buf *b, enum frl_em_record kind, size_t *mark);
void frl__em_record_end(frl_buf *b, size_t mark);
/** The record of a block; the frames follow the returned head. */
FRL_NODISCARD frl_status frl__em_record_block(frl_buf *head, enum frl_em_record kind,
    uint64_t topic_uid, const frl_em_block *block);
FRL_NODISCARD frl_status frl__em_record_start(frl_buf *b, const frl_em_store *s);
FRL_NODISCARD frl_status frl__em_record_topic(frl_buf *b, const frl_em_topic *topic);
FRL_NODISCARD frl_status frl__em_record_sub(
    frl_buf *b, const frl_em_sub *sub, uint64_t next_sequence);
FRL_NODISCARD frl_status frl__em_record_snapshot(
    frl_buf *b, const frl_em_snapshot *snapshot);
FRL_NODISCARD frl_status frl__em_put_varint(frl_buf *b, uint64_t v);
/** All bytes or none: FRL_E_IO with errno in err. */
FRL_NODISCARD frl_status frl__em_journal_write(
    frl_em_journal *j, frl_cursor a, frl_cursor b, frl_error *err);
/** The whole state as a new log in the file, which replaces the old one. */
FRL_NODISCARD frl_status frl__em_journal_rewrite(
    frl_em_journal *j, const char *directory, frl_error *err);
/** Rewrites the log where most of it is of what is gone. */
void frl__em_journal_shrink(frl_em_journal *j);

#endif /* FRL_PUBSUB_EMULATOR_JOURNAL_INTERNAL_H */
