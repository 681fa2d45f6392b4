"""Tables with geometry from a PostGIS database.

Caveat: rows come in the order the database gives them unless the table has a primary key. The password of the
address never enters a message, a source name or the ledger.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from parcels.errors import FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.formats import nearest_name
from parcels.readers.gdal import geometries
from parcels.readers.written import unique_names, written

_TABLES = """
SELECT f_table_schema, f_table_name, f_geometry_column, srid, type
FROM geometry_columns ORDER BY 1, 2, 3
"""
_SYSTEMS = "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = :srid"


CONNECT_SECONDS = 15


@dataclass(frozen=True)
class GeometryTable:
    """One entry of ``geometry_columns``."""

    schema: str
    table: str
    column: str
    srid: int
    geometry_type: str

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"


def _modules() -> tuple[Any, Any]:
    try:
        return importlib.import_module("sqlalchemy"), importlib.import_module("sqlalchemy.exc")
    except ImportError as error:
        raise FormatError("postgis-extra", missing=error.name) from error


def _with_driver(url: Any) -> Any:
    """The address with a driver that is installed, when it names none itself."""
    if "+" in url.drivername:
        return url
    for driver in ("psycopg", "psycopg2"):
        try:
            importlib.import_module(driver)
        except ImportError:
            continue
        return url.set(drivername=f"postgresql+{driver}")
    raise FormatError("postgis-extra", missing="psycopg")


def public_address(url: str) -> str:
    """The address without user and password, for people.

    Examples
    --------
    >>> public_address("postgresql://clerk:p@ss/w@db.example:5432/land?sslmode=require&password=x")
    'postgresql://db.example:5432/land'
    """
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    if "@" in query and "@" not in place:
        place = "…"  # a question mark in the password, or a password in the query: it cannot be told
    return f"{scheme.partition('+')[0]}://{place.rpartition('@')[2]}"


def _without_secrets(text: str, url: Any, address: str) -> str:
    """The first line of a driver's message, with anything of the address that must not be shown taken out."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    secrets = [str(url.password)] if url is not None and url.password else []
    secrets += [str(v) for k, v in dict(url.query if url is not None else {}).items() if "pass" in k.lower()]
    for secret in secrets:
        line = line.replace(secret, "***")
    return re.sub(r"\w+(?:\+\w+)?://\S+", address, line)


