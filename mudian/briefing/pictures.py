"""The pictures of the report: maps of the parcels of a zone, and the steps of its remaining land."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

import maps
from mudian.briefing.model import Picture
from mudian.briefing.words import say
from mudian.evaluation import Evaluation
from mudian.labels import word
from mudian.mapping import ZONE, map_frame
from mudian.themes import run_themes, settings_of
from mudian.waterfall import waterfall
from parcels.catalog import Lang

WIDTH_MM, MAP_MM, STEP_MM, _LEAST_MM = 165.0, 80.0, 5.5, 24.0


class Artist:
    """Draws the pictures of a run; what they share is made once.

    Parameters
    ----------
    evaluation
        The results of a run, with their geometry.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.lang: Lang = evaluation.manifest["project"]["lang"]

    def draw(self, picture: Picture) -> bytes | None:
        """The picture as PNG; None where nothing of it can be drawn."""
        return self._steps(picture) if picture.kind == "waterfall" else self._map(picture)

    @cached_property
    def _parcels(self) -> maps.Ground:
        return maps.ground(map_frame(self.evaluation, cards=False))

    @cached_property
    def _themes(self) -> dict[str, maps.Theme]:
        settings = settings_of(self.evaluation.manifest)
        return run_themes(self._parcels.frame, lang=self.lang, settings=settings)

    @cached_property
    def _zones(self) -> maps.Layer:
        zones = self.evaluation.zones[["zone_name", "geometry"]]
        return self._parcels.layer(maps.Overlay(zones, word("zone_name", self.lang), label="zone_name", colour=ZONE))

    def _map(self, picture: Picture) -> bytes | None:
        zone, theme = self.evaluation.zones.iloc[picture.zone], self._themes.get(picture.theme)
        mine = np.asarray((self._parcels.frame["zone_id"] == zone["zone_id"]).fillna(False), dtype=bool)
        bounded = zone["geometry"] is not None and not zone["geometry"].is_empty
        if theme is None or not (bounded or bool(np.isfinite(self._parcels.boxes[mine]).any())):
            return None
        return maps.vignette(
            self._parcels, theme=theme, title=picture.title, subject=mine, area="area_mu",
            extent=zone["geometry"] if bounded else None, overlays=[self._zones], width_mm=WIDTH_MM, height_mm=MAP_MM,
            wording=maps.wording(self.lang), lang=self.lang,
        )  # fmt: skip

    @cached_property
    def _bars(self) -> dict[str, pd.DataFrame]:
        found = waterfall(self.evaluation.zones, self.evaluation.deductions, lang=self.lang)
        return {str(zone): part for zone, part in found.groupby("zone_id", sort=False)}

    def _steps(self, picture: Picture) -> bytes | None:
        part = self._bars.get(str(self.evaluation.zones["zone_id"].iloc[picture.zone]))
        if part is None:
            return None
        chart = maps.Waterfall(
            picture.title, part["label"].tolist(), part["value_mu"].tolist(), part["kind"].tolist(),
            word("mu", self.lang),
        )  # fmt: skip
        high = max(_LEAST_MM, STEP_MM * len(part))
        return maps.bars(chart, missing=say("missing", self.lang), width_mm=WIDTH_MM, height_mm=high)
