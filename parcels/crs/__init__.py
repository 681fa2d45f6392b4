"""Coordinate reference systems: identified by parameters, inferred from numbers, decided with evidence."""

from parcels.crs.identity import Identity, identify, same_plane
from parcels.crs.resolve import Resolved, resolve, to_crs

__all__ = ["Identity", "Resolved", "identify", "resolve", "same_plane", "to_crs"]
