"""What suites count, and when a count is believed."""

import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(*(a + b for a, b in zip(self, other, strict=True)))

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def from_junit(paths):
    """The test cases of JUnit files; a missing file has none."""
    total = Count()
    for path in paths:
        if not path.exists():
            continue
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            tags = {child.tag for child in case}
            if tags & {"failure", "error"}:
                total += Count(failed=1)
            elif "skipped" in tags or case.get("status") in ("disabled", "notrun"):
                total += Count(skipped=1)
            else:
                total += Count(passed=1)
    return total


def from_closing_line(lines):
    """The count of the last line, 'N passed, N failed'."""
    found = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", (lines or [""])[-1])
    return Count(*(int(n or 0) for n in found.groups())) if found else Count()


def judged(count, code):
    """A bad end that no test accounts for is a failure, and so is having run nothing."""
    if (code != 0 and count.failed == 0) or count.passed + count.failed == 0:
        return count + Count(failed=1)
    return count
