"""The files behind the inputs of a project, for the manifest: which they are, and what they hold byte by byte."""

from __future__ import annotations

import hashlib
from glob import escape
from pathlib import Path

from mudian.corrections import correction_files
from mudian.packs.catalog import bundled
from mudian.periods.reading import period_files
from mudian.project import Project
from parcels.readers.open import DATABASE


def input_files(project: Project) -> dict[str, list[Path]]:
    """The files behind every input of a project, companions of shapefiles included."""
    named: dict[str, str] = {"parcels": project.parcels.path}
    for section in ("enterprises", "holdings", "zones", "buildings", "corrections", "projects"):
        settings = getattr(project, section)
        if settings is not None and section != "corrections":
            named[section] = settings.path
    if project.workbook.template is not None:
        named["template"] = project.workbook.template
    named |= period_files(project.periods)
    for number, policy in enumerate(project.project.policies, start=1):
        if (project.folder / policy).exists() and policy not in bundled():
            named[f"policy:{number}"] = policy
    for constraint in project.constraints:
        named[f"constraint:{constraint.name}"] = constraint.path or constraint.raster or ""
    found = {k: _companions(project.folder / v) for k, v in named.items() if not v.startswith(DATABASE)}
    if project.corrections is not None:
        found["corrections"] = [f for p in project.corrections.paths for f in correction_files(project.folder / p)]
    return found


def _companions(path: Path) -> list[Path]:
    if path.suffix.lower() == ".shp":
        return sorted(p for p in path.parent.glob(f"{escape(path.stem)}.*") if p.is_file())
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    return [path] if path.is_file() else []


def sha256(file: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
