"""Replace a folder of results in one step, or not at all.

Everything is written to a hidden folder beside the target first. Only when it is complete do the two change places;
a run that fails, is killed or meets a full disk leaves the previous results as they were.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mudian.errors import OutputError, Problem, UsageError

MARK = "manifest.json"
_PREFIX = ".mudian-"
_AT_FDCWD = -100
_EXCHANGE = 2
_A_DAY = 86400.0


@contextmanager
def replacing(target: Path, *, ours: frozenset[str]) -> Iterator[Path]:
    """A folder to write into, which takes the place of ``target`` when the block ends without an exception.

    Parameters
    ----------
    target
        The folder of results; created when missing. Files in it that are not ``ours`` are carried over.
    ours
        Names of files and folders that this program writes.

    Raises
    ------
    UsageError
        When ``target`` is a file, or a folder with other content and no manifest of an earlier run.
    OutputError
        When the folder cannot be written, whatever writer says so.
    """
    refuse_foreign(target)
    target = target.resolve()
    work = _make_work(target)
    try:
        yield work
        _carry_over(target, work, ours)
        _sync(work)
        _exchange(work, target)
    except (Problem, MemoryError):
        raise
    except Exception as error:
        if not _is_about_writing(error):
            raise
        raise OutputError("output-failed", file=target, detail=str(error) or type(error).__name__) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


_WRITERS = ("pyogrio", "sqlite3", "rasterio", "xlsxwriter", "pyarrow")


def _is_about_writing(error: BaseException | None) -> bool:
    """Whether an exception, or one behind it, says that something could not be written.

    GDAL, SQLite and xlsxwriter have exceptions of their own for that, which are no OSError.
    """
    while error is not None:
        if isinstance(error, OSError) or type(error).__module__.split(".")[0] in _WRITERS:
            return True
        error = error.__cause__ or error.__context__
    return False


def refuse_foreign(target: Path) -> None:
    """Refuse a target that is a file, or a folder of somebody else."""
    if target.exists() and not target.is_dir():
        raise UsageError("output-is-file", file=target)
    if target.is_dir() and any(target.iterdir()) and not _is_ours(target / MARK):
        raise UsageError("output-foreign", file=target)


def _is_ours(manifest: Path) -> bool:
    """Whether a manifest is of this program; other programs have files of that name, too."""
    try:
        return "mudian" in json.loads(manifest.read_bytes())["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make_work(target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        recover(target)
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{target.name}-new-{os.getpid()}-", dir=target.parent))
    except OSError as error:
        raise OutputError("output-failed", file=target, detail=str(error)) from error


def recover(target: Path) -> None:
    """Finish or undo what a killed run left behind beside ``target``."""
    old = target.parent / f"{_PREFIX}{target.name}-old"
    if old.is_dir() and not target.exists():
        os.replace(old, target)
    new = re.compile(re.escape(f"{_PREFIX}{target.name}-new-") + r"(\d+)-[^-]+")
    for left in target.parent.iterdir():
        match = new.fullmatch(left.name)
        if left == old or (match and not _is_running(int(match[1]), left)):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(owner: int, folder: Path) -> bool:
    """Whether the run that made a working folder goes on."""
    if os.name != "posix":
        return time.time() - folder.stat().st_mtime < _A_DAY
    try:
        os.kill(owner, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _carry_over(target: Path, work: Path, ours: frozenset[str]) -> None:
    if not target.is_dir():
        return
    for entry in target.iterdir():
        if entry.name in ours:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, work / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, work / entry.name, follow_symlinks=False)


def _sync(folder: Path) -> None:
    """Bring every file to the disk, so that a power cut after the exchange finds it whole."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink() and os.access(file, os.W_OK):
            with file.open("r+b") as handle:
                os.fsync(handle.fileno())


def _exchange(work: Path, target: Path) -> None:
    """Let the finished folder take the place of the old one."""
    work.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o777 & ~_umask())
    if not target.exists():
        os.replace(work, target)
        return
    if sys.platform == "linux" and _swap(work, target):
        return
    old = target.parent / f"{_PREFIX}{target.name}-old"
    os.replace(target, old)
    try:
        os.replace(work, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _swap(work: Path, target: Path) -> bool:
    """Exchange two folders in one step (Linux); False where the file system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(work), _AT_FDCWD, os.fsencode(target), _EXCHANGE) == 0)
