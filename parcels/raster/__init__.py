"""Rasters: cells that meet a condition, as polygons, read window by window."""
