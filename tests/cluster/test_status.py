"""The status page of the emulator alone; the cluster's is in test_cluster.py."""

import html.parser
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import COMMAND, wait_for


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


class Browser:
    """A headless Chromium, asked through its debugging pipe."""

    def __init__(self, chromium, profile):
        theirs_in, self.to = os.pipe()
        self.of, theirs_out = os.pipe()
        # the browser reads requests from its descriptor 3 and answers on 4
        pipes = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash"]
        self.process = subprocess.Popen(
            [*pipes, chromium, "--headless", "--no-sandbox", "--disable-gpu",
                "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest = b""
        self.n = 0
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}

    session = {}

    def ask(self, method, **params):
        self.n += 1
        text = json.dumps({"id": self.n, "method": method, "params": params, **self.session})
        os.write(self.to, text.encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                got = os.read(self.of, 1 << 16)
                assert got, "the browser has ended"
                self.rest += got
            answer, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(answer)
            if answer.get("id") == self.n:
                return answer["result"]

    def value(self, expression):
        asked = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return asked["result"].get("value")

    def end(self):
        os.close(self.to)
        os.close(self.of)
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture
def browser(tmp_path):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs chromium")
    made = Browser(chromium, tmp_path)
    yield made
    made.end()


# services are the cluster's alone; the widest texts that they have
SERVICES = """
services([{name: "pubsub-emulator", state: "ended", residentBytes: 3e9, restarts: 1234,
  url: "sc://127.0.0.1:15002", page: "http://127.0.0.1:4040", reason: "killed by signal 9"}]);
"""
OUTSIDE = """
[...document.querySelectorAll("td, p, svg")].filter((e) => e.offsetParent !== null)
  .filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.textContent)
"""


@pytest.mark.parametrize("width", [320, 375, 1200])
def test_nothing_is_cut_off_on_a_phone(emulator, browser, width):
    metrics = {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.ask("Emulation.setDeviceMetricsOverride", **metrics)
    browser.ask("Page.navigate", url=emulator[1])
    wait_for(lambda: browser.value("document.querySelectorAll('#subscriptions td').length") == 5)
    browser.value(SERVICES)
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert browser.value(OUTSIDE) == []
    text = browser.value("document.body.innerText")
    assert "sc://127.0.0.1:15002" in text and "killed by signal 9" in text
    label = browser.value(
        "getComputedStyle(document.querySelector('#subscriptions td.n'), '::before').content"
    )
    assert ("not acked" in label or "attr(data-head)" in label) == (width < 600)
