"""``mudian screen RUN_DIR``: land to redevelop in a finished run, with other settings where asked for."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from mudian.errors import UsageError
from parcels.catalog import Lang

_SCENARIOS = ("zone_mean", "standard_floor", "top_quartile", "own")
_OBJECTIVES = ("gain", "owners")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--scenario", choices=_SCENARIOS, help="benchmark that puts the list in order / 排序所用情景")
    parser.add_argument(
        "--benchmark", type=_above_zero, metavar="WAN", help="own benchmark, 10k yuan per mu / 自定基准亩均税收"
    )
    parser.add_argument(
        "--at-least",
        type=_above_zero,
        metavar="MU",
        help="best site of at least so many mu / 拼合不小于若干亩的最佳地块",
    )
    parser.add_argument("--objective", choices=_OBJECTIVES, default="gain", help="what is best / 最佳的标准")
    parser.add_argument("--min-site", type=_above_zero, metavar="MU", help="least area of a site / 成片最小面积")
    parser.add_argument("--allow-roads", action="store_true", help="sites may cross roads / 成片可跨道路")
    parser.add_argument("--grades", nargs="+", metavar="GRADE", help="grades that count as low / 算作低等级的等级")
    parser.add_argument("--mu", type=_above_zero, metavar="MU", help="land of a wanted project / 拟落地项目用地")
    parser.add_argument("--industry", metavar="CODE", help="its industry code / 项目行业代码")
    parser.add_argument(
        "--investment", type=_above_zero, metavar="WAN", help="its investment, 10k yuan / 项目总投资（万元）"
    )
    parser.add_argument(
        "--project", action="append", default=[], metavar="FIELD=VALUE", help="more of the project / 项目的其他字段"
    )
    parser.add_argument("--top", type=_count, default=10, metavar="N", help="how many are listed / 列出个数")
    parser.add_argument("--out", metavar="FILE", help="write .xlsx or .csv / 输出文件")


def run(options: argparse.Namespace, *, lang: Lang | None) -> str:
    """Screen a run as the command line asks; gives what is printed.

    Raises
    ------
    UsageError, InputError, OutputError
        See :func:`mudian.screen`.
    """
    from mudian.screening.shortlist import screen

    own = options.benchmark is not None and options.scenario is None
    found = screen(
        options.run_dir, scenario="own" if own else options.scenario, at_least_mu=options.at_least,
        objective=options.objective, mu=options.mu, industry=options.industry, investment_wan=options.investment,
        project=_fields(options.project),
        cross_roads=options.allow_roads or None, min_site_mu=options.min_site,
        benchmark_tax_per_mu=options.benchmark, grades=options.grades, lang=lang,
    )  # fmt: skip
    options.lang = found.lang
    return str(found.save(options.out)) if options.out else found.text(top=options.top)


def _fields(given: Iterable[str]) -> dict[str, object]:
    """``FIELD=VALUE`` words as a mapping; what looks like a number is one."""
    made: dict[str, object] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not (name.strip() and sign and value.strip()):
            raise UsageError("screen-option", option="--project", value=word, expected="building_coefficient_pct=45")
        text = value.strip()
        made[name.strip()] = float(text) if text.replace(".", "", 1).isdecimal() and not text.startswith("0") else text
    return made


def _above_zero(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: 50, 80.5 …")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: 1, 2, 3 …")
    return int(text)
