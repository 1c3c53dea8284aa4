/* The registry of members, joining, calls to the coordinator. */
#include "pubsub/coordinator/member.h"

#include <ferrule/coordinator.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"

enum { JOIN_MS = 15000, CALL_MS = 10000, BEAT_AT_FIRST_MS = 100, KEEPALIVE_MS = 5000 };

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static frl_member *registry; /* every one that is not freed, newest first */

/* ---- lifetime ---- */

static void member_free(frl_member *m) {
  frl_thread_join(&m->worker);
  frl_link_close(m);
  frl_subscriber_close(m->subscriber, 0);
  frl_pubsub_close(m->pubsub);
  frl_schema_release(&m->schema);
  frl_coord_config_destroy(m->config);
  frl_buf_deinit(&m->message);
  frl_cond_deinit(&m->changed);
  frl_mutex_deinit(&m->lock);
  free(m);
}

/** Takes members that have left and that nobody refers to out of the registry. */
static frl_member *unlink_left(void) {
  frl_member *out = NULL;
  (void)pthread_mutex_lock(&registry_lock);
  for (frl_member **at = &registry; *at;) {
    frl_member *m = *at;
    frl_mutex_lock(&m->lock);
    const bool left = m->phase == FRL_MEMBER_LEFT;
    frl_mutex_unlock(&m->lock);
    if (left && m->refs == 0) {
      *at = m->next;
      m->next = out;
      out = m;
    } else {
      at = &m->next;
    }
  }
  (void)pthread_mutex_unlock(&registry_lock);
  return out;
}

void frl_member_reap(void) {
  frl_member *left = unlink_left();
  while (left) {
    frl_member *m = left;
    left = m->next;
    member_free(m);
  }
}

void frl_member_release(frl_member *m) {
  if (!m) return;
  (void)pthread_mutex_lock(&registry_lock);
  m->refs--;
  (void)pthread_mutex_unlock(&registry_lock);
  frl_member_reap();
}

static void copy_text(char *to, size_t size, const char *from) {
  const size_t n = strlen(from);
  memcpy(to, from, n < size ? n + 1 : size);
  to[size - 1] = 0;
}

static frl_member *member_create(
    const frl_task *task, const char *executor, const char *host) {
  frl_member *m = calloc(1, sizeof *m);
  if (!m) return NULL;
  m->task = *task;
  memcpy(m->hello.run, task->run, sizeof m->hello.run);
  frl_random_hex(NULL, m->hello.member, FRL_COORD_ID_BYTES);
  copy_text(m->hello.executor, sizeof m->hello.executor, executor);
  copy_text(m->hello.host, sizeof m->hello.host, host);
  frl_mutex_init(&m->lock);
  frl_cond_init(&m->changed);
  frl_buf_init(&m->message, NULL, FRL_COORD_MAX_MESSAGE);
  m->beat_ms = BEAT_AT_FIRST_MS;
  m->lost_ms = frl_clock_now_ms(NULL);
  m->clear_ms = -1;
  m->refs = 1;
  return m;
}

/* ---- joining ---- */

frl_status frl__member_failure(const frl_member *m, frl_error *err) {
  if (m->failure != FRL_OK) {
    if (err) *err = m->failure_error;
    return m->failure;
  }
  return frl_fail(err, FRL_E_CLOSED, "the stream is stopped");
}

static frl_status wait_for_welcome(frl_member *m, frl_error *err) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + JOIN_MS;
  frl_status st = FRL_OK;
  frl_mutex_lock(&m->lock);
  while (!m->welcome && m->failure == FRL_OK) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) break;
    (void)frl_cond_wait_ms(&m->changed, &m->lock, left_ms);
  }
  if (m->failure != FRL_OK) {
    st = frl__member_failure(m, err);
  } else if (!m->welcome) {
    st = frl_fail(err, FRL_E_TIMEOUT, "coordinator %s: no answer", m->task.address);
  }
  frl_mutex_unlock(&m->lock);
  return st;
}

