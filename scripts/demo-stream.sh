#!/usr/bin/env bash
# The plain streaming query, without a cluster: 336,776 flights go as JSON messages through the embedded
# emulator into a Spark 4.1.1 streaming query, and from there into Parquet.
#
# usage: scripts/demo-stream.sh
#
# Starts from a clean state each time, proves that nothing was lost or doubled, and ends
# every process it started, also on Ctrl-C.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"

scripts/setup.sh build run
scripts/build.sh release
scripts/jar.sh

python=$(scripts/python-env.sh run)/bin/python
jar=$(frl_jar)
ferrule=$FRL_ROOT/build/release/ferrule
work=$FRL_ROOT/build/run
output=$work/flights
checkpoint=$work/checkpoint

children=()
# shellcheck disable=SC2317 # called by the trap
end_children() {
  trap - EXIT INT TERM
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
}
trap end_children EXIT
trap 'end_children; exit 130' INT TERM

rm -rf "$work"
mkdir -p "$work"

messages=$FRL_CACHE/flights/messages.jsonl
frl_flights "$python"

"$ferrule" emulator --host-port 127.0.0.1:0 --project demo \
  --topic flights --subscription flights-sub:flights >"$work/emulator.log" 2>&1 &
children+=($!)
for _ in $(seq 200); do
  port=$(sed -n 's/.*127\.0\.0\.1:\([0-9][0-9]*\).*/\1/p' "$work/emulator.log" | head -n 1)
  [ -z "$port" ] || break
  kill -0 "${children[0]}" 2>/dev/null || frl_die "the emulator ended: $(cat "$work/emulator.log")"
  sleep 0.05
done
[ -n "$port" ] || frl_die "the emulator did not say its port: $(cat "$work/emulator.log")"
emulator=127.0.0.1:$port
frl_say "emulator on $emulator"

"$ferrule" pubsub publish flights "$messages" --emulator-host "$emulator" --project demo

frl_say "Spark streams the subscription into build/run/flights"
SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$python "$python" examples/flights/stream.py \
  --jar "$jar" --emulator "$emulator" --project demo --subscription flights-sub \
  --output "$output" --checkpoint "$checkpoint" 2>"$work/spark.log" &
children+=($!)
wait "${children[1]}" || {
  code=$?
  [ $code -le 128 ] || exit $code # interrupted: nothing failed
  tail -n 30 "$work/spark.log" >&2
  frl_die "the query failed (whole log: $work/spark.log)"
}

"$python" examples/flights/verify.py "$output" "$FRL_CACHE/flights/expected.json"
"$ferrule" emulator backlog flights-sub --host-port "$emulator" --project demo
