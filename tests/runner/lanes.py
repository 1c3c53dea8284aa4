"""Suites side by side: a lane runs its own one after the other, in the order they are named.

One lane compiles, another mostly waits: together they take hardly longer than the longer
one. What a suite needs of the other lane it names in `after`.
"""

import threading
import time

from runner import log
from runner.count import Count


def run_suite(suite):
    """Its count; what there is to tell of its end is told in one piece."""
    started = time.monotonic()
    log.say(f"   {suite.name}: {suite.what} ...")
    its_log = log.Log(suite.name)
    try:
        count = suite.run(its_log)
    except Exception as error:
        its_log.note(f"tests/run: {type(error).__name__}: {error}")
        count = Count(failed=1)
    seconds = time.monotonic() - started
    told = [f"== {suite.name}: {suite.what}", *(its_log.end() if count.failed else [])]
    # the closing line is the only one of its form
    told.append(f"   {suite.name}: {str(count).replace(', ', ' / ')} in {seconds:.0f} s")
    log.say("\n".join(told))
    return count


class Lanes:
    def __init__(self, suites):
        self.suites = list(suites)
        self.ended = {suite.name: threading.Event() for suite in self.suites}
        self.counts = []
        self.interrupted = threading.Event()

    def _run_lane(self, lane):
        own = [suite for suite in self.suites if suite.lane == lane]
        try:
            for suite in own:
                for name in suite.after:
                    if name in self.ended:
                        self.ended[name].wait()
                if self.interrupted.is_set():
                    return
                self.counts.append(run_suite(suite))
                self.ended[suite.name].set()
        finally:
            for suite in own:  # whatever broke it off: the other lane does not wait for ever
                self.ended[suite.name].set()

    def run(self):
        """What all suites count; one that did not come to its end has failed."""
        threads = [
            threading.Thread(target=self._run_lane, args=(lane,), daemon=True)
            for lane in dict.fromkeys(suite.lane for suite in self.suites)
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            self.interrupted.set()
            log.end_all()
            raise
        missing = Count(failed=len(self.suites) - len(self.counts))
        return sum(self.counts, missing)