static frl_status open_reservoir(frl_member *m, frl_error *err) {
  const frl_coord_config *config = m->config;
  FRL_TRY(frl_coord_config_connect(&m->pubsub, config, 0, err));
  const frl_subscriber_options options = {
      .struct_size = sizeof options,
      .subscription = config->subscription_id,
      .columns = config->columns,
      .payload_utf8 = config->payload_utf8 && !config->json,
      .streams = (uint32_t)config->streams,
      .reservoir_bytes = m->reservoir_bytes,
      .lease_s = (uint32_t)m->lease_s,
      .cutoff_us = m->cutoff_us,
  };
  frl_subscriber *subscriber;
  FRL_TRY(frl_subscriber_open(&subscriber, m->pubsub, &options, err));
  frl_mutex_lock(&m->lock);
  m->subscriber = subscriber;
  frl_mutex_unlock(&m->lock);
  return frl_subscriber_schema(subscriber, &m->schema, err);
}

static frl_status open_channel(frl_member *m, frl_error *err) {
  FRL_TRY(frl_loop_start(&m->loop, NULL, "executor", err));
  const frl_channel_options options = {
      .struct_size = sizeof options,
      .target = m->task.address,
      .proxy = "",
      .keepalive_ms = KEEPALIVE_MS,
      .connect_timeout_ms = CALL_MS,
  };
  return frl_channel_create(&m->channel, m->loop, &options, NULL, err);
}

static frl_status join(frl_member *m, frl_error *err) {
  FRL_TRY(open_channel(m, err));
  FRL_TRY(frl_link_open(m, err));
  FRL_TRY(wait_for_welcome(m, err));
  /* it reports from now on, so that a slow service does not look like a dead executor
   */
  FRL_TRY(frl_thread_start(&m->worker, "executor-work", frl__member_work, m, err));
  return open_reservoir(m, err);
}

/** Ends what join began; the worker, if there is one, does the rest. */
static void give_up(frl_member *m, frl_status st, const frl_error *why) {
  frl_mutex_lock(&m->lock);
  if (m->failure == FRL_OK) {
    m->failure = st;
    m->failure_error = *why;
  }
  m->phase = m->worker.started ? FRL_MEMBER_LEAVING : FRL_MEMBER_LEFT;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
}

static bool is_for(frl_member *m, const frl_task *task, const char *executor) {
  frl_mutex_lock(&m->lock);
  const bool usable = m->phase <= FRL_MEMBER_READY;
  frl_mutex_unlock(&m->lock);
  return usable && strcmp(m->task.run, task->run) == 0 &&
         strcmp(m->task.address, task->address) == 0 &&
         strcmp(m->task.token, task->token) == 0 &&
         strcmp(m->hello.executor, executor) == 0;
}

/** The member that is there, or a new one that the caller has to join. */
static frl_member *find_or_create(
    const frl_task *task, const char *executor, const char *host, bool *created) {
  *created = false;
  (void)pthread_mutex_lock(&registry_lock);
  frl_member *m = registry;
  while (m && !is_for(m, task, executor)) m = m->next;
  if (m) {
    m->refs++;
  } else if ((m = member_create(task, executor, host)) != NULL) {
    *created = true;
    m->next = registry;
    registry = m;
  }
  (void)pthread_mutex_unlock(&registry_lock);
  return m;
}

static frl_status wait_until_ready(frl_member *m, frl_error *err) {
  frl_status st = FRL_OK;
  frl_mutex_lock(&m->lock);
  while (m->phase == FRL_MEMBER_JOINING) frl_cond_wait(&m->changed, &m->lock);
  if (m->phase != FRL_MEMBER_READY) st = frl__member_failure(m, err);
  frl_mutex_unlock(&m->lock);
  return st;
}

frl_status frl_member_get(frl_member **out, const frl_task *task, const char *executor,
    const char *host, frl_error *err) {
  *out = NULL;
  frl_member_reap();
  bool created;
  frl_member *m = find_or_create(task, executor, host, &created);
  if (!m) return frl_fail(err, FRL_E_NOMEM, "executor: out of memory");
  frl_status st = FRL_OK;
  if (created) {
    frl_error why = {0};
    st = join(m, &why);
    if (st == FRL_OK) {
      frl_mutex_lock(&m->lock);
      if (m->phase == FRL_MEMBER_JOINING) m->phase = FRL_MEMBER_READY;
      frl_cond_broadcast(&m->changed);
      frl_mutex_unlock(&m->lock);
    } else {
      give_up(m, st, &why);
    }
  }
  st = wait_until_ready(m, err);
  if (st != FRL_OK) {
    frl_member_release(m);
    return st;
  }
  *out = m;
  return FRL_OK;
}

/* ---- use ---- */