def read_postgis(url: str, *, layer: str | None, ledger: Ledger) -> RawLayer:
    """Read one table with geometry from PostGIS.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``; a password file or ``PGPASSWORD`` works too.
    layer
        ``schema.table``, or ``table`` where that is unique; may be left out when only one table has polygons.
    ledger
        Where a choice among tables and further geometry columns are written.

    Raises
    ------
    FormatError
        ``postgis-extra`` without the packages, ``postgis-address``, ``postgis-connect``, ``postgis-not-postgis``,
        ``postgis-layer`` (naming the tables with geometry) or ``postgis-read``.
    """
    sqlalchemy, problems = _modules()
    address = public_address(url)
    parsed = _parsed(url, sqlalchemy, problems, address)
    waits = {} if "connect_timeout" in parsed.query else {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = sqlalchemy.create_engine(_with_driver(parsed), hide_parameters=True, connect_args=waits)
    except ImportError as error:
        raise FormatError("postgis-extra", missing=error.name) from None
    try:
        with _connected(engine, problems, parsed, address) as connection:
            tables = _tables(connection, sqlalchemy, problems, address)
            table = choose(tables, layer, address=address)
            extra = [t.column for t in tables if t.name == table.name and t.column != table.column]
            return _read(connection, table, extra, sqlalchemy, problems, parsed, address, ledger)
    finally:
        engine.dispose()


def _parsed(url: str, sqlalchemy: Any, problems: Any, address: str) -> Any:
    """The address in its parts; a password with characters that must be escaped cannot be told from the host."""
    try:
        parsed = sqlalchemy.make_url(re.sub(r"^postgres://", "postgresql://", url))
    except (problems.ArgumentError, ValueError):
        raise FormatError("postgis-address", file=address) from None
    if "@" in (parsed.host or "") or "@" in (parsed.database or ""):
        raise FormatError("postgis-address", file=address)
    return parsed


def _connected(engine: Any, problems: Any, url: Any, address: str) -> Any:
    try:
        return engine.connect()
    except (problems.SQLAlchemyError, OSError) as error:
        reason = _without_secrets(str(getattr(error, "orig", None) or error), url, address)
        raise FormatError("postgis-connect", file=address, address=address, reason=reason) from None


def _tables(connection: Any, sqlalchemy: Any, problems: Any, address: str) -> list[GeometryTable]:
    try:
        rows = connection.execute(sqlalchemy.text(_TABLES)).fetchall()
    except problems.SQLAlchemyError:
        raise FormatError("postgis-not-postgis", file=address, address=address) from None
    return [GeometryTable(str(s), str(t), str(c), int(srid or 0), str(kind)) for s, t, c, srid, kind in rows]


def choose(tables: list[GeometryTable], layer: str | None, *, address: str) -> GeometryTable:
    """The wanted table, or the only one with polygons.

    Raises
    ------
    FormatError
        ``postgis-layer`` with the tables there are.
    """
    names = list(dict.fromkeys(t.name for t in tables))
    if layer is None:
        fitting = {t.name for t in tables if "POLYGON" in t.geometry_type.upper()} or set(names)
    else:
        fitting = {t.name for t in tables if layer in (t.name, t.table)}
    if len(fitting) == 1:
        wanted = fitting.pop()
        return next(t for t in tables if t.name == wanted)
    raise FormatError(
        "postgis-layer",
        file=address,
        wanted=layer or "—",
        layers=" / ".join(names) or "—",
        nearest=(nearest_name(layer, names) if layer else "") or "—",
    )


def _read(
    connection: Any,
    table: GeometryTable,
    extra: list[str],
    sqlalchemy: Any,
    problems: Any,
    url: Any,
    address: str,
    ledger: Ledger,
) -> RawLayer:
    """Fetch the rows as the driver gives them, so that whole numbers with gaps do not become floats."""
    source = f"{address}/{table.name}"
    try:
        query = sqlalchemy.text(_query(connection, table, sqlalchemy).replace(":", r"\:"))
        system = _system(connection, table.srid, sqlalchemy)
        result = connection.execute(query)
        names = list(map(str, result.keys()))
        frame = pd.DataFrame(result.fetchall(), columns=names, dtype=object)
    except problems.SQLAlchemyError as error:
        reason = _without_secrets(str(getattr(error, "orig", None) or error), url, address)
        raise FormatError("postgis-read", file=address, layer=table.name, reason=reason) from None
    ledger.add("vector-geometry-moved", stage="read", source=source, field=extra)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    shapes = geometries([_bytes(v) for v in frame[table.column]], rows=rows, ledger=ledger, source=source)
    columns = {n: written(frame[n]) for n in names if n not in (table.column, *extra)}
    named = unique_names(columns, len(frame), ledger=ledger, source=source)
    return RawLayer(
        gpd.GeoDataFrame(named, geometry=shapely.force_2d(shapes)),
        rows,
        source,
        layer=table.name,
        crs_text=system,
        crs_origin="format" if system else None,
        notes={"driver": "PostGIS", "srid": table.srid, "geometry_type": table.geometry_type},
    )


def _bytes(value: Any) -> bytes | None:
    """WKB of a geometry value, which drivers hand over as bytes or as hexadecimal text."""
    if value is None or isinstance(value, bytes):
        return value
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)


def _query(connection: Any, table: GeometryTable, sqlalchemy: Any) -> str:
    """All columns of the table, in the order of its primary key; names are quoted by the dialect."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    keys = sqlalchemy.inspect(connection).get_pk_constraint(table.table, schema=table.schema)
    order = ", ".join(quote(k) for k in keys.get("constrained_columns") or [])
    place = f"{quote(table.schema)}.{quote(table.table)}"
    return f"SELECT * FROM {place}" + (f" ORDER BY {order}" if order else "")


def _system(connection: Any, srid: int, sqlalchemy: Any) -> str | None:
    """The coordinate system behind an SRID: an EPSG code where the database says so, else its WKT."""
    row = connection.execute(sqlalchemy.text(_SYSTEMS), {"srid": srid}).fetchone() if srid > 0 else None
    if row is None:
        return None
    authority, number, text = row
    if str(authority).upper() == "EPSG" and number:
        return f"EPSG:{number}"
    return str(text) if text else None
