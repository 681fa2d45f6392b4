"""Cadastral data and geometry: reading, checking, repairing, measuring and writing parcels (宗地)."""

from importlib.resources import files as _files

from parcels.catalog import CATALOG as _CATALOG

_CATALOG.register(_files("parcels") / "messages")

from parcels.area import area_m2, area_mu
from parcels.export import write
from parcels.importer import read
from parcels.inspection import inspect
from parcels.ledger import Ledger

__all__ = ["Ledger", "area_m2", "area_mu", "inspect", "read", "write"]
