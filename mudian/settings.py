"""The sections of a project file: every one a frozen model whose unknown keys are refused."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from mudian.periods.spans import normalise_period

LATEST = "latest"  # the period of the table that was over last on the day of the evaluation
CODE = re.compile(r"^-?[0-9A-Za-z]+$")
AreaBasis = Literal["ellipsoidal", "registered", "planar"]
Parameter = bool | int | float | dt.date | str | list[bool | int | float | str]
Format = Literal["gpkg", "parquet", "xlsx", "html", "docx", "pdf", "tif"]

ReportMap = Literal[
    "tax_per_mu", "investment_per_mu", "grade", "idle_status", "inefficient", "standard_land_eligible",
    "standard_land_conform", "supply_status",
]  # fmt: skip


@cache
def code_sets() -> dict[str, Any]:
    """Named sets of land-use codes for ``codes`` of a constraint: ``codes``, ``system``, ``source`` and names."""
    text = (files("mudian") / "data" / "code_sets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _said(text: str) -> str:
    """Refuse a name or path that is blank or cannot be one."""
    if not text.strip() or any(ord(c) < 32 for c in text):
        raise ValueError("blank")
    return text


Name = Annotated[str, AfterValidator(_said)]


class Section(BaseModel):
    """A part of the project file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)


class ProjectSettings(Section):
    """``[project]``: what is evaluated, for which day and period, under which policies."""

    name: str
    as_of: dt.date
    period: str = LATEST
    lang: Literal["zh", "en"] = "zh"
    policies: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    zone_area_base: Literal["parcel", "industrial", "built_up", "supplied", "zone"] = "parcel"
    allocation: Literal["area", "floor_area"] = "area"

    @field_validator("period", mode="before")
    @classmethod
    def _period(cls, value: object) -> str:
        found = str(value) if value == LATEST else normalise_period(str(value))
        if found is None:
            raise ValueError("period")
        return found


class LayerSettings(Section):
    """A vector layer: where it is and what detection cannot know."""

    path: Name
    layer: str | None = None
    encoding: str | None = None
    crs: str | int | None = None
    datum: Literal["cgcs2000", "wgs84"] | None = None
    datum_shift: str | dict[str, float | str] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)


class ParcelSettings(LayerSettings):
    """``[parcels]``."""

    area_basis: AreaBasis = "ellipsoidal"


class TableSettings(Section):
    """A table without geometry."""

    path: Name
    sheet: str | int | None = None
    encoding: str | None = None
    header_row: int | None = None
    money_unit: Literal["元", "万元", "亿元"] | None = None
    source_datum: Literal["cgcs2000", "wgs84", "gcj02", "bd09"] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)


class PeriodTable(TableSettings):
    """``[[periods.enterprises]]``: enterprises of other periods; ``period`` where the table has no such column."""

    period: str | None = None

    @field_validator("period", mode="before")
    @classmethod
    def _period(cls, value: object) -> str | None:
        found = None if value is None else normalise_period(str(value))
        if found is None and value is not None:
            raise ValueError("period")
        return found


class PeriodSettings(Section):
    """``[periods]``: other periods than the one that is evaluated, and grades of earlier years."""

    annualise: bool = False
    investment: Literal["cumulative", "of_period"] | None = None
    grade_past: bool = True
    enterprises: tuple[PeriodTable, ...] = ()
    grades: TableSettings | None = None


