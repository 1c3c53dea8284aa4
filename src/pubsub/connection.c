#include "pubsub/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/connection_options.h"

frl_status frl_pubsub_open(
    frl_pubsub **out, const frl_pubsub_options *options, frl_error *err) {
  *out = NULL;
  frl_pubsub_options o = {0};
  if (options) {
    const size_t n = options->struct_size < sizeof o ? options->struct_size : sizeof o;
    memcpy(&o, options, n);
  }
  frl_pubsub *p = frl_calloc(o.mem, 1, sizeof *p);
  if (!p) return frl_fail(err, FRL_E_NOMEM, "pubsub: out of memory");
  p->mem = o.mem ? *o.mem : frl_mem_default;
  atomic_init(&p->answered, false);
  frl_status st = frl__pubsub_configure(p, &o, err);
  if (st == FRL_OK) st = frl_loop_start(&p->loop, &p->mem, "ferrule-pubsub", err);
  if (st == FRL_OK) {
    st = frl_channel_create(&p->channel, p->loop, &p->channel_options, &p->mem, err);
  }
  if (st != FRL_OK) {
    frl_pubsub_close(p);
    return st;
  }
  *out = p;
  return FRL_OK;
}

void frl_pubsub_close(frl_pubsub *pubsub) {
  if (!pubsub) return;
  frl_channel_destroy(pubsub->gzip_channel);
  frl_channel_destroy(pubsub->channel);
  frl_loop_stop(pubsub->loop);
  frl_token_source_destroy(pubsub->tokens);
  const frl_mem mem = pubsub->mem;
  frl_free(&mem, pubsub->project);
  frl_free(&mem, pubsub->target);
  frl_free(&mem, pubsub->ca_file);
  frl_free(&mem, pubsub);
}
