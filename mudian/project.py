"""The project file: one TOML file that names the inputs and the choices, and nothing that is not known.

Every setting is a frozen model; an unknown key is refused with the nearest valid one. Paths are relative to the file.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mudian.errors import ProjectError
from parcels.fields import nearest
from parcels.readers.open import DATABASE

PERIOD = re.compile(r"^\d{4}(H[12]|Q[1-4]|-(0[1-9]|1[0-2]))?$")
CODE = re.compile(r"^-?[0-9A-Za-z]+$")
AreaBasis = Literal["ellipsoidal", "registered", "planar"]
Parameter = bool | int | float | dt.date | str | list[bool | int | float | str]
Format = Literal["gpkg", "parquet", "xlsx", "html", "pdf", "tif"]


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


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class ProjectSettings(_Model):
    """``[project]``: what is evaluated, for which day and period, under which policies."""

    name: str
    as_of: dt.date
    period: str
    lang: Literal["zh", "en"] = "zh"
    policies: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    zone_area_base: Literal["parcel", "industrial", "built_up", "supplied", "zone"] = "parcel"
    allocation: Literal["area", "floor_area"] = "area"

    @field_validator("period", mode="before")
    @classmethod
    def _period(cls, value: object) -> str:
        text = str(value)
        if not PERIOD.match(text):
            raise ValueError("period")
        return text


class LayerSettings(_Model):
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


class TableSettings(_Model):
    """A table without geometry."""

    path: Name
    sheet: str | int | None = None
    encoding: str | None = None
    header_row: int | None = None
    money_unit: Literal["元", "万元", "亿元"] | None = None
    source_datum: Literal["cgcs2000", "wgs84", "gcj02", "bd09"] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)


class Constraint(_Model):
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
    buffer_m: float | None = None
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


class DevelopableSettings(_Model):
    """``[developable]``: what counts as a usable piece."""

    min_area_mu: float | None = None
    min_width_m: float | None = None


class MapSettings(_Model):
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


class SheetSettings(_Model):
    """``[sheets]``: paper and imprint of the print sheets."""

    size: Literal["A3", "A4"] = "A3"
    orientation: Literal["landscape", "portrait"] = "landscape"
    author: str = ""
    source: str = ""
    approval: str = ""


class ScreeningSettings(_Model):
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


class HeatSettings(_Model):
    """``[heat]``: sizes of the heat maps in metres; what is not given follows from the extent of the parcels."""

    cell_m: float | None = Field(default=None, gt=0)
    pixel_m: float | None = Field(default=None, gt=0)
    bandwidth_m: float | None = Field(default=None, gt=0)


class Corrections(_Model):
    """``[corrections]``: changes that apply only where the old value still stands."""

    path: Name


class OutputSettings(_Model):
    """``[output]``."""

    dir: Name = "成果"
    formats: tuple[Format, ...] = ("gpkg", "parquet", "xlsx", "html")


class Project(_Model):
    """A whole project, with the folder its paths are relative to.

    Attributes
    ----------
    folder
        Folder of the project file.
    file
        The project file.
    """

    project: ProjectSettings
    parcels: ParcelSettings
    enterprises: TableSettings | None = None
    holdings: TableSettings | None = None
    zones: LayerSettings | None = None
    buildings: LayerSettings | None = None
    constraints: tuple[Constraint, ...] = ()
    corrections: Corrections | None = None
    projects: TableSettings | None = None
    developable: DevelopableSettings = DevelopableSettings()
    maps: MapSettings = MapSettings()
    heat: HeatSettings = HeatSettings()
    sheets: SheetSettings = SheetSettings()
    screening: ScreeningSettings = ScreeningSettings()
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    output: OutputSettings = OutputSettings()
    folder: Path = Path()
    file: Path = Path()

    @field_validator("constraints")
    @classmethod
    def _names_differ(cls, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
        names = [c.name for c in constraints]
        if len(set(names)) < len(names):
            raise ValueError("constraints of one name")
        return constraints

    def resolve(self, path: str) -> str | Path:
        """A path of the project file as it is seen from here; database URLs stay as they are."""
        return path if path.startswith(DATABASE) else self.folder / path

    @property
    def output_dir(self) -> Path:
        """The folder that the results go to."""
        return self.folder / self.output.dir


def load_project(path: str | Path) -> Project:
    """Read a project file.

    Parameters
    ----------
    path
        The TOML file.

    Raises
    ------
    ProjectError
        When the file is missing, is no TOML, or says something that is not understood.
    """
    path = Path(path)
    if path.is_dir():
        raise ProjectError("project-is-folder", file=path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        found = [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise ProjectError("project-missing", file=path, nearest=nearest(path.name, found)) from None
    except PermissionError:
        raise ProjectError("project-unreadable", file=path) from None
    except UnicodeDecodeError:
        raise ProjectError("project-not-utf8", file=path) from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError("project-not-toml", file=path, detail=str(error)) from None
    return make_project(raw, file=path)


def make_project(raw: dict[str, Any], *, file: str | Path) -> Project:
    """Check a project given as a dictionary, as if it stood in ``file``."""
    file = Path(file)
    for key in ("folder", "file"):
        if key in raw:
            raise _unknown(file, (key,), Project)
    try:
        return Project(**raw, folder=file.parent, file=file)
    except ValidationError as error:
        raise _explain(error, file) from None


def _explain(error: ValidationError, file: Path) -> ProjectError:
    found = error.errors()
    # A misspelt key is often the one that is missing, too; the misspelling says more.
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    place = tuple(first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(file, place, _model_at(place[:-1]))
    dotted = ".".join(str(p) for p in place)
    if first["type"] == "missing":
        return ProjectError("project-key-missing", file=file, field=dotted, key=dotted)
    expected = str(first.get("ctx", {}).get("expected", first["msg"]))
    return ProjectError(
        "project-value",
        file=file,
        field=dotted,
        key=dotted,
        value=repr(first["input"]),
        allowed=_allowed(place, expected),
    )


def _allowed(place: tuple[int | str, ...], expected: str) -> str:
    hints = {
        "period": '"2025", "2025H1", "2025Q3", "2025-06"',
        "as_of": "2025-12-31",
        "path": '"宗地.shp"',
        "raster": '"dem.tif"',
        "dir": '"成果"',
        "name": '"永久基本农田"',
        "constraints": "name = … (1 ×)",
        "codes": 'codes = ["05", "06", "-0602"] | ' + " | ".join(f'codes = "{name}"' for name in code_sets()),
    }
    if "codes" in place:
        return hints["codes"]
    if place[0] == "constraints" and len(place) == 2 and expected.endswith("codes"):
        return f'path = "…", code_field = "DLBM", {hints["codes"]}'
    if place[0] == "constraints" and len(place) == 2:
        return 'path = "…" | raster = "…" (1 ×); raster: slope_over = 25 | classes = […] (1 ×)'
    return hints.get(str(place[-1]), expected)


def _unknown(file: Path, place: tuple[int | str, ...], model: type[BaseModel]) -> ProjectError:
    known = [k for k in model.model_fields if k not in ("folder", "file")]
    key = str(place[-1])
    dotted = ".".join(str(p) for p in place)
    return ProjectError(
        "project-key-unknown",
        file=file,
        field=dotted,
        key=dotted,
        nearest=nearest(key, known),
        known=", ".join(known),
    )


def _model_at(place: tuple[int | str, ...]) -> type[BaseModel]:
    sections: dict[str, type[BaseModel]] = {
        "project": ProjectSettings,
        "parcels": ParcelSettings,
        "enterprises": TableSettings,
        "holdings": TableSettings,
        "zones": LayerSettings,
        "buildings": LayerSettings,
        "constraints": Constraint,
        "corrections": Corrections,
        "projects": TableSettings,
        "developable": DevelopableSettings,
        "maps": MapSettings,
        "heat": HeatSettings,
        "screening": ScreeningSettings,
        "output": OutputSettings,
    }
    return sections[str(place[0])] if place else Project
