#include "pubsub/emulator/service.h"

#include "base/error.h"
#include "base/mem.h"

enum { KEEP_MS = 1000 };

static void on_tick(void *ctx) {
  frl_em_service *s = ctx;
  if (frl_em_store_tick(&s->store)) return;
  frl_timer_stop(s->ticker);
  s->ticking = false;
}

static void on_keep(void *ctx) {
  frl_em_service *s = ctx;
  frl_em_store_housekeep(&s->store);
  frl_em_streams_check_silence(s);
}

static void on_kill(void *ctx) {
  frl_em_service *s = ctx;
  const frl_em_fault *f = frl_em_faults_find(&s->faults, FRL_EM_KILL_STREAMS);
  if (f) frl_em_streams_kill(s, f);
}

frl_status frl_em_service_init(frl_em_service *s, frl_loop *loop, const frl_mem *mem,
    const frl_clock *clock, frl_error *err) {
  *s = (frl_em_service){.mem = mem ? *mem : frl_mem_default, .loop = loop};
  frl_em_store_init(&s->store, mem, clock);
  frl_map_init(&s->policies, mem);
  frl_status st = frl_timer_create(&s->ticker, loop, on_tick, s);
  if (st == FRL_OK) st = frl_timer_create(&s->keeper, loop, on_keep, s);
  if (st == FRL_OK) st = frl_timer_create(&s->killer, loop, on_kill, s);
  if (st != FRL_OK) return frl_fail(err, st, "emulator: no timers");
  frl_timer_start(s->keeper, KEEP_MS, KEEP_MS);
  return FRL_OK;
}

void frl_em_service_deinit(frl_em_service *s) {
  frl_timer_destroy(s->ticker);
  frl_timer_destroy(s->keeper);
  frl_timer_destroy(s->killer);
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->policies, &at))) {
    frl_buf_deinit(e->value);
    frl_free(&s->mem, e->value);
  }
  frl_map_deinit(&s->policies);
  frl_em_store_deinit(&s->store);
}

frl_status frl_em_service_bind(frl_em_service *s, frl_server *server) {
  s->server = server;
  FRL_TRY(frl_em_add_publisher(s));
  FRL_TRY(frl_em_add_subscriber(s));
  FRL_TRY(frl_em_add_snapshots(s));
  FRL_TRY(frl_em_add_acks(s));
  FRL_TRY(frl_em_add_pull(s));
  FRL_TRY(frl_em_add_iam(s));
  FRL_TRY(frl_em_add_control(s));
  return frl_em_add_streaming_pull(s, server);
}

void frl_em_service_settle(frl_em_service *s) {
  frl_em_store_settle(&s->store);
  if (s->ticking || !s->store.active) return;
  s->ticking = true;
  frl_timer_start(s->ticker, FRL_EM_TICK_MS, FRL_EM_TICK_MS);
}

static void expire_leases(frl_em_service *s) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->store.subs, &at))) {
    frl_em_sub *sub = e->value;
    frl_em_backlog_expire_all(&sub->backlog, frl_em_store_now_ms(&s->store));
    frl_em_sub_touch(sub);
  }
}

frl_status frl_em_service_set_faults(
    frl_em_service *s, frl_cursor text, frl_error *err) {
  FRL_TRY(frl_em_faults_parse(&s->faults, text, err));
  frl_timer_stop(s->killer);
  const frl_em_fault *kill = frl_em_faults_find(&s->faults, FRL_EM_KILL_STREAMS);
  if (kill && kill->every > 0) {
    frl_timer_start(s->killer, kill->every, kill->every);
  } else if (kill && kill->after == 0) {
    frl_em_streams_kill(s, kill);
  }
  if (frl_em_faults_find(&s->faults, FRL_EM_EXPIRE_LEASES)) expire_leases(s);
  frl_em_service_settle(s);
  return FRL_OK;
}
