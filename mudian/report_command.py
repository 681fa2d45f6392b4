"""``mudian report RUN_DIR``: the Word report of a finished run, with the changes since an earlier one."""

from __future__ import annotations

import argparse
from pathlib import Path

from mudian.errors import OutputError, UsageError
from parcels.catalog import Lang


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--earlier", metavar="RUN_DIR", help="results to compare with / 用来比较的上期成果")
    parser.add_argument("--out", metavar="FILE", help="instead of report.docx in RUN_DIR / 另存为")


def run(options: argparse.Namespace, *, lang: Lang | None) -> str:
    """Write the report as the command line asks; gives the path of the file.

    Raises
    ------
    UsageError, FormatError, OutputError
        When a folder holds no results, or redacted ones; when the file cannot be written.
    """
    from mudian.briefing.document import write_document
    from mudian.evaluation import load
    from mudian.redaction.levels import formats_left_out

    folder = Path(options.run_dir)
    found = load(folder).spoken(lang)
    earlier = load(options.earlier) if options.earlier else None
    for place, one in ((folder, found), (Path(options.earlier or folder), earlier)):
        if one is not None and "docx" in formats_left_out(one):
            raise UsageError("report-redacted", file=place)
    target = Path(options.out) if options.out else folder / "report.docx"
    if target.suffix.lower() != ".docx":
        raise UsageError("report-suffix", file=target)
    try:
        return str(write_document(found, target, earlier=earlier))
    except OSError as error:
        raise OutputError("output-failed", file=target, detail=str(error)) from error
