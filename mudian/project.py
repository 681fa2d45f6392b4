"""The project file: one TOML file that names the inputs and the choices, and nothing that is not known.

Every setting is a frozen model; an unknown key is refused with the nearest valid one. Paths are relative to the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from mudian.errors import ProjectError
from mudian.settings import (
    Constraint,
    Corrections,
    DevelopableSettings,
    HeatSettings,
    LayerSettings,
    MapSettings,
    OutputSettings,
    Parameter,
    ParcelSettings,
    PeriodSettings,
    PeriodTable,
    ProjectSettings,
    ReportSettings,
    ScreeningSettings,
    Section,
    SheetSettings,
    TableSettings,
    WorkbookSettings,
    code_sets,
)
from parcels.fields import nearest
from parcels.readers.open import DATABASE

_TRIED = re.compile(r"[\[(]|^(?:str|int|float|bool|date)$")


class Project(Section):
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
    periods: PeriodSettings = PeriodSettings()
    developable: DevelopableSettings = DevelopableSettings()
    maps: MapSettings = MapSettings()
    heat: HeatSettings = HeatSettings()
    sheets: SheetSettings = SheetSettings()
    report: ReportSettings = ReportSettings()
    workbook: WorkbookSettings = WorkbookSettings()
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

    def at_level(self, level: str | None, enterprise: str | None) -> Project:
        """The project whose results have another level of redaction; None leaves what it says."""
        given = {k: v for k, v in {"level": level, "enterprise": enterprise}.items() if v is not None}
        return self.model_copy(update={"output": self.output.model_copy(update=given)})

    def resolve(self, path: str) -> str | Path:
        """A path of the project file as it is seen from here; database URLs stay as they are."""
        return path if path.startswith(DATABASE) else self.folder / path

    @property
    def template(self) -> Path | None:
        """The form to fill in."""
        return None if self.workbook.template is None else self.folder / self.workbook.template

    @property
    def output_dir(self) -> Path:
        """The folder that the results go to."""
        return self.folder / self.output.dir


def of_period(project: Project, period: str) -> Project:
    """The project with its period named, where it asked for the latest one."""
    settings = project.project.model_copy(update={"period": period or project.project.period})
    return project.model_copy(update={"project": settings})


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
    # Of several kinds of value that a key may have, the one that was tried is no part of its name.
    place = tuple(p for p in place if not _TRIED.search(str(p)))
    dotted = ".".join(str(p) for p in place)
    if first["type"] == "missing":
        return ProjectError("project-key-missing", file=file, field=dotted, key=dotted)
    expected = _expected(first["type"], first.get("ctx", {}), first["msg"])
    return ProjectError(
        "project-value",
        file=file,
        field=dotted,
        key=dotted,
        value=repr(first["input"]),
        allowed=_allowed(place, expected),
    )


def _expected(kind: str, context: Mapping[str, Any], said: str) -> str:
    """What a value should be, in signs that need no language."""
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    limits = [f"{sign} {context[key]:g}" for key, sign in signs.items() if isinstance(context.get(key), int | float)]
    if limits:
        return ", ".join(limits)
    kinds = {
        "finite_number": "1, 1.5 …", "float_": "1, 1.5 …", "int_": "1, 2, 3 …", "bool_": "true | false",
        "string_": '"…"', "tuple_": '["…", "…"]', "list_": '["…", "…"]', "too_short": '["…"]',
        "model_": "[…] key = …", "dict_": "{ … = … }",
    }  # fmt: skip
    return str(context.get("expected") or next((v for k, v in kinds.items() if kind.startswith(k)), _bare(said)))


def _bare(said: str) -> str:
    return said.removeprefix("Value error, ")


def _allowed(place: tuple[int | str, ...], expected: str) -> str:
    hints = {
        "period": '"2025", "2025H1", "2025Q3", "2025-06", "2025-01/2025-09"',
        "as_of": "2025-12-31",
        "path": '"宗地.shp"',
        "raster": '"dem.tif"',
        "dir": '"成果"',
        "name": '"永久基本农田"',
        "constraints": "name = … (1 ×)",
        "codes": 'codes = ["05", "06", "-0602"] | ' + " | ".join(f'codes = "{name}"' for name in code_sets()),
    }
    if place[0] == "corrections":
        return '"税务局.xlsx"'
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
        "periods": PeriodSettings,
        "developable": DevelopableSettings,
        "maps": MapSettings,
        "heat": HeatSettings,
        "sheets": SheetSettings,
        "report": ReportSettings,
        "workbook": WorkbookSettings,
        "screening": ScreeningSettings,
        "output": OutputSettings,
    }
    within: dict[str, type[BaseModel]] = {"enterprises": PeriodTable, "grades": TableSettings}
    if len(place) > 1 and place[0] == "periods":
        return within[str(place[1])]
    return sections[str(place[0])] if place else Project
