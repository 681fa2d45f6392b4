"""A plane in metres for the parcels of a run, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class Plane:
    """From the CRS of a layer into a plane in metres; the same where the layer is in one already."""

    target: CRS | None
    metres: CRS | None

    def forth(self, geoms: Geometries) -> Geometries:
        """Figures of the layer in the plane."""
        if self.metres == self.target:
            return geoms
        return np.asarray(gpd.GeoSeries(geoms, crs=self.target).to_crs(self.metres).values, dtype=object)

    def back(self, geoms: Geometries) -> gpd.GeoSeries:
        """Figures of the plane in the CRS of the layer."""
        made = gpd.GeoSeries(geoms, crs=self.metres)
        return made if self.metres == self.target else made.to_crs(self.target)


def in_metres(frame: gpd.GeoDataFrame) -> Plane:
    """The plane of a layer: its own where it is projected, else one made for it."""
    crs = frame.crs
    if crs is None or crs.is_projected or not len(frame):
        return Plane(crs, crs)
    return Plane(crs, frame.estimate_utm_crs())
