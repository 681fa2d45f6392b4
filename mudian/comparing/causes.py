"""Why a verdict changed: the least sets of factors whose change alone brings the later verdict.

Each set is tried: the earlier run with the data, the policy or the day of the later one. Where data alone suffice and
policy alone does not, the cause is data; where each suffices, either; where only both do, both together. Where a run
judged again does not come out as it did, the cause is the program if the packs are the same, and unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.comparing.matching import Matched
from mudian.comparing.worlds import UNKNOWN, Judgement, World

Mask = NDArray[np.bool_]
Words = NDArray[np.object_]
FACTORS = ("data", "policy", "day")
BOTH, PROGRAM = "both", "program"
EITHER, TOGETHER = "|", "+"
COLUMNS = ("subject", "before", "after", "verdict", "verdict_before", "verdict_after", "cause", "factors", "reason")
_FIRST: World = (0, 0, 0)
_LAST: World = (1, 1, 1)


def changed_verdicts(
    matched: Matched,
    stored: tuple[Judgement, Judgement],
    worlds: Callable[[], Mapping[World, Judgement]],
    *,
    factors: tuple[str, ...],
    unsure: tuple[str, str],
) -> tuple[pd.DataFrame, int]:
    """Verdicts that differ, each with its cause.

    Parameters
    ----------
    matched
        Subjects of one kind.
    stored
        The verdicts that both runs wrote.
    worlds
        Gives the verdicts as they would be; only asked where something differs.
    factors
        Factors in which the runs differ, of ``data``, ``policy``, ``day``.
    unsure
        For each run, the reason why judging it again may come out otherwise; empty where nothing explains it, and
        ``program`` where it was another version of the program.

    Returns
    -------
    DataFrame, int
        A row per changed verdict: ``cause`` is a factor, ``both``, ``program`` or ``unknown``; ``factors`` names the
        least sets, those of one set joined by ``+``, several sets by ``|``; ``reason`` says why a cause is unknown.
        And the number of verdicts that are as they were.
    """
    pairs = matched.both
    rows = {0: pairs["before_row"].to_numpy(np.int64), 1: pairs["after_row"].to_numpy(np.int64)}
    made, unchanged = [], 0
    for verdict in stored[1].tables[matched.kind]:
        was, now = (stored[i].tables[matched.kind][verdict].to_numpy(object)[rows[i]] for i in (0, 1))
        differs = np.asarray(was != now, dtype=bool)
        unchanged += int((~differs).sum())
        if not differs.any():
            continue
        would = {
            world: judged.tables[matched.kind][verdict].to_numpy(object)[rows[world[0]]][differs]
            for world, judged in worlds().items()
            if verdict in judged.tables[matched.kind]
        }
        cause, sets, reason = _causes(was[differs], now[differs], would, factors, unsure)
        head = {"subject": matched.kind, "before": pairs["before"][differs], "after": pairs["after"][differs]}
        body = {"verdict": verdict, "verdict_before": was[differs], "verdict_after": now[differs]}
        rest = {"cause": cause, "factors": sets, "reason": reason}
        made.append(
            pd.DataFrame(head | body | rest | {f"{s}_row": pairs[f"{s}_row"][differs] for s in ("before", "after")})
        )
    return (pd.concat(made, ignore_index=True) if made else pd.DataFrame(), unchanged)


def _causes(
    was: Words, now: Words, would: Mapping[World, Words], factors: tuple[str, ...], unsure: tuple[str, str]
) -> tuple[Words, Words, Words]:
    """Cause, least sets and reason of every changed verdict."""
    size = len(was)
    cause, sets, reason = (np.full(size, "", dtype=object) for _ in range(3))
    for set_, brings in _sufficient(now, would, factors):
        fresh = brings & ~_covered(sets, set_)
        sets[fresh] = _added(sets[fresh], TOGETHER.join(set_))
    for single in FACTORS:
        cause[sets == single] = single
    cause[(sets != "") & (cause == "")] = BOTH
    open_ = sets == ""
    cause[open_], reason[open_] = UNKNOWN, "refused"
    for side, world, said in ((0, _FIRST, was), (1, _LAST, now)):
        odd = would[world] != said if world in would else np.ones(size, dtype=bool)
        cause[odd] = PROGRAM if unsure[side] == PROGRAM else UNKNOWN
        sets[odd], reason[odd] = "", unsure[side] or "not_reproduced"
    reason[cause == PROGRAM] = ""
    return cause, sets, reason


def _sufficient(
    now: Words, would: Mapping[World, Words], factors: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """Sets of factors from small to large, and where they bring the later verdict."""
    for count in range(1, len(factors) + 1):
        for set_ in combinations(factors, count):
            world: World = (int("data" in set_), int("policy" in set_), int("day" in set_))
            if world in would:
                yield set_, np.asarray(would[world] == now, dtype=bool)


def _covered(sets: Words, wanted: tuple[str, ...]) -> Mask:
    """Where a part of a set is already there."""
    known = {text: any(set(s.split(TOGETHER)) <= set(wanted) for s in text.split(EITHER)) for text in set(sets) if text}
    return np.array([known.get(text, False) for text in sets], dtype=bool)


def _added(sets: Words, name: str) -> Words:
    return np.array([f"{text}{EITHER}{name}" if text else name for text in sets], dtype=object)
