#include "jni_core.h"

static const frl_jni_core own = {
    .struct_size = sizeof own,
    .coordinator_open = frl_coordinator_open,
    .latest_offset = frl_coordinator_latest_offset,
    .initial_offset = frl_coordinator_initial_offset,
    .drain = frl_coordinator_drain,
    .plan = frl_coordinator_plan,
    .commit = frl_coordinator_commit,
    .metrics = frl_coordinator_metrics,
    .stop = frl_coordinator_stop,
    .text_free = frl_coordinator_text_free,
    .scan_open = frl_scan_open,
    .scan_schema = frl_scan_schema,
    .scan_next = frl_scan_next,
    .scan_get_stats = frl_scan_get_stats,
    .scan_close = frl_scan_close,
    .process_bytes = frl_scan_process_bytes,
    .process_close = frl_scan_process_close,
};

static const frl_jni_core *in_force = &own;

const frl_jni_core *frl_jni_core_get(void) { return in_force; }

const frl_jni_core *frl_jni_core_own(void) { return &own; }

void frl_jni_core_use(const frl_jni_core *core) { in_force = core; }
