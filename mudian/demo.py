"""The bundled example and the template of a project file."""

from __future__ import annotations

import filecmp
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from mudian.datasets import example_files
from mudian.errors import OutputError, UsageError
from parcels.catalog import Lang
from parcels.readers.formats import is_junk

TEMPLATE = {"zh": "项目.toml", "en": "project.toml"}
_RESULTS = "成果"


def copy_example(folder: Path) -> Path:
    """Copy the example project to a folder and give the path of its project file.

    Files that are there already are left alone if they are the same, so that a second run of the demo works; a file
    that somebody has changed is never overwritten.

    Raises
    ------
    UsageError
        When the folder holds other files, or changed ones.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError("output-is-file", file=folder)
    with as_file(example_files()) as source:
        names = sorted(p.name for p in source.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc"))
        try:
            _refuse_others(folder, source, names)
            folder.mkdir(parents=True, exist_ok=True)
            for name in names:
                if not (folder / name).exists():
                    shutil.copyfile(source / name, folder / name)
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError("output-failed", file=folder, detail=str(error)) from error
        return folder / next(name for name in names if name.endswith(".toml"))


def _refuse_others(folder: Path, source: Path, names: list[str]) -> None:
    """Refuse a folder with files that are not the example's; what systems and programs leave behind is overlooked."""
    if not folder.is_dir():
        return
    found = [p for p in folder.iterdir() if not p.name.startswith((".", "~$")) and not is_junk(p.name)]
    if any(p.name not in {*names, _RESULTS} for p in found):
        raise UsageError("demo-folder-used", file=folder)
    changed = [p.name for p in found if p.name in names and not filecmp.cmp(p, source / p.name, shallow=False)]
    if changed:
        raise UsageError("demo-file-changed", file=folder, names=" / ".join(changed))


def write_template(folder: Path, *, lang: Lang) -> Path:
    """Write a commented project file into a folder; an existing one is never overwritten."""
    target = folder / TEMPLATE[lang]
    if target.exists():
        raise UsageError("init-exists", file=target)
    text = (files("mudian") / "templates" / f"project.{lang}.toml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError("output-failed", file=target, detail=str(error)) from error
    return target
