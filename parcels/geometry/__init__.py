"""Geometry: repaired through the ledger, checked against its neighbours, measured on the ellipsoid."""
