"""One Apache Kafka broker (KRaft, one process) on 127.0.0.1, for as long as a case runs."""

import contextlib
import socket
import subprocess
import tempfile
import time

from . import programs

SETTINGS = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/log
num.partitions=2
offsets.topic.replication.factor=1
message.max.bytes=33554432
"""


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def broker():
    """Gives the broker's host:port."""
    libraries = programs.maven_libraries("bench/peers/kafka-broker")
    with tempfile.TemporaryDirectory(prefix="bench-kafka-") as folder:
        port, controller = _free_port(), _free_port()
        settings = f"{folder}/server.properties"
        with open(settings, "w", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=port, controller=controller, folder=folder))
        java = ["java", "-Xmx1g", "-cp", f"{libraries}/*"]
        storage = java + [
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "4L6g3nShT-eMCtK--X86sw",
            "-c",
            settings,
        ]
        subprocess.run(storage, check=True, capture_output=True, timeout=60)
        process = subprocess.Popen(
            java + ["kafka.Kafka", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(600):
                if _answers(port):
                    break
                if process.poll() is not None:
                    raise SystemExit("bench: the Kafka broker ended at its start")
                time.sleep(0.1)
            time.sleep(2)  # listening comes before serving
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)
