"""The distance to the next grade (距上一等级差距): in points, or in the unit of the indicator.

It holds while the others stay as they are: who moves up moves somebody else down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mudian.rules.grading.lookup import Floats

Codes = NDArray[np.int64]


def next_grade(score: Floats, by_rank: Codes, grade: Codes) -> tuple[Floats, Codes]:
    """What every enterprise lacks to the last one of the next better grade that somebody reached.

    Parameters
    ----------
    score
        Scores (higher is better) of one ranking.
    by_rank
        Grades by the rank alone, 0 for the best; the last one of a grade is the last by rank.
    grade
        Grades in the end, from which the next better one is counted; negative for unknown.

    Returns
    -------
    ndarray, ndarray
        Points lacking (0 where the score suffices and something else, like a veto, stands in the way), and the code
        of the grade they lead to (-1 for none). Missing for the best grade, for unknown ones, and where the next better
        grade is unknown.

    Examples
    --------
    >>> gap, target = next_grade(np.array([90.0, 80.0, 70.0]), np.array([0, 1, 1]), np.array([0, 1, 1]))
    >>> gap.tolist(), target.tolist()
    ([nan, 10.0, 20.0], [-1, 0, 0])
    """
    gap, target = np.full(len(score), np.nan), np.full(len(score), -1, np.int64)
    least, code_of, open_ = np.inf, -1, bool((by_rank < 0).any())
    for code in range(int(grade.max(initial=-1)) + 1):
        here = (grade == code) & (code_of >= 0) & (not open_ or code_of == code - 1)
        gap[here], target[here] = np.maximum(least - score[here], 0.0), code_of
        reached = by_rank == code
        if reached.any():
            least, code_of = float(score[reached].min()), code
    return gap, target
