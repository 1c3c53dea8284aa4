/**
 * Sessions: a user's events that follow each other without a gap.
 *
 * Takes events sorted by user and time, in groups (applyInArrow) or in partitions that
 * were sorted so (mapInArrow, map_in_native). A session that is open at the end of a
 * batch goes on in the next; the last one comes at the end.
 */
#include <ferrule/kernel.h>

#define EVENT(X) X(STRING, user, NOT_NULL) X(TIMESTAMP, at, NOT_NULL)
FRL_ROW(event, EVENT)

/* clang-format off */
#define SESSION(X) \
  X(STRING, user, NOT_NULL) \
  X(INT, number, NOT_NULL, COMMENT("of the user's sessions, from 1")) \
  X(TIMESTAMP, begins, NOT_NULL) \
  X(TIMESTAMP, ends, NOT_NULL) \
  X(BIGINT, events, NOT_NULL)
/* clang-format on */
FRL_ROW(session, SESSION)

typedef struct sessions_state {
  int64_t gap_us;
  session open; /* with no events: none is */
  char *user;   /* what open.user points to: batches do not last */
  int64_t user_room;
} sessions_state;

static const frl_kernel_option_doc sessions_options[] = {
    {"gap_seconds", "1800", "A session ends when nothing comes for so long."},
    {NULL, NULL, NULL}};

static int sessions_init(sessions_state *s, const frl_kernel_option *options, int64_t n,
    frl_kernel_error *error) {
  const int rc =
      frl_option_i64(options, n, "gap_seconds", 1, 31536000, &s->gap_us, error);
  s->gap_us *= 1000000;
  return rc;
}

static void sessions_free(sessions_state *s) { free(s->user); }

static int keep_user(sessions_state *s, frl_string user) {
  if (user.size > s->user_room) {
    char *grown = (char *)realloc(s->user, (size_t)user.size);
    if (!grown) return ENOMEM;
    s->user = grown;
    s->user_room = user.size;
  }
  if (user.size) memcpy(s->user, user.data, (size_t)user.size);
  s->open.user.data = s->user;
  s->open.user.size = user.size;
  return 0;
}

static int close_session(sessions_state *s, session_writer *out) {
  if (s->open.events == 0) return 0;
  const int rc = session_writer_add(out, &s->open);
  s->open.events = 0;
  return rc;
}

static int open_session(
    sessions_state *s, frl_string user, int64_t at, int32_t number) {
  const int rc = keep_user(s, user);
  s->open.number = number;
  s->open.begins = at;
  s->open.ends = at;
  s->open.events = rc ? 0 : 1;
  return rc;
}

/** Two times can be further apart than an int64_t counts. */
static uint64_t us_between(int64_t from, int64_t to) {
  return (uint64_t)to - (uint64_t)from;
}

static int take_event(sessions_state *s, const event_reader *in, int64_t i,
    session_writer *out, frl_kernel_error *error) {
  const frl_string user = frl_get_string(in->col.user, i);
  const int64_t at = frl_get_i64(in->col.at, i);
  const bool same = s->open.events > 0 && frl_string_equal(user, s->open.user);
  if (same && at < s->open.ends) {
    return frl_kernel_fail(error, i,
        "%llu us before the event ahead of it: events must be sorted by user and time",
        (unsigned long long)us_between(at, s->open.ends));
  }
  if (same && us_between(s->open.ends, at) <= (uint64_t)s->gap_us) {
    s->open.ends = at;
    s->open.events++;
    return 0;
  }
  const int32_t number = same ? s->open.number + 1 : 1;
  const int rc = close_session(s, out);
  return rc ? rc : open_session(s, user, at, number);
}

static int sessions_batch(
    sessions_state *s, event_reader *in, session_writer *out, frl_kernel_error *error) {
  for (int64_t i = 0; i < in->rows; i++) {
    const int rc = take_event(s, in, i, out, error);
    if (rc) return rc;
  }
  return 0;
}

static int sessions_finish(
    sessions_state *s, session_writer *out, frl_kernel_error *error) {
  (void)error;
  return close_session(s, out);
}

FRL_KERNEL(sessions, event, session, sessions_state, 0, sessions_options,
    "A user's events that follow each other without a gap, as sessions.")

FRL_KERNELS(&sessions_kernel)
