"""Boundary-point files (界址点坐标 TXT): read in every variation seen, written in the strictest common form."""

from parcels.boundary_txt.reader import read_txt
from parcels.boundary_txt.writer import write_txt

__all__ = ["read_txt", "write_txt"]
