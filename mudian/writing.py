"""Writing: all results of a run into one folder, in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio

from mudian.atomic import replacing
from mudian.background import beside
from mudian.evaluation import SPATIAL, Evaluation
from mudian.heat import write_heat
from mudian.inputs import RESULT_COLUMNS
from mudian.issue_lists.writing import FOLDER, RECORD, write_issue_lists
from mudian.mapping import map_page
from mudian.progress import Stages
from mudian.redaction.levels import formats_left_out, level_of, redacted, refuse_other_level
from mudian.sheets import write_sheets
from mudian.styles import write_styles
from mudian.workbook import write_workbook
from mudian.workbook_template import FOLDER as FILLED
from mudian.workbook_template import fill_template

_FLAT = ("enterprises", "links")  # tables without geometry that stand in the GeoPackage, too
# From so many rows on a process of its own pays for its start.
_LARGE = 20_000
_MANY_ZONES = 20

OURS = frozenset(
    [
        "manifest.json", "ledger.csv", "evaluation.gpkg", "report.xlsx", "report.docx", "map.html", "sheets", "heat",
        "issues", FILLED,
        *(f"{n}.parquet" for n in (
            "parcels", "enterprises", "zones", "links", "candidates", "findings", "ledger",
            "deductions", "developable", "screening", "sites", "site_matches", "steps", "left_measures", "potentials",
            "projects", "zone_stats", "corrections",
        )),
    ]
)  # fmt: skip


def write_results(
    evaluation: Evaluation,
    folder: Path,
    *,
    formats: tuple[str, ...],
    stages: Stages | None = None,
    workers: int = 1,
    template: Path | None = None,
) -> Path:
    """Write a run to a folder; the folder changes in one step or not at all.

    Parameters
    ----------
    evaluation
        The results.
    folder
        The target folder.
    formats
        Any of ``parquet``, ``gpkg``, ``xlsx``, ``html``, ``docx``, ``pdf``, ``tif``; the manifest and the ledger are
        always written.
    stages
        A stopwatch; its entries go into the manifest.
    workers
        With two or more, a large workbook is written in a process of its own beside the other files.
    template
        A form of the user that is filled in.
    """
    evaluation = redacted(evaluation)
    refuse_other_level(folder, level_of(evaluation), lang=evaluation.manifest["project"]["lang"])
    formats = tuple(f for f in formats if f not in formats_left_out(evaluation))
    clock = stages or Stages()
    found: dict[str, object] = {}
    writers: dict[str, Callable[[Evaluation, Path], object]] = {
        "parquet": _parquet,
        "gpkg": lambda e, f: write_geopackage(e, f / "evaluation.gpkg"),
        "html": _page,
        "docx": _document,
        "pdf": lambda e, f: _sheets(e, f, workers, found),
        "tif": lambda e, f: write_heat(e, f / "heat"),
    }
    with replacing(folder, ours=OURS) as work, _workbook(evaluation, work, formats, workers) as finish_workbook:
        for name, write in writers.items():
            if name in formats:
                with clock.stage(f"write {name}"):
                    write(evaluation, work)
        if "xlsx" in formats:
            with clock.stage("write xlsx"):
                finish_workbook()
                found[RECORD] = write_issue_lists(evaluation, work / FOLDER, earlier=folder)
        if template is not None:
            (work / FILLED).mkdir()
            fill_template(evaluation, template, work / FILLED / template.name)
        evaluation.ledger.to_parquet(work / "ledger.parquet", index=False)
        write_csv(evaluation.ledger, work / "ledger.csv")
        timings = {"seconds": dict(clock.seconds), "share": clock.shares()}
        manifest = evaluation.manifest | {"timings": evaluation.manifest["timings"] | timings}
        manifest |= {"layers": layer_titles(evaluation) if "gpkg" in formats else {}} | found
        (work / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str), "utf-8")
    return folder


@contextmanager
def _workbook(
    evaluation: Evaluation, folder: Path, formats: tuple[str, ...], workers: int
) -> Iterator[Callable[[], None]]:
    """Start writing the workbook; what is yielded finishes it."""
    path = folder / "report.xlsx"
    if "xlsx" not in formats:
        yield lambda: None
    elif workers < 2 or len(evaluation.parcels) + len(evaluation.enterprises) < _LARGE:
        yield lambda: write_workbook(evaluation, path)
    else:
        flat: dict[str, Any] = {
            name: pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
            for name, table in evaluation.tables().items()
        }
        with beside(write_workbook, Evaluation(**flat, manifest=evaluation.manifest), path) as wait:
            yield wait


def _page(evaluation: Evaluation, folder: Path) -> None:
    map_page(evaluation).save(folder / "map.html")


def _document(evaluation: Evaluation, folder: Path) -> None:
    from mudian.briefing.document import write_document  # the library of Word is loaded only where it is needed

    write_document(evaluation, folder / "report.docx")


def _sheets(evaluation: Evaluation, folder: Path, workers: int, found: dict[str, object]) -> None:
    """Print sheets; many zones are drawn by several processes. What has nothing to show is named in the manifest."""
    (folder / "sheets").mkdir()
    many = len(evaluation.zones) >= _MANY_ZONES
    _, left_out = write_sheets(evaluation, folder / "sheets", workers=workers if many else 1)
    found["sheets_left_out"] = [{"zone_id": zone, "theme": theme} for zone, theme in left_out]


def _parquet(evaluation: Evaluation, folder: Path) -> None:
    for name, table in evaluation.tables().items():
        table.to_parquet(folder / f"{name}.parquet", index=False)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table for a spreadsheet: UTF-8 with a mark, text that looks like a formula made harmless."""
    safe = table.copy()
    for column in (c for c in safe if pd.api.types.is_string_dtype(safe[c])):
        risky = safe[column].str.match(r"[=+\-@\t\r]", na=False) & ~safe[column].str.match(r"[+-]?[\d.,]+$", na=False)
        safe[column] = safe[column].mask(risky, "'" + safe[column])
    safe.to_csv(path, index=False, encoding="utf-8-sig")


