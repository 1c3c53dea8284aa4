"""The status page of the emulator alone; the cluster's is in test_cluster.py."""

import html.parser
import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import COMMAND


@pytest.fixture(scope="module")
def emulator():
    words = ["--host-port", "127.0.0.1:0", "--status-port", "0", "--subscription", "sub:top"]
    process = subprocess.Popen(
        [COMMAND, "emulator", *words],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    address = process.stdout.readline().split()[-1]
    lines = [process.stderr.readline(), process.stderr.readline()]
    page = next(line.split()[-1] for line in lines if line.startswith("status page"))
    yield address, page
    process.terminate()
    assert process.wait(60) == 0
    process.stdout.close()
    process.stderr.close()


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as page:
        return page.read().decode(), page.headers


def test_figures_as_json_and_for_prometheus(emulator):
    address, page = emulator
    publish = [COMMAND, "pubsub", "publish", "top", "--quiet"]
    where = ["--emulator-host", address, "--project", "demo"]
    subprocess.run([*publish, *where], input=b"x\n" * 25, check=True, timeout=60)
    told = json.loads(get(f"{page}status.json")[0])["emulator"]
    assert told["published"] == 25 and told["acked"] == 0
    assert told["topics"] == ["projects/demo/topics/top"]
    (sub,) = told["subscriptions"]
    assert (sub["unacked"], sub["leased"]) == (25, 0)
    assert sub["oldestSeconds"] >= 0
    assert told["history"][0].keys() == {"ms", "published", "acked"}
    metrics = get(f"{page}metrics")[0]
    assert "ferrule_emulator_published_messages_total 25\n" in metrics
    name = "projects/demo/subscriptions/sub"
    assert f'ferrule_emulator_unacked_messages{{subscription="{name}"}} 25\n' in metrics


def test_the_page_needs_nothing_from_elsewhere(emulator):
    text, headers = get(emulator[1])
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "//" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "width=device-width" in text


def test_another_sites_page_gets_nothing(emulator):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{emulator[1]}status.json", Host="elsewhere.example")
    assert refused.value.code == 403


class Cells(html.parser.HTMLParser):
    """The texts of a page's table cells."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag in ("td", "th"):
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


@pytest.mark.long
def test_a_browser_shows_the_figures(emulator):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs chromium")
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            "--virtual-time-budget=8000", emulator[1]],
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    cells = Cells(done.stdout).found
    told = json.loads(get(f"{emulator[1]}status.json")[0])["emulator"]["subscriptions"][0]
    assert cells[:5] == ["subscription", "topic", "not acked", "leased", "oldest, s"], done.stdout
    assert cells[5:9] == ["sub", "top", str(told["unacked"]), "0"]
    assert done.stdout.count("<polyline") == 2
    assert "does not answer" not in done.stdout.split("<script>")[0]
