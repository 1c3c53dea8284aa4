"""h2spec against our server: it fails in fewer cases than grpc-go, and in no other."""

import pathlib
import subprocess
import xml.etree.ElementTree as xml

from support.grpc_servers import go_server, our_server

KNOWN = pathlib.Path(__file__).with_name("h2spec_failures.txt")
# h2spec's oversized header block is made for the smallest frame size there is
MAX_FRAME_BYTES = "16384"


def failures(go_tools, port, report, patience_s):
    """The names of the failed cases, and how many there were in all."""
    subprocess.run(
        [go_tools / "h2spec", "-h", "127.0.0.1", "-p", str(port), "-o", str(patience_s),
         "-P", "/grpc.testing.TestService/EmptyCall", "-j", report],
        stdout=subprocess.DEVNULL,
        timeout=240,
    )  # fmt: skip
    cases = list(xml.parse(report).iter("testcase"))
    failed = {
        f"{case.get('package')}: {case.get('classname')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }
    return failed, len(cases)


def known_failures():
    lines = KNOWN.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_our_failures_are_the_known_ones(go_tools, our_tools, tmp_path):
    with our_server(our_tools, MAX_FRAME_BYTES) as port:
        failed, cases = failures(go_tools, port, tmp_path / "ours.xml", 5)
    assert cases > 140
    assert failed == known_failures()


def test_the_known_failures_are_fewer_than_those_of_grpc_go(go_tools, tmp_path):
    with go_server(go_tools) as port:
        failed, cases = failures(go_tools, port, tmp_path / "theirs.xml", 1)
    assert cases > 140
    assert known_failures() < failed
