"""An executor's memory while its consumer is slow, as the system counts it."""

import pathlib

import pytest
from rig import control, varints
from streams import wait_until

ALWAYS = {"processingTime": "0 seconds"}
MIB = 1 << 20
PAYLOAD = 10_000
WAITING = 2 << 30
RESERVOIR = 64 * MIB


def status_kb(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith(field)).split()[1])


def executor_of(driver):
    """The only child of a driver's JVM that runs an executor."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent in driver.pids and b"CoarseGrainedExecutorBackend" in command:
            return int(folder.name)
    return None


def read(stream, driver, rows, seconds=0.0, label="q"):
    """Reads so many rows, and leaves the query running."""
    query = stream.query(
        driver,
        shape="sizes_slowly",
        shape_args={"seconds": seconds},
        sink="nowhere",
        trigger=ALWAYS,
        label=label,
        options={"reservoirBytes": str(RESERVOIR), "maxRowsPerBatch": None},
    )
    wait_until(lambda: sum(p["numInputRows"] for p in query.progress()) >= rows, 180)
    return query


@pytest.mark.long
def test_a_slow_consumer_does_not_grow_its_executor(drivers, streams):
    # a heap that is there from the start leaves nothing but native memory to grow
    driver = drivers(
        master="local-cluster[1,2,1024]",
        spark_executor_memory="512m",
        spark_executor_extraJavaOptions="-Xms512m -XX:+AlwaysPreTouch",
    )
    stream = streams()
    warm = 4000
    stream.publish_lines(["x" * PAYLOAD] * warm)
    read(stream, driver, warm, label="warm").stop()
    stream.publish_lines(["x" * PAYLOAD] * (WAITING // PAYLOAD // 8))
    for _ in range(7):
        stream.publish_file(stream.folder / f"{stream.name}.lines")

    executor = wait_until(lambda: executor_of(driver))
    before_kb = status_kb(executor, "VmRSS")
    pathlib.Path(f"/proc/{executor}/clear_refs").write_text("5", encoding="ascii")
    query = read(stream, driver, 20_000, seconds=0.2)
    held = varints(control(stream.emulator.host, "Backlog", stream.path))
    grown_kb = status_kb(executor, "VmHWM") - before_kb
    query.stop()
    assert held[1] * PAYLOAD > WAITING // 2, "the consumer was not slow"
    assert grown_kb * 1024 <= RESERVOIR + 64 * MIB, f"{grown_kb} KB"
