"""One piece of work in another process, while this one goes on.

Writing a large workbook is pure Python and keeps one core busy; on a machine with two the rest of the results are
written beside it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


def _run(pipe: Connection, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    try:
        work(*arguments)
        pipe.send(None)
    except Exception as error:
        pipe.send(error)


@contextmanager
def beside(work: Callable[..., None], *arguments: object) -> Iterator[Callable[[], None]]:
    """Run ``work(*arguments)`` in another process during the block.

    Yields
    ------
    callable
        Waits for the end of the work and raises what it raised. Leaving the block by an exception ends the work.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(there, work, arguments), daemon=True)
    process.start()
    there.close()

    def wait() -> None:
        try:
            error = here.recv()
        except EOFError:
            error = ChildProcessError(f"the writing process ended with code {process.exitcode}")
        process.join()
        if error is not None:
            raise error

    try:
        yield wait
    finally:
        if process.is_alive():
            process.terminate()
        process.join()
        here.close()
