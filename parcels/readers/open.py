"""Open any delivery and hand on the raw layer: which reader a file needs is decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np

from parcels.boundary_txt.reader import read_txt
from parcels.errors import FormatError, Problem
from parcels.fields import nearest
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.archive import Member, unpacked
from parcels.readers.dbf import read_dbf
from parcels.readers.formats import RASTER_KINDS, TABLE_KINDS, detect, refuse
from parcels.readers.shapefile import read_shapefile
from parcels.readers.vector import list_layers, read_postgis, read_vector

SEVERAL = ("geopackage", "filegdb", "sqlite", "kml", "gml", "topojson", "mapinfo", "gpx", "kmz")
DATABASE = ("postgresql://", "postgres://", "postgresql+psycopg://")


def open_layer(
    path: str | Path,
    *,
    ledger: Ledger,
    layer: str | None = None,
    encoding: str | None = None,
    source: str | None = None,
) -> RawLayer:
    """Read one layer of a file, folder, archive or database as it stands.

    Parameters
    ----------
    path
        Shapefile, zip, GeoPackage, File Geodatabase, GeoJSON, TopoJSON, GeoParquet, DXF, 界址点 TXT, a folder with one
        of these, or a ``postgresql://`` URL.
    ledger
        Where repairs and guesses are written.
    layer
        Name of the layer (or of the file inside an archive or folder) where there are several.
    encoding
        Encoding of the text; by default found from the bytes.
    source
        Name to show to people; the file name by default.

    Raises
    ------
    FormatError
        When the file is missing, of a kind that cannot be read, or holds several layers and none was named.
    """
    if is_database(path):
        return read_postgis(str(path), layer=layer, ledger=ledger)
    path = Path(path)
    name = source or path.name
    with datasets(path, ledger=ledger, source=name) as members:
        if not members[0].name:
            return open_member(members[0], ledger=ledger, layer=layer, encoding=encoding, source=name)
        member, inner = _choose(path, members, layer)
        shown = f"{name}/{member.name}"
        with by_real_name(member, shown):
            return open_member(member, ledger=ledger, layer=inner, encoding=encoding, source=shown)


@contextmanager
def by_real_name(member: Member, name: str) -> Iterator[None]:
    """Let an error about an unpacked dataset name it as the sender did, not by its temporary path."""
    try:
        yield
    except Problem as problem:
        file = Path(str(problem.place["file"]))
        if member.name and (file.parent, file.stem) == (member.path.parent, member.path.stem):
            problem.place["file"] = name.removesuffix(member.path.suffix) + file.suffix
        raise


def is_database(path: str | Path) -> bool:
    """Whether this is the address of a database and no path."""
    return str(path).startswith(DATABASE)


def open_member(
    member: Member, *, ledger: Ledger, layer: str | None = None, encoding: str | None = None, source: str
) -> RawLayer:
    """Read one layer of one dataset whose format is known.

    Parameters
    ----------
    member
        The dataset, as :func:`datasets` gives it.
    ledger, layer, encoding
        As in :func:`open_layer`.
    source
        Name to show to people.

    Raises
    ------
    FormatError
        When it is no layer, is damaged, or holds several layers and none was named.
    """
    path, fmt = member.path, member.format
    if fmt.kind == "shapefile":
        return read_shapefile(path, encoding=encoding, ledger=ledger, source=source)
    if fmt.kind == "txt":
        return read_txt(path, encoding=encoding, ledger=ledger, source=source)
    if fmt.kind == "dbf":
        table = read_dbf(path, encoding=encoding, source=source, ledger=ledger)
        frame = gpd.GeoDataFrame(table.frame, geometry=np.full(len(table.frame), None))
        facts: dict[str, object] = {
            "records": table.size, "deleted": len(table.deleted), "ldid": f"0x{table.ldid:02X}",
            "cpg": table.cpg, "fields": table.fields,
        }  # fmt: skip
        return RawLayer(frame, table.rows, source, encoding=table.encoding, notes=facts)
    if fmt.kind in TABLE_KINDS | RASTER_KINDS:
        raise FormatError("open-not-a-layer", file=path, kind=fmt.kind)
    return read_vector(path, layer=layer, encoding=encoding, ledger=ledger, source=source, fmt=fmt)


@contextmanager
def datasets(path: Path, *, ledger: Ledger, source: str) -> Iterator[list[Member]]:
    """The datasets of a file, archive or folder, ready to be opened while the context lasts.

    A file is its own only dataset, under an empty name.

    Raises
    ------
    FormatError
        When the file is missing, of a kind that cannot be read, or an archive or folder without a layer.
    """
    fmt = detect(path)
    if not fmt.readable:
        refuse(path, fmt)
    if fmt.kind not in ("zip", "kmz", "folder"):
        yield [Member(path, "", fmt)]
        return
    with unpacked(path, ledger=ledger, source=source) as members:
        yield members


def inner_layers(member: Member) -> list[str]:
    """Names of the layers of a dataset that can hold several; empty for one that is a layer itself."""
    return [info.name for info in list_layers(member.path, member.format)] if member.format.kind in SEVERAL else []


def _choose(path: Path, members: list[Member], layer: str | None) -> tuple[Member, str | None]:
    """The dataset that is meant, and the layer inside it where one was named."""
    if len(members) == 1 and layer is None:
        return members[0], None
    if layer is None:
        raise FormatError("open-several-layers", file=path, layers=" / ".join(m.name for m in members))
    named = [m for m in members if layer in (m.name, Path(m.name).name, Path(m.name).stem)]
    inside = [(m, i) for m in members for i in inner_layers(m) if layer in (i, f"{m.name}/{i}")]
    found = [(m, None) for m in named] if named else inside
    if len(found) != 1:
        known = [m.name for m in members] + [f"{m.name}/{i}" for m in members for i in inner_layers(m)]
        raise FormatError(
            "open-no-such-layer" if not found else "open-layer-twice",
            file=path,
            layer=layer,
            layers=" / ".join(known if not found else [f"{m.name}/{i}" if i else m.name for m, i in found]),
            **({} if found else {"nearest": nearest(layer, known)}),
        )
    return found[0]
