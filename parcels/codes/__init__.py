"""Codes of the cadastre: parcels, units, owners and land use, checked and spelled one way."""

from parcels.codes.check import report_codes
from parcels.codes.land_use import describe, detect_system, is_industrial, normalise_land_use
from parcels.codes.text import normalise_code
from parcels.codes.tidy import check_and_tidy

__all__ = [
    "check_and_tidy",
    "describe",
    "detect_system",
    "is_industrial",
    "normalise_code",
    "normalise_land_use",
    "report_codes",
]
