"""Long tables put together from many pieces: words that repeat are kept as codes, keys as positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from mudian.periods.cube import Level

# Words as places in a list of them.
Coded = tuple[NDArray[np.int64], Sequence[str]]


@dataclass
class Chunks:
    """A long table in the making.

    Attributes
    ----------
    columns
        Names of the columns, in order.
    """

    columns: Sequence[str]
    sizes: list[int] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    positions: list[NDArray[np.int64]] = field(default_factory=list)
    words: dict[str, list[Any]] = field(default_factory=dict)
    arrays: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    coded: dict[str, list[Coded]] = field(default_factory=dict)

    def add(
        self,
        level: Level,
        positions: NDArray[np.int64],
        *,
        words: dict[str, str],
        arrays: dict[str, NDArray[Any]],
        coded: dict[str, Coded],
    ) -> None:
        """Add rows for subjects of a level.

        Parameters
        ----------
        level, positions
            The level and the places of the subjects in it.
        words
            What is the same in all rows.
        arrays
            Figures, one for each row.
        coded
            Words of each row, as places in a list of words.
        """
        if not len(positions):
            return
        self.sizes.append(len(positions))
        self.levels.append(level)
        self.positions.append(positions)
        for name, word in (words | {"level": level.name}).items():
            self.words.setdefault(name, []).append(word)
        for name, values in arrays.items():
            self.arrays.setdefault(name, []).append(values)
        for name, pair in coded.items():
            self.coded.setdefault(name, []).append(pair)

    def frame(self) -> pd.DataFrame:
        """The table; empty with its columns where nothing was added."""
        if not self.sizes:
            return pd.DataFrame(columns=list(self.columns))
        made: dict[str, Any] = {name: self._repeated(words) for name, words in self.words.items()}
        made["id"] = self._ids()
        made |= {name: np.concatenate(parts) for name, parts in self.arrays.items()}
        made |= {name: _united(parts) for name, parts in self.coded.items()}
        return pd.DataFrame({name: made[name] for name in self.columns if name in made})

    def _repeated(self, words: list[str]) -> pd.Categorical:
        codes, names = pd.factorize(np.array(words, dtype=object), sort=True)
        return pd.Categorical.from_codes(np.repeat(codes.astype(np.int16), self.sizes), pd.Index(names, dtype="str"))

    def _ids(self) -> pd.Categorical:
        """The keys, as positions in all keys of all levels."""
        levels = {level.name: level.ids for level in self.levels}
        codes, names = pd.factorize(np.concatenate([ids.to_numpy(object) for ids in levels.values()]))
        starts = dict(zip(levels, np.cumsum([0, *(len(ids) for ids in levels.values())]), strict=False))
        places = [codes[starts[v.name] + p] for v, p in zip(self.levels, self.positions, strict=True)]
        return pd.Categorical.from_codes(np.concatenate(places), pd.Index(names, dtype="str"))


def _united(parts: list[Coded]) -> pd.Categorical:
    """Coded words of all pieces, over one list of words in their order; unused ones are left out."""
    known = sorted({word for _, words in parts for word in words})
    place = {word: n for n, word in enumerate(known)}
    codes = np.concatenate([np.array([place[w] for w in words])[codes] for codes, words in parts])
    made: pd.Categorical = pd.Categorical.from_codes(codes, pd.Index(known, dtype="str"))
    return made.remove_unused_categories()


def below(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Two tables one below the other; columns of coded words stay coded. The second has all columns."""
    if first.empty:
        return second.reset_index(drop=True)
    made: dict[str, Any] = {}
    for name in second:
        if name not in first:
            made[str(name)] = pd.concat([pd.Series(None, first.index, dtype=second[name].dtype), second[name]])
        elif first[name].dtype == "category":
            made[str(name)] = union_categoricals([first[name], second[name].astype("str").astype("category")])
        else:
            made[str(name)] = pd.concat([first[name], second[name]])
    return pd.DataFrame({name: pd.Series(column).array for name, column in made.items()})
