/* google.iam.v1.IAMPolicy: policies are kept and given back, nothing is forbidden. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define IAM "/google.iam.v1.IAMPolicy/"

enum { POLICY_MAX_BYTES = 1 << 20 };

static frl_status read_resource(frl_em_request *r, frl_cursor request, frl_error *err) {
  FRL_TRY(frl_em_request_read(r, request, err));
  if (frl_cursor_left(&r->fields[1]) > 0) return FRL_OK;
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "No resource given.");
}

static frl_status get_policy(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(read_resource(&r, request, err));
  const frl_buf *policy = frl_map_get(
      &call->service->policies, r.fields[1].pos, frl_cursor_left(&r.fields[1]));
  if (!policy) return frl_wire_text(response, 3, "ACAB"); /* the etag of an empty one */
  return frl_buf_append(response, policy->data, policy->len);
}

static frl_status set_policy(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(read_resource(&r, request, err));
  frl_map *policies = &call->service->policies;
  const size_t name_len = frl_cursor_left(&r.fields[1]);
  frl_buf *policy = frl_map_get(policies, r.fields[1].pos, name_len);
  if (!policy) {
    policy = frl_malloc(&policies->mem, sizeof *policy);
    if (!policy) return FRL_E_NOMEM;
    frl_buf_init(policy, &policies->mem, POLICY_MAX_BYTES);
    const frl_status st =
        frl_map_put(policies, r.fields[1].pos, name_len, policy, NULL);
    if (st != FRL_OK) {
      frl_free(&policies->mem, policy);
      return st;
    }
  }
  frl_buf_clear(policy);
  const frl_cursor given = r.fields[2];
  FRL_TRY(frl_buf_append(policy, given.pos, frl_cursor_left(&given)));
  return frl_buf_append(response, policy->data, policy->len);
}

static frl_status test_permissions(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)call;
  frl_em_request r;
  FRL_TRY(read_resource(&r, request, err));
  frl_wire_field f;
  while (frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number != 2 || f.type != FRL_WIRE_BYTES) continue;
    FRL_TRY(frl_wire_bytes(response, 1, f.bytes.pos, frl_cursor_left(&f.bytes)));
  }
  return FRL_OK;
}

frl_status frl_em_add_iam(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, IAM "GetIamPolicy", get_policy));
  FRL_TRY(frl_em_add_unary(s, IAM "SetIamPolicy", set_policy));
  return frl_em_add_unary(s, IAM "TestIamPermissions", test_permissions);
}