class Constraint(Section):
    """``[[constraints]]``: one layer that limits development, in order of deduction."""

    name: Name
    kind: str
    path: Name | None = None
    raster: Name | None = None
    layer: str | None = None
    encoding: str | None = None
    crs: str | int | None = None
    datum: Literal["cgcs2000", "wgs84"] | None = None
    datum_shift: str | dict[str, float | str] | None = None
    slope_over: float | None = None
    slope_method: Literal["horn", "zevenbergen-thorne"] = "horn"
    classes: tuple[int, ...] = ()
    band: int | None = Field(default=None, ge=1)
    role: Literal["hard", "soft"] = "hard"
    buffer_m: float | None = Field(default=None, ge=0)
    buffer_by: str | None = None
    edge: Literal["land", "centre"] = "land"
    half_width_m: float | str | None = None
    code_field: str | None = None
    codes: str | tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)

    @field_validator("codes")
    @classmethod
    def _codes_said(cls, codes: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(codes, str):
            if codes not in code_sets():
                raise ValueError("codes")
        elif any(not CODE.match(c) for c in codes) or (codes and all(c.startswith("-") for c in codes)):
            raise ValueError("codes")
        return codes

    @model_validator(mode="after")
    def _codes_of_a_field(self) -> Constraint:
        if (self.code_field is None) != (not self.codes) or (self.code_field is not None and self.path is None):
            raise ValueError("codes")
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Constraint:
        if (self.path is None) == (self.raster is None):
            raise ValueError("path or raster")
        if self.raster is not None and (self.slope_over is None) == (not self.classes):
            raise ValueError("slope_over or classes")
        return self


class DevelopableSettings(Section):
    """``[developable]``: what counts as a usable piece."""

    min_area_mu: float | None = Field(default=None, ge=0)
    min_width_m: float | None = Field(default=None, ge=0)


class MapSettings(Section):
    """``[maps]``: classes of the per-mu figures in page, sheet, GeoPackage and workbook."""

    classes: Literal["quantile", "natural"] = "quantile"
    count: int = Field(default=5, ge=2, le=9)
    breaks: dict[Literal["tax_per_mu", "investment_per_mu"], tuple[float, ...]] = Field(default_factory=dict)

    @field_validator("breaks")
    @classmethod
    def _increasing(cls, breaks: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for limits in breaks.values():
            if not limits or any(not low < high for low, high in pairwise(limits)):
                raise ValueError("[1, 3, 6]")
        return breaks


class SheetSettings(Section):
    """``[sheets]``: paper and imprint of the print sheets."""

    size: Literal["A3", "A4"] = "A3"
    orientation: Literal["landscape", "portrait"] = "landscape"
    author: str = ""
    source: str = ""
    approval: str = ""


class WorkbookSettings(Section):
    """``[workbook]``: paper of the workbook, and a form of your own that is filled in."""

    paper: Literal["A3", "A4"] = "A3"
    template: Name | None = None


class ReportSettings(Section):
    """``[report]``: what stands in the report for people (Word document and report pages of the workbook)."""

    maps: tuple[ReportMap, ...] = ("tax_per_mu", "idle_status")
    rows: int = Field(default=10, ge=1, le=200)


class ScreeningSettings(Section):
    """``[screening]``: what is a candidate for redevelopment, against which benchmark, and what makes a site."""

    grades: tuple[str, ...] = ("D", "C")
    holders: Literal["any", "all"] = "any"
    scenarios: tuple[Literal["zone_mean", "standard_floor", "top_quartile", "own"], ...] = (
        "zone_mean", "standard_floor", "top_quartile",
    )  # fmt: skip
    benchmark_tax_per_mu: float | None = Field(default=None, gt=0)
    min_site_mu: float | None = Field(default=None, gt=0)
    min_border_m: float | None = Field(default=None, gt=0)
    gap_m: float | None = Field(default=None, ge=0)
    cross_roads: bool = False
    weights: dict[
        Literal["owners", "tenants", "buildings", "floors", "mortgaged", "seized", "shape", "access", "area"],
        Annotated[float, Field(ge=0)],
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _figure_of_own(self) -> ScreeningSettings:
        if not self.scenarios or len(set(self.scenarios)) < len(self.scenarios):
            raise ValueError('scenarios = ["zone_mean", "top_quartile"]')
        if ("own" in self.scenarios) and self.benchmark_tax_per_mu is None:
            raise ValueError("benchmark_tax_per_mu")
        return self

    @property
    def shown(self) -> tuple[str, ...]:
        """The scenarios, with the user's own figure where one is given."""
        own = self.benchmark_tax_per_mu is not None and "own" not in self.scenarios
        return (*self.scenarios, "own") if own else self.scenarios


class HeatSettings(Section):
    """``[heat]``: sizes of the heat maps in metres; what is not given follows from the extent of the parcels."""

    cell_m: float | None = Field(default=None, gt=0)
    pixel_m: float | None = Field(default=None, gt=0)
    bandwidth_m: float | None = Field(default=None, gt=0)


class Corrections(Section):
    """``[corrections]``: changes that apply only where the old value still stands."""

    path: Name | Annotated[tuple[Name, ...], Field(min_length=1)]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders, one or several."""
        return (self.path,) if isinstance(self.path, str) else self.path


class OutputSettings(Section):
    """``[output]``."""

    dir: Name = "成果"
    formats: tuple[Format, ...] = ("gpkg", "parquet", "xlsx", "html")
    level: Literal["internal", "public", "enterprise"] = "internal"
    enterprise: Name | None = None
    min_enterprises: int | None = Field(default=None, ge=2)
    max_share: float | None = Field(default=None, gt=0, le=1)
    cell_m: float | None = Field(default=None, gt=0)
