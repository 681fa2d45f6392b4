"""Cadastral data and geometry: reading, checking, repairing, measuring and writing parcels (宗地)."""

from importlib.resources import files as _files

from parcels.catalog import CATALOG as _CATALOG

_CATALOG.register(_files("parcels") / "messages")

from parcels.geometry.area import area_m2, area_mu
from parcels.geometry.lineage import lineage, lineage_account
from parcels.importer import read
from parcels.inspection.inspect import inspect
from parcels.ledger import Ledger
from parcels.writers.export import write

__all__ = ["Ledger", "area_m2", "area_mu", "inspect", "lineage", "lineage_account", "read", "write"]
