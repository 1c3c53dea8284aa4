"""Google's Python client as a peer of the benchmarks.

    peer.py receive SUBSCRIPTION SECONDS MAX_MESSAGES
    peer.py publish TOPIC MESSAGES PAYLOAD_BYTES

PUBSUB_EMULATOR_HOST names the server. Prints one line of JSON as the other peers do.
"""

import json
import os
import resource
import sys
import threading
import time

from google.cloud import pubsub_v1


def report(messages, size, started, cpu):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    line = {
        "messages": messages,
        "bytes": size,
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - cpu,
        "max_rss_kb": usage.ru_maxrss,
    }
    print(json.dumps(line), flush=True)
    # the client's threads may hang on a server that never ends
    os._exit(0)


def receive(subscription, seconds, most):
    client = pubsub_v1.SubscriberClient()
    lock = threading.Lock()
    total = [0, 0]
    enough = threading.Event()

    def callback(message):
        message.ack()
        with lock:
            total[0] += 1
            total[1] += len(message.data)
            if total[0] >= most:
                enough.set()

    flow = pubsub_v1.types.FlowControl(max_messages=100000, max_bytes=1 << 28)
    cpu, started = time.process_time(), time.monotonic()
    path = client.subscription_path("bench", subscription)
    client.subscribe(path, callback=callback, flow_control=flow)
    enough.wait(seconds)
    report(*total, started, cpu)


def publish(topic, count, size):
    settings = pubsub_v1.types.BatchSettings(max_messages=1000, max_bytes=1 << 20)
    client = pubsub_v1.PublisherClient(settings)
    path = client.topic_path("bench", topic)
    payload = os.urandom(size)
    cpu, started = time.process_time(), time.monotonic()
    for future in [client.publish(path, payload) for _ in range(count)]:
        future.result()
    report(count, count * size, started, cpu)


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("receive", "publish"):
        sys.exit(__doc__)
    {"receive": receive, "publish": publish}[sys.argv[1]](
        sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    )
