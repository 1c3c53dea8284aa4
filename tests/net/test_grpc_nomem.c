/* Client and server, each with the n-th allocation failing: calls fail, nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/failing_mem.h"

enum { MOST = 5000 };

/* A bidirectional call with metadata and one message, by whatever memory there is. */
static int32_t call_once(rig *r) {
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "x-test", "value", 5), FRL_OK);
  p.options.metadata = &md;
  p.options.timeout_ms = 15000;
  int32_t code = FRL_GRPC_RESOURCE_EXHAUSTED;
  if (probe_try_start(&p)) {
    probe_send_text(&p, "some text", false);
    if (probe_wait_messages(&p, 1)) probe_finish(&p);
    code = probe_wait_closed(&p);
  }
  if (code == FRL_GRPC_OK) assert_memory_equal(p.last.data, "some text", 9);
  assert_int_not_equal(code, FRL_GRPC_DEADLINE_EXCEEDED);
  probe_deinit(&p);
  frl_metadata_deinit(&md, NULL);
  return code;
}

static void of_a_client(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_start(&r);
  frl_channel_destroy(r.channel);
  for (size_t n = 0;; n++) {
    failing_mem failing;
    failing_mem_init(&failing, n);
    const frl_mem mem = failing_mem_of(&failing);
    r.channel = NULL;
    if (frl_channel_create(&r.channel, r.client_loop, &r.channel_options, &mem, NULL) ==
        FRL_OK) {
      const int32_t code = call_once(&r);
      if (failing.refused == 0) assert_int_equal(code, FRL_GRPC_OK);
      frl_channel_destroy(r.channel);
    }
    /* what the connection held goes with the loop's next turns */
    rig_settle(&r);
    assert_int_equal(failing.live, 0);
    if (failing.refused == 0) break;
    assert_true(n < MOST);
  }
  r.channel = NULL;
  rig_stop(&r);
}

static void of_a_server(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_start(&r);
  for (size_t n = 0;; n++) {
    /* a new channel too: the former's connection may not know of its end yet */
    frl_channel_destroy(r.channel);
    r.channel = NULL;
    rig_stop_server(&r, 0);
    failing_mem failing;
    failing_mem_init(&failing, SIZE_MAX);
    r.server_mem = failing_mem_of(&failing);
    rig_restart_server(&r);
    assert_int_equal(
        frl_channel_create(&r.channel, r.client_loop, &r.channel_options, NULL, NULL),
        FRL_OK);
    /* counted from the first connection on */
    rig_fail_at(&r, &failing, n);
    const int32_t code = call_once(&r);
    rig_stop_server(&r, 0);
    rig_settle(&r);
    assert_int_equal(failing.live, 0);
    const bool whole = failing.refused == 0;
    if (whole) assert_int_equal(code, FRL_GRPC_OK);
    r.server_mem = (frl_mem){0};
    rig_restart_server(&r);
    if (whole) break;
    assert_true(n < MOST);
  }
  rig_stop(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_a_client),
      cmocka_unit_test(of_a_server),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
