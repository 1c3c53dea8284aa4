"""Suites side by side: a lane runs its own one after the other, in the order they are named.

One lane compiles, the other mostly waits: together they take hardly longer than the longer
one. The lane that is done first goes on with the suites of no lane. What a suite needs of the
other lane it names in `after`.
"""

import threading
import time

from runner import log
from runner.count import Count

LANES = (0, 1)


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
        self.waiting = list(self.suites)
        self.choosing = threading.Lock()
        self.ended = {suite.name: threading.Event() for suite in self.suites}
        self.counts = []
        self.interrupted = threading.Event()

    def _next(self, lane):
        """Its own suites first, then those of no lane; None at the end."""
        with self.choosing:
            waiting = [s for s in self.waiting if s.lane == lane]
            waiting += [s for s in self.waiting if s.lane is None]
            if not waiting or self.interrupted.is_set():
                return None
            self.waiting.remove(waiting[0])
            return waiting[0]

    def _run_lane(self, lane):
        try:
            while suite := self._next(lane):
                for name in suite.after:
                    if name in self.ended:
                        self.ended[name].wait()
                self.counts.append(run_suite(suite))
                self.ended[suite.name].set()
        finally:
            # whatever broke it off: the other lane does not wait for ever
            for suite in self.suites:
                if suite.lane == lane:
                    self.ended[suite.name].set()

    def run(self):
        """What all suites count; one that did not come to its end has failed."""
        threads = [
            threading.Thread(target=self._run_lane, args=(lane,), daemon=True) for lane in LANES
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
