"""The bundled example evaluated and written once per process, for all tests that only read it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

import mudian as md
from mudian.demo import copy_example


@cache
def example_run() -> md.Evaluation:
    """The evaluated example; nobody may change it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return md.evaluate(copy_example(_place() / "示例"))


@cache
def example_results() -> Path:
    """The folder of results beside the files of the example; nobody may write into it."""
    return example_run().save(_place() / "示例" / "成果")


@cache
def _place() -> Path:
    place = Path(tempfile.mkdtemp(prefix="mudian-example-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place
