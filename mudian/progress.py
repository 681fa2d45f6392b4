"""Stages of a run: what is being done now, and how long each took. Quiet in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Stages:
    """A stopwatch with one entry per stage.

    Parameters
    ----------
    show
        Where to draw the line of the current stage; only drawn on a terminal.
    """

    def __init__(self, *, show: TextIO | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._out = show if show is not None and show.isatty() else None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; entering the same stage again adds to it."""
        if self._out:
            self._out.write(f"\r\x1b[K{len(self.seconds) + 1}. {name} …")
            self._out.flush()
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
            if self._out:
                self._out.write("\r\x1b[K")
                self._out.flush()

    def shares(self) -> dict[str, float]:
        """Share of each stage in the time of all."""
        total = sum(self.seconds.values())
        return {name: seconds / total if total else 0.0 for name, seconds in self.seconds.items()}


def peak_memory_mb() -> float:
    """The largest resident memory of this process so far, in MB; 0 where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
