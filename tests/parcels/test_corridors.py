"""Corridors cut off: hand cases, and counted cells as the other way."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.geometry.corridors import cut_corridors

WIDTH = 3


def cut(*geoms, width=20.0):
    parts, owner = cut_corridors(np.array(geoms, dtype=object), width)
    return [sorted(np.round(shapely.area(parts[owner == i]), 6).tolist()) for i in range(len(geoms))]


def test_two_fields_and_the_lane_between_them():
    dumbbell = shapely.union_all(
        [shapely.box(0, 0, 50, 50), shapely.box(50, 20, 150, 30), shapely.box(150, 0, 200, 50)]
    )
    assert cut(dumbbell) == [[1000.0, 2500.0, 2500.0]]


def test_wide_and_narrow_figures_stay_whole():
    assert cut(shapely.box(0, 0, 100, 20), shapely.box(0, 0, 100, 19.9)) == [[2000.0], [1990.0]]


def test_a_corner_is_no_corridor():
    """A notch of 10 × 10 m leaves a strip of 10 m beside it, smaller than 20 × 20 m: it stays."""
    notched = shapely.difference(shapely.box(0, 0, 100, 100), shapely.box(80, 90, 90, 100))
    assert cut(notched) == [[9900.0]]


def test_a_turned_field_keeps_its_corners():
    turned = shapely.transform(
        shapely.box(0, 0, 100, 60), lambda p: p @ np.array([[0.8, 0.6], [-0.6, 0.8]]) + [4e7, 4e6]
    )
    assert cut(turned) == [[6000.0]]


def test_figures_keep_their_order_and_nothing_in_gives_nothing_out():
    assert cut(shapely.box(0, 0, 1, 1), shapely.box(0, 0, 50, 50)) == [[1.0], [2500.0]]
    parts, owner = cut_corridors(np.empty(0, dtype=object), 20.0)
    assert len(parts) == len(owner) == 0


def blocks(mask):
    """Cells under some full square of WIDTH × WIDTH cells."""
    out = np.zeros_like(mask)
    for r in range(mask.shape[0] - WIDTH + 1):
        for c in range(mask.shape[1] - WIDTH + 1):
            if mask[r : r + WIDTH, c : c + WIDTH].all():
                out[r : r + WIDTH, c : c + WIDTH] = True
    return out


def groups(mask):
    """Cells that hang together by their sides."""
    seen, found = set(), []
    for start in zip(*np.nonzero(mask), strict=True):
        if start in seen:
            continue
        todo, group = [start], set()
        while todo:
            r, c = todo.pop()
            if (r, c) in group or not (0 <= r < mask.shape[0] and 0 <= c < mask.shape[1] and mask[r, c]):
                continue
            group.add((r, c))
            todo += [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
        seen |= group
        found.append(group)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=100, max_size=100), st.integers(0, 6), st.integers(0, 6))
def test_counted_cells_agree(cells, row, column):
    mask = np.array(cells).reshape(10, 10)
    mask[row : row + 4, column : column + 4] = True
    for group in groups(mask):
        own = np.zeros_like(mask)
        own[tuple(np.array(sorted(group)).T)] = True
        r, c = np.nonzero(own)
        figure = shapely.union_all(shapely.box(c, r, c + 1, r + 1))
        wide = blocks(own)
        left = [len(g) for g in groups(own & ~wide)] if wide.any() else []
        parts, _ = cut_corridors(np.array([figure], dtype=object), float(WIDTH))
        area = np.round(shapely.area(parts), 6)
        narrow = area[[not square(p) for p in parts]].sum() if left else 0
        assert area.sum() == len(group)
        # Rounding may join a small leftover to a narrow part that it meets in a corner.
        assert sum(n for n in left if n >= WIDTH**2) <= narrow <= sum(left)


def square(part):
    """Whether a square of the width fits somewhere, by its cells."""
    west, south, east, north = map(round, shapely.bounds(part))
    centres = [[shapely.contains_xy(part, x + 0.5, y + 0.5) for x in range(west, east)] for y in range(south, north)]
    return bool(blocks(np.array(centres)).any())
