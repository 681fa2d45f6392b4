"""``mudian rank TABLE``: rank development zones, follow their ranks, apply rewards, check statements."""

from __future__ import annotations

import argparse
import datetime as dt
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mudian.errors import UsageError
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.ranking.result import Ranking

_TIES = ("min", "max", "dense", "average")
_KERNELS = ("ratio_to_best", "minmax", "rank")
_MISSING = ("unknown", "zero", "reweigh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("table", metavar="TABLE", help="workbook, CSV or web page / 表格")
    parser.add_argument("--out", metavar="FILE", help="write .xlsx or .csv / 输出文件")
    _reading(parser)
    _ranking(parser)
    _policies(parser)


def _reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sheet", help="sheet by name or number / 工作表")
    parser.add_argument("--encoding", help="text encoding / 文本编码")
    parser.add_argument("--header-row", type=int, default=None, metavar="N", help="line of the header / 表头所在行")
    parser.add_argument(
        "--field", action="append", default=[], metavar="NAME=COLUMN", help="column of a field / 指定列"
    )
    parser.add_argument("--unit", action="append", default=[], metavar="NAME=UNIT", help="unit of a field / 指定单位")
    parser.add_argument(
        "--wide", default="rank", metavar="NAME", help="figure of a table with a column per zone / 宽表指标"
    )


def _ranking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--place", metavar="CODE", help="division code of the place, such as 3715 / 行政区划代码")
    parser.add_argument("--ties", choices=_TIES, default="min", help="places of equal zones / 并列处理")
    parser.add_argument("--group", metavar="COLUMN", help="rank inside groups / 分组排名")
    parser.add_argument("--zone-count", type=float, default=None, metavar="N", help="zones ranked / 参加排名的家数")
    parser.add_argument(
        "--whole-city", action="store_true", help="the table has all zones of a city / 表中是全市的开发区"
    )
    parser.add_argument(
        "--total", action="append", default=[], metavar="NAME=NUMBER", help="a total as printed / 公布的总数"
    )
    parser.add_argument("--items", metavar="LIST", help="rank by items, such as shandong2021 / 按指标体系排名")
    parser.add_argument("--weights", metavar="FILE", help="weights of the items (TOML) / 指标权重")
    parser.add_argument("--kernel", choices=_KERNELS, help="how points are given / 计分办法")
    parser.add_argument("--missing", choices=_MISSING, default="unknown", help="what a missing item gives / 缺项处理")
    parser.add_argument("--claims", metavar="FILE", help="statements to check (CSV, workbook, TOML) / 待核对的说法")


def _policies(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policies", nargs="+", default=[], metavar="ID", help="rewards and penalties of packs / 奖惩政策包"
    )
    parser.add_argument("--as-of", type=_day, default=None, metavar="DAY", help="the day that counts / 以哪一天为准")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="KEY=VALUE", help="a reading or an open value / 读法或参数"
    )
    parser.add_argument("--confirm", nargs="+", default=[], metavar="KEY", help="recalled values checked / 已核实的值")
    parser.add_argument("--everywhere", action="store_true", help="try rules of other places, too / 外地办法也作演示")


def run(options: argparse.Namespace, *, lang: Lang) -> str:
    """Rank a table as the command line asks; gives what is printed.

    Raises
    ------
    UsageError, InputError, OutputError
        See :func:`mudian.rank_zones`.
    """
    if options.weights and not options.items:
        raise UsageError("ranking-option", option="--weights", value=options.weights, expected="--items shandong2021")
    ranking = _ranked(options, lang)
    if options.out:
        return str(ranking.save(options.out))
    return ranking.text()


def _ranked(options: argparse.Namespace, lang: Lang) -> Ranking:
    from mudian.ranking.reading import TableOptions
    from mudian.ranking.result import rank_zones

    sheet = int(options.sheet) if options.sheet and options.sheet.isdecimal() else options.sheet
    how = TableOptions(
        sheet=sheet, encoding=options.encoding, header_row=options.header_row, wide=options.wide,
        fields=_pairs("--field", options.field), units=_pairs("--unit", options.unit),
    )  # fmt: skip
    ranking = rank_zones(
        Path(options.table), place=options.place, ties=options.ties, group=options.group,
        zone_count=options.zone_count, whole_city=options.whole_city, items=options.items,
        total={k: _number("--total", v) for k, v in _pairs("--total", options.total).items()},
        options=how, lang=lang,
    )  # fmt: skip
    if options.items:
        ranking = ranking.score(options.weights or {}, kernel=options.kernel, missing=options.missing)
    if options.policies:
        parameters = {k: _value(v) for k, v in _pairs("--parameter", options.parameter).items()}
        ranking = ranking.reward(
            options.policies, as_of=options.as_of, parameters=parameters, confirmed=options.confirm,
            everywhere=options.everywhere,
        )  # fmt: skip
    return ranking.check(options.claims) if options.claims else ranking


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: 2025-12-31") from None


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping."""
    made: dict[str, str] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not (name.strip() and sign and value.strip()):
            raise UsageError("ranking-option", option=option, value=word, expected="NAME=VALUE")
        made[name.strip()] = value.strip()
    return made


def _number(option: str, text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise UsageError("ranking-option", option=option, value=text, expected="573564") from None


def _value(text: str) -> object:
    """A value as TOML writes it, or else the word itself: ``2``, ``2022-01-01``, ``all``."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
