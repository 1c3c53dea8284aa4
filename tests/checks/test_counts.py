"""The runner believes a count only where the suite's end agrees with it."""

import pathlib

import pytest
from runner.count import Count, from_closing_line, from_junit, judged

JUNIT = """<testsuites><testsuite>
  <testcase name="good"/>
  <testcase name="bad"><failure/></testcase>
  <testcase name="worse"><error/></testcase>
  <testcase name="later"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("count", "code", "believed"),
    [
        (Count(3, 0), 0, Count(3, 0)),
        (Count(3, 1), 1, Count(3, 1)),
        (Count(3, 0), 139, Count(3, 1)),  # crashed after its last test
        (Count(0, 0), 0, Count(0, 1)),  # ran nothing
        (Count(0, 0, 5), 0, Count(0, 1, 5)),  # skipped everything
    ],
)
def test_judged(count, code, believed):
    assert judged(count, code) == believed


def test_junit_cases_are_counted(tmp_path: pathlib.Path):
    (tmp_path / "a.xml").write_text(JUNIT)
    assert from_junit([tmp_path / "a.xml", tmp_path / "missing.xml"]) == Count(1, 2, 1)


def test_closing_line():
    assert from_closing_line(["9 passed, 9 failed", "4 passed, 2 failed"]) == Count(4, 2)
    assert from_closing_line(["4 passed, 2 failed", "killed"]) == Count()
    assert from_closing_line([]) == Count()
    assert str(Count(4, 2)) == "4 passed, 2 failed"
    assert str(Count(4, 2, 1)) == "4 passed, 2 failed, 1 skipped"
