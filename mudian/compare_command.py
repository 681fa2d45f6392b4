"""``mudian compare RUN_A RUN_B``: what changed between two runs, and why."""

from __future__ import annotations

import argparse

from parcels.catalog import Lang


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("before", metavar="RUN_A", help="folder of the earlier run / 前一次运行的成果文件夹")
    parser.add_argument("after", metavar="RUN_B", help="folder of the later run / 后一次运行的成果文件夹")
    parser.add_argument("--out", metavar="FILE", help="write .xlsx or .csv / 输出文件")
    parser.add_argument(
        "--packs", metavar="DIR", help="where own packs of older runs lie / 早先运行所用自备政策包的文件夹"
    )


def run(options: argparse.Namespace, *, lang: Lang | None) -> str:
    """Compare two runs as the command line asks; gives what is printed.

    Raises
    ------
    UsageError, FormatError, OutputError
        See :func:`mudian.compare`.
    """
    from mudian.comparing.result import compare

    found = compare(options.before, options.after, packs=options.packs, lang=lang)
    if options.out:
        return f"{found.save(options.out)}\n{found.text()}"
    return found.text()
