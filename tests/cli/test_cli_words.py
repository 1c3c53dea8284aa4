"""Help, manual pages, exit codes and schemas: what needs no server."""

import re
import socket
import subprocess

import pytest
from ferrule_command import COMMAND, Service

COMMANDS = [
    "emulator",
    "pubsub topic create",
    "pubsub topic list",
    "pubsub topic delete",
    "pubsub sub create",
    "pubsub sub list",
    "pubsub sub delete",
    "pubsub publish",
    "pubsub pull",
    "cluster up",
    "cluster start",
    "cluster stop",
    "cluster clean",
    "cluster ps",
    "cluster run",
    "cluster logs",
    "cluster doctor",
    "cluster supervise",
    "ddl",
    "kernel check",
    "kernel describe",
    "kernel header",
    "kernel new",
    "kernel run",
    "man",
    "version",
]


def test_the_overview_names_every_command(ferrule):
    text = ferrule("--help").stdout.decode()
    named = re.findall(r"^  (\w[\w ]*?)  +\S", text, re.M)
    assert named == COMMANDS


@pytest.mark.parametrize("words", ["pubsub", "pubsub topic", "pubsub sub", "cluster", "kernel"])
def test_the_first_words_of_commands_list_them(ferrule, words):
    for asked in ([*words.split(), "--help"], ["help", *words.split()]):
        shown = ferrule(*asked)
        assert shown.returncode == 0
        named = re.findall(r"^  (\w[\w ]*?)  +\S", shown.stdout.decode(), re.M)
        assert named == [c for c in COMMANDS if c.startswith(f"{words} ")]
    alone = ferrule(*words.split())
    assert (alone.returncode, alone.stdout) == (2, shown.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_manual_page_tell_the_same_options(ferrule, command):
    shown = ferrule(*command.split(), "--help")
    page = ferrule("man", *command.split())
    assert shown.returncode == page.returncode == 0
    options = set(re.findall(r"^  (?:-h, )?(--[\w-]+)", shown.stdout.decode(), re.M))
    roff = page.stdout.decode().replace("\\-", "-")
    assert options and options == set(re.findall(r"^\.B (?:-h, )?(--[\w-]+)", roff, re.M))
    assert (
        "Examples:" in shown.stdout.decode()
        or command in ("man", "version")
        or " list" in (command)
        or " delete" in command
    )


def test_manual_pages_of_all_commands(ferrule, tmp_path):
    assert ferrule("man", "--to", tmp_path).returncode == 0
    pages = {page.name for page in tmp_path.iterdir()}
    assert {f"ferrule-{c.replace(' ', '-')}.1" for c in COMMANDS} | {"ferrule.1"} <= pages
    assert (tmp_path / "ferrule-man.1").read_bytes() == ferrule("man", "man").stdout
    nowhere = ferrule("man", "--to", tmp_path / "no such folder")
    assert nowhere.returncode == 1 and b"No such file" in nowhere.stderr


def test_a_manual_page_is_good_roff(ferrule, tmp_path):
    page = tmp_path / "page.1"
    page.write_bytes(ferrule("man", "pubsub", "publish").stdout)
    for name in ("mandoc", "groff"):
        if subprocess.run(["which", name], capture_output=True).returncode == 0:
            lint = (
                ["mandoc", "-T", "lint", page]
                if name == "mandoc"
                else ["groff", "-man", "-ww", page]
            )
            assert b"ERROR" not in subprocess.run(lint, capture_output=True).stdout
    assert page.read_text().startswith(".TH FERRULE-PUBSUB-PUBLISH 1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pubsub", "pubish"], "there is no command pubsub pubish; did you mean pubsub publish?"),
        (["pub"], "there is no command pub\n"),
        (["emulater", "--quiet"], "did you mean emulator?"),
        (["help", "kernel", "chek"], "did you mean kernel check?"),
        (["man", "kernel", "chek"], "there is no command kernel chek; did you mean kernel check?"),
        (["man", "kernel"], "several commands begin with kernel"),
        (["--nothing"], "there is no option --nothing"),
        (["pubsub", "--nothing"], "there is no option --nothing"),
        (["pubsub", "pull", "s", "--outptu", "f"], "did you mean --output?"),
        (["pubsub", "pull", "s", "--zzzz"], "there is no option --zzzz\n"),
        (["pubsub", "pull", "s", "--ack=yes"], "--ack takes no value"),
        (["emulator", "--host-port", "::1:8085"], "such as localhost:8085 or [::1]:8085"),
        (["pubsub", "publish"], "something is missing: TOPIC [FILE]"),
        (["pubsub", "publish", "a", "b", "c"], "one word too many: c"),
        (["pubsub", "pull", "s", "--maximum", "3"], "there is no option --maximum"),
        (["pubsub", "pull", "s", "--max"], "--max needs a value"),
        (["pubsub", "pull", "s", "--max", "-3"], "--max -3: a whole number"),
        (["pubsub", "pull", "s", "--max", "3x"], "--max 3x: a whole number"),
        (["pubsub", "pull", "s", "--ack", "--no-ack"], "contradict each other"),
        (["pubsub", "publish", "t", "--format", "xml"], "lines, jsonl or arrow"),
        (["ddl", "a INT", "--to", "xml"], "ddl or json are known"),
    ],
)
def test_a_wrong_command_line_is_told_and_is_2(ferrule, arguments, said):
    done = ferrule(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert "--help" in done.stderr.decode()


@pytest.mark.parametrize("words", ["topic list", "publish topic", "pull subscription --ack"])
def test_a_server_that_is_not_there_is_5(ferrule, words):
    done = ferrule("pubsub", *words.split(), "--emulator-host", "127.0.0.1:1", input=b"x")
    assert done.returncode == 5
    said = done.stderr.decode()
    assert "127.0.0.1:1 (taken from" in said and "is the emulator running" in said


def test_it_is_told_where_the_address_came_from(ferrule):
    listing = ["pubsub", "topic", "list"]
    there = "127.0.0.1:1 (taken from the "
    by_option = ferrule(*listing, "--emulator-host", "127.0.0.1:1").stderr.decode()
    assert f"{there}emulator host option)" in by_option
    by_variable = ferrule(*listing, env={"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}).stderr.decode()
    assert f"{there}environment's PUBSUB_EMULATOR_HOST)" in by_variable


def test_credentials_that_are_missing_are_told(ferrule, tmp_path):
    done = ferrule(
        "pubsub", "topic", "list", "--project", "project", "--credentials", tmp_path / "none.json"
    )
    assert done.returncode not in (0, 2)
    assert "none.json" in done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["version"],
        ["--version"],
        ["--help"],
        ["man"],
        ["pubsub", "pull", "--help"],
        ["ddl", "a INT"],
    ],
)
def test_what_cannot_be_printed_is_a_failure(arguments):
    for shell in ('"$0" "$@" >/dev/full', '"$0" "$@" >&-'):
        done = subprocess.run(["sh", "-c", shell, COMMAND, *arguments], capture_output=True)
        assert done.returncode == 1, shell
        assert b"writing standard output" in done.stderr


def test_a_reader_that_goes_away_ends_it(ferrule):
    done = subprocess.run(
        ["bash", "-c", '"$0" man | true; exit ${PIPESTATUS[0]}', COMMAND], capture_output=True
    )
    assert done.returncode in (0, 128 + 13) and done.stderr == b""


def test_no_file_is_taken_for_a_standard_one():
    """Without the three of them sockets would get their numbers."""
    closed = subprocess.run(
        ["sh", "-c", '"$0" pubsub topic list --emulator-host 127.0.0.1:1 <&- >&- 2>&-', COMMAND]
    )
    assert closed.returncode == 5


def test_an_address_in_use_says_what_to_do(ferrule):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        done = ferrule("emulator", "--host-port", host)
    assert done.returncode == 1
    assert f"cannot listen on {host}" in done.stderr.decode()
    assert "give another --host-port" in done.stderr.decode()


def test_an_address_of_ipv6(ferrule):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = Service("--topic", "six", host_port="[::1]:0")
    try:
        assert server.host.startswith("[::1]:")
        listed = ferrule("pubsub", "topic", "list", "--emulator-host", server.host)
        assert listed.stdout == b"projects/demo/topics/six\n"
    finally:
        server.end()


def test_every_call_is_shown_where_asked_for(tmp_path):
    with open(tmp_path / "calls", "w+", encoding="utf-8") as calls:
        fault = "refuse method=Publish calls=2; drop-acks method=Acknowledge"
        server = Service("--verbose", "--topic", "shown", "--fault", fault, stderr=calls)
        try:
            done = server.ferrule("pubsub", "publish", "shown", input=b"x")
            assert done.returncode == 0, done.stderr
        finally:
            server.end()
        calls.seek(0)
        shown = calls.read()
    assert shown.count("Publisher/Publish: refused on request") == 2
    assert shown.count("Publisher/Publish: 0") == 1


def test_a_fault_that_would_pass_a_setting_over_is_refused(ferrule):
    done = ferrule("emulator", "--host-port", "127.0.0.1:0", "--fault", "duplicate ms=5")
    assert done.returncode == 2
    assert b'duplicate does not heed "ms": it takes every' in done.stderr


def test_ddl_in_and_out(ferrule):
    written = ferrule("ddl", "id bigint not null, tags array<string> comment 'of it'")
    assert written.stdout.decode() == (
        "`id` BIGINT NOT NULL, `tags` ARRAY<STRING> COMMENT 'of it'\n"
    )
    json_text = ferrule("ddl", "--to", "json", written.stdout.decode().strip()).stdout.decode()
    again = ferrule("ddl", "--from-json", json_text.strip())
    assert again.stdout == written.stdout


def test_a_broken_ddl_says_where(ferrule):
    done = ferrule("ddl", "id BIGNIT")
    assert done.returncode != 0
    assert "BIGNIT" in done.stderr.decode()
