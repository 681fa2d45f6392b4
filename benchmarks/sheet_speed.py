"""How long the print sheets of a run take, and how much memory.

Usage: ``python benchmarks/sheet_speed.py RESULTS [--workers 1] [--zones N]``

RESULTS is the folder of a run, such as that of a city of ``make_city.py``. Printed are pages, seconds, seconds
per page, size of all files, and the largest resident memory of this process and of its workers.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pypdf import PdfReader

import mudian as md
from mudian.sheets import ATLAS, write_sheets


def main() -> None:
    """Write the sheets into a temporary folder and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--zones", type=int, help="only the first N zones")
    options = parser.parse_args()
    run = md.load(options.results, layers=True)
    if options.zones is not None:
        run = replace(run, zones=run.zones.iloc[: options.zones])
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        files, left_out = write_sheets(run, Path(folder), workers=options.workers)
        seconds = time.perf_counter() - begin
        pages = len(PdfReader(Path(folder) / f"{ATLAS}.pdf").pages)
        size = sum(file.stat().st_size for file in files) / 1e6
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(run.parcels):,} parcels, {len(run.zones)} zones, workers {options.workers}")
    print(f"{pages} pages, {len(left_out)} left out, {seconds:.1f} s, {seconds / pages:.2f} s a page, {size:.1f} MB")
    print(f"largest memory {own:.0f} MB, of a worker {others:.0f} MB")


if __name__ == "__main__":
    main()