frl_subscriber *frl_member_begin_use(frl_member *m, frl_error *err) {
  frl_subscriber *s = NULL;
  frl_mutex_lock(&m->lock);
  if (m->phase == FRL_MEMBER_READY) {
    s = m->subscriber;
    m->users++;
  } else {
    (void)frl__member_failure(m, err);
  }
  frl_mutex_unlock(&m->lock);
  return s;
}

void frl_member_end_use(frl_member *m) {
  frl_mutex_lock(&m->lock);
  m->users--;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
}

frl_status frl__member_metadata(const frl_member *m, frl_metadata *md) {
  return frl_metadata_add(
      md, NULL, FRL_COORD_TOKEN, m->task.token, strlen(m->task.token));
}

frl_status frl_member_call(frl_member *m, const char *method,
    const frl_coord_part *request, frl_buf *response, frl_error *err) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s%s", FRL_COORD_SERVICE, method);
  frl_metadata md = {0};
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  frl_status st = frl__member_metadata(m, &md);
  if (st == FRL_OK) st = frl_coord_encode(&b, FRL_COORD_PART, request);
  if (st != FRL_OK) {
    (void)frl_fail(err, st, "executor: out of memory");
  } else {
    const frl_call_options options = {.struct_size = sizeof options,
        .path = path,
        .metadata = &md,
        .timeout_ms = CALL_MS};
    st = frl_unary(m->channel, &options, b.data, b.len, response, NULL, err);
    if (st != FRL_OK) {
      frl_error_prefix(err, "coordinator %s: ", m->task.address);
    }
  }
  frl_metadata_deinit(&md, NULL);
  frl_buf_deinit(&b);
  return st;
}

frl_status frl_member_claim(
    frl_member *m, const frl_task *task, frl_coord_grant *out, frl_error *err) {
  frl_coord_part request = {.batch = task->batch, .partition = task->partition};
  memcpy(request.run, task->run, sizeof request.run);
  memcpy(request.member, m->hello.member, sizeof request.member);
  frl_buf response;
  frl_buf_init(&response, NULL, 4096);
  *out = (frl_coord_grant){0};
  frl_status st = frl_member_call(m, "Claim", &request, &response, err);
  if (st == FRL_OK) {
    st = frl_coord_decode(
        out, FRL_COORD_GRANT, frl_cursor_of(response.data, response.len));
    if (st != FRL_OK) (void)frl_fail(err, st, "a grant that cannot be read");
  }
  frl_buf_deinit(&response);
  return st;
}

/* ---- the process ---- */

uint64_t frl_scan_process_bytes(void) {
  uint64_t bytes = 0;
  (void)pthread_mutex_lock(&registry_lock);
  for (frl_member *m = registry; m; m = m->next) {
    frl_mutex_lock(&m->lock);
    bytes += m->held_bytes;
    if (m->phase == FRL_MEMBER_READY) {
      frl_subscriber_stats stats = {.struct_size = sizeof stats};
      frl_subscriber_get_stats(m->subscriber, &stats);
      bytes += stats.waiting_bytes;
    }
    frl_mutex_unlock(&m->lock);
  }
  (void)pthread_mutex_unlock(&registry_lock);
  return bytes;
}

/** Whether some member has not left yet; each is told to. */
static bool ask_to_leave(void) {
  bool some = false;
  (void)pthread_mutex_lock(&registry_lock);
  for (frl_member *m = registry; m; m = m->next) {
    frl_mutex_lock(&m->lock);
    if (m->phase == FRL_MEMBER_READY) m->phase = FRL_MEMBER_LEAVING;
    some = some || m->phase != FRL_MEMBER_LEFT;
    frl_cond_broadcast(&m->changed);
    frl_mutex_unlock(&m->lock);
  }
  (void)pthread_mutex_unlock(&registry_lock);
  return some;
}

void frl_scan_process_close(int64_t timeout_ms) {
  enum { LOOK_MS = 10 };
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_mutex lock;
  frl_cond never;
  frl_mutex_init(&lock);
  frl_cond_init(&never);
  frl_mutex_lock(&lock);
  while (ask_to_leave() && frl_clock_now_ms(NULL) < until_ms) {
    (void)frl_cond_wait_ms(&never, &lock, LOOK_MS);
  }
  frl_mutex_unlock(&lock);
  frl_cond_deinit(&never);
  frl_mutex_deinit(&lock);
  frl_member_reap();
}
