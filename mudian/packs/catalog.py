"""Finding packs: those that the program brings, and the user's own by their path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from mudian.errors import PackError
from mudian.packs.reader import Pack, read_pack
from mudian.packs.references import outer_faults
from parcels.fields import nearest


@cache
def bundled() -> dict[str, Path]:
    """The packs that the program brings, by id."""
    with as_file(files("mudian") / "policies") as folder:
        entries = sorted(folder.iterdir(), key=lambda p: p.stem)
    return {p.stem: p for p in entries if p.suffix == ".toml" or (p.is_dir() and any(p.glob("*.toml")))}


@cache
def _bundled_pack(name: str) -> Pack:
    return read_pack(bundled()[name])


def find_pack(name: str, *, folder: Path | None = None) -> Pack:
    """Read a pack by its id, or the user's own by its path.

    Parameters
    ----------
    name
        Id of a bundled pack, or a path (with ``/`` or ending in ``.toml``, or naming something that exists).
    folder
        What a relative path is relative to.

    Raises
    ------
    PackError
        When there is no such pack, or it is wrong.
    """
    own = (folder or Path()) / name
    if name in bundled() and not name.endswith(".toml"):
        return _bundled_pack(name)
    if own.exists():
        return read_pack(own)
    raise PackError("pack-unknown", name=name, nearest=nearest(name, list(bundled())), known=", ".join(bundled()))


def load_packs(names: Sequence[str], *, folder: Path | None = None) -> list[Pack]:
    """Read packs in their order, each checked against itself and those before it.

    Raises
    ------
    PackError
        When a pack is unknown or wrong, or two different ones have the same id.
    """
    packs: list[Pack] = []
    for name in names:
        pack = find_pack(name, folder=folder)
        same = next((p for p in packs if p.id == pack.id), None)
        if same is None:
            for fault in outer_faults(pack, packs):
                raise fault
            packs.append(pack)
        elif same.lines.keys() != pack.lines.keys():
            raise PackError("pack-twice", file=next(iter(pack.lines)), id=pack.id, other=next(iter(same.lines)))
    return packs
