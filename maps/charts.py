"""Waterfalls: how a total is used up, step by step, drawn in the panel of a page.

A bar begins where the one before it ended. A step whose size is missing has no bar and says so; it is not a step of
zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from maps.errors import MapError

Kind = Literal["total", "hard", "soft", "left", "part"]
KINDS: tuple[Kind, ...] = ("total", "hard", "soft", "left", "part")


@dataclass(frozen=True)
class Waterfall:
    """One waterfall.

    Attributes
    ----------
    title
        What it is of.
    labels
        Names of the bars, from top to bottom.
    values
        Their sizes; NaN where one is missing.
    kinds
        ``total`` and ``left`` begin at zero, as ``part`` (of what is left) does; ``hard`` and ``soft`` are taken away
        from what the bars before them left.
    unit
        Unit of the sizes.
    key
        Value of the group that it belongs to; by default the group that is called like its title.
    """

    title: str
    labels: Sequence[str]
    values: Sequence[float]
    kinds: Sequence[Kind]
    unit: str = ""
    key: str | None = None

    def bars(self) -> list[dict[str, Any]]:
        """Begin and size of every bar, as plain values.

        Raises
        ------
        MapError
            When names, sizes and kinds are not of one length or a kind is unknown.

        Examples
        --------
        >>> steps = Waterfall("区", ["总", "水面", "余"], [10.0, 4.0, 6.0], ["total", "hard", "left"])
        >>> [(b["start"], b["size"]) for b in steps.bars()]
        [(0.0, 10.0), (6.0, 4.0), (0.0, 6.0)]
        """
        if not len(self.labels) == len(self.values) == len(self.kinds) or set(self.kinds) - set(KINDS):
            raise MapError("map-waterfall", name=self.title)
        level, made = 0.0, []
        for label, value, kind in zip(self.labels, self.values, self.kinds, strict=True):
            known = math.isfinite(value)
            if kind == "total":
                level = value if known else 0.0
            elif kind in ("hard", "soft") and known:
                level -= value
            start = level if kind in ("hard", "soft") else 0.0
            made.append({"label": label, "start": start, "size": value if known else None, "kind": kind})
        return made

    def head(self) -> dict[str, Any]:
        """The waterfall as the page needs it."""
        return {"title": self.title, "unit": self.unit, "key": self.key, "bars": self.bars()}