def write_geopackage(evaluation: Evaluation, path: Path) -> None:
    """Write parcels, zones and constraint layers as layers of one GeoPackage, tables beside them.

    The format knows no two columns that differ in case alone and keeps ``fid`` and ``geom`` for itself; such a column
    of the user gets a number behind its name here, and keeps its name in the Parquet files.
    """
    own = {name: getattr(evaluation, name) for name in SPATIAL if len(getattr(evaluation, name).columns)}
    tables = {name: getattr(evaluation, name) for name in _FLAT}
    titles = layer_titles(evaluation)
    constraints = {titles[name]: layer for name, layer in evaluation.layers.items()}
    for name, frame in (own | constraints | tables).items():
        spatial = "geometry" in frame
        pyogrio.write_dataframe(
            _storable(frame), path, layer=name, driver="GPKG", append=path.exists(), use_arrow=spatial,
            promote_to_multi=True if spatial else None,
        )  # fmt: skip
    write_styles(evaluation, path, constraints=titles)


def layer_titles(evaluation: Evaluation) -> dict[str, str]:
    """What the constraint layers are called in the GeoPackage, by their names in the project."""
    own = [name for name in SPATIAL if len(getattr(evaluation, name).columns)]
    titles = _distinct([*own, *_FLAT, *evaluation.layers])
    return dict(zip(evaluation.layers, titles[len(own) + len(_FLAT) :], strict=True))


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose columns a GeoPackage can hold."""
    kept = frame.copy()
    for column in (c for c in kept.columns if c != "geometry"):
        if isinstance(kept[column].dtype, pd.CategoricalDtype):
            kept[column] = kept[column].astype("str")
    own = sorted((c for c in kept.columns if c != "geometry"), key=lambda c: c not in RESULT_COLUMNS)
    return kept.rename(columns=dict(zip(own, _distinct(own, reserved=("fid", "geom", "geometry")), strict=True)))


def _distinct(names: Iterable[str], *, reserved: Iterable[str] = ()) -> list[str]:
    """Names that differ in more than their case and are none of the reserved ones, with a number where needed."""
    taken, result = set(reserved), []
    for name in names:
        tries = (name if k == 1 else f"{name}_{k}" for k in count(1))
        new = next(t for t in tries if t.lower() not in taken)
        taken.add(new.lower())
        result.append(new)
    return result
