"""A folder of results changes in one step or not at all, whatever happens to the run that writes it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tinyproject import assert_one_block, fingerprint, leftovers, write_project

from mudian import atomic
from mudian.atomic import replacing
from mudian.cli import main
from mudian.errors import OutputError, UsageError

OURS = frozenset(["manifest.json", "a.txt"])
MANIFEST = json.dumps({"versions": {"mudian": "0"}})
DEAD = 4_194_304_999  # no process has this number
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of Unix")
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux")


def results(folder: Path, text: str = "old") -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(MANIFEST, "utf-8")
    (folder / "a.txt").write_text(text, "utf-8")
    return folder


def write(target: Path, text: str = "new") -> None:
    with replacing(target, ours=OURS) as work:
        (work / "manifest.json").write_text(MANIFEST, "utf-8")
        (work / "a.txt").write_text(text, "utf-8")


def fail_halfway(target: Path) -> None:
    with replacing(target, ours=OURS) as work:
        (work / "a.txt").write_text("half", "utf-8")
        raise RuntimeError


@pytest.fixture(params=["exchange", "two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of letting two folders change places."""
    if request.param == "two renames":
        monkeypatch.setattr(atomic, "_swap", lambda *_: False)
    return str(request.param)


# --- the folder itself ---


@pytest.mark.usefixtures("way")
def test_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "成果 2025 [终稿]-v2"
    write(target, "first")
    assert (target / "a.txt").read_text("utf-8") == "first"
    before = fingerprint(target)
    with pytest.raises(RuntimeError):
        fail_halfway(target)
    assert fingerprint(target) == before
    write(target, "second")
    assert (target / "a.txt").read_text("utf-8") == "second"
    assert leftovers(tmp_path) == []


@pytest.mark.usefixtures("way")
def test_files_of_others_come_along(tmp_path: Path) -> None:
    target = results(tmp_path / "成果")
    (target / "意见.docx").write_bytes(b"\x00word")
    (target / "图" / "深").mkdir(parents=True)
    (target / "图" / "深" / "a.txt").write_text("mine", "utf-8")
    (target / "图" / "dead").symlink_to(tmp_path / "nowhere")
    (target / "ro.txt").write_text("read only", "utf-8")
    (target / "ro.txt").chmod(0o444)
    write(target)
    assert (target / "意见.docx").read_bytes() == b"\x00word"
    assert (target / "图" / "深" / "a.txt").read_text("utf-8") == "mine"
    assert (target / "图" / "dead").is_symlink()
    assert (target / "ro.txt").stat().st_mode & 0o777 == 0o444
    assert (target / "a.txt").read_text("utf-8") == "new"


def test_what_an_earlier_run_wrote_and_this_one_does_not_is_gone(tmp_path: Path) -> None:
    target = results(tmp_path / "成果")
    with replacing(target, ours=OURS) as work:
        (work / "manifest.json").write_text(MANIFEST, "utf-8")
    assert [p.name for p in target.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("manifest", [None, "{}", '{"name": "browser extension", "versions": 3}', "[1]", "no json"])
def test_folders_of_others_are_refused(tmp_path: Path, manifest: str | None) -> None:
    target = tmp_path / "照片"
    target.mkdir()
    (target / "a.txt").write_text("mine", "utf-8")
    if manifest is not None:
        (target / "manifest.json").write_text(manifest, "utf-8")
    before = fingerprint(target)
    with pytest.raises(UsageError) as error:
        write(target)
    assert error.value.exit_code == 2
    assert fingerprint(target) == before
    assert leftovers(tmp_path) == []


def test_a_file_is_refused_and_an_empty_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", "utf-8")
    with pytest.raises(UsageError):
        write(tmp_path / "x")
    with pytest.raises(OutputError):
        write(tmp_path / "x" / "y")
    assert (tmp_path / "x").read_text("utf-8") == "mine"
    (tmp_path / "leer").mkdir()
    write(tmp_path / "leer")
    write(tmp_path / "a" / "b" / "成果")
    assert (tmp_path / "a" / "b" / "成果" / "a.txt").exists()


@posix
def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    real = results(tmp_path / "disk2" / "成果")
    (tmp_path / "成果").symlink_to(real)
    write(tmp_path / "成果")
    assert (tmp_path / "成果").is_symlink()
    assert (real / "a.txt").read_text("utf-8") == "new"


@posix
@pytest.mark.usefixtures("way")
def test_the_folder_keeps_its_mode_and_a_new_one_obeys_the_mask(tmp_path: Path) -> None:
    results(tmp_path / "成果").chmod(0o750)
    write(tmp_path / "成果")
    assert (tmp_path / "成果").stat().st_mode & 0o777 == 0o750
    mask = os.umask(0o027)
    try:
        write(tmp_path / "neu")
    finally:
        os.umask(mask)
    assert (tmp_path / "neu").stat().st_mode & 0o777 == 0o750


def test_a_failed_second_rename_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = results(tmp_path / "成果")
    before = fingerprint(target)
    monkeypatch.setattr(atomic, "_swap", lambda *_: False)
    replace = os.replace

    def fail_once(source: Path, to: Path) -> None:
        if Path(to) == target and "-new-" in Path(source).name:
            raise OSError(5, "Input/output error")
        replace(source, to)

    monkeypatch.setattr(os, "replace", fail_once)
    with pytest.raises(OutputError):
        write(target)
    assert fingerprint(target) == before
    assert leftovers(tmp_path) == []


# --- what killed runs leave behind ---


def test_leftovers_are_cleaned_and_only_those_of_dead_runs(tmp_path: Path) -> None:
    target = results(tmp_path / "成果")
    dead = tmp_path / f".mudian-成果-new-{DEAD}-abc"
    alive = tmp_path / f".mudian-成果-new-{os.getpid()}-abc"
    other = tmp_path / ".mudian-成果-2-old"
    number = tmp_path / ".mudian-2025-old"
    for folder in (dead, alive, other, number):
        results(folder)
    write(target)
    assert leftovers(tmp_path) == sorted(p.name for p in (alive, other, number))
    write(tmp_path / "成果-2")
    assert not other.exists()
    write(tmp_path / "2025")
    assert not number.exists()


def test_a_run_killed_between_two_renames_is_taken_back(tmp_path: Path) -> None:
    target = results(tmp_path / "成果")
    before = fingerprint(target)
    target.rename(tmp_path / ".mudian-成果-old")
    with pytest.raises(RuntimeError):
        fail_halfway(target)
    assert fingerprint(target) == before
    assert leftovers(tmp_path) == []


# --- whole runs ---


@pytest.fixture
def project(tmp_path: Path) -> Path:
    file = write_project(tmp_path / "项 目")
    text = file.read_text("utf-8").replace('formats = ["parquet"]', 'formats = ["parquet", "gpkg", "xlsx", "html"]')
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize("name", ["成果 第二稿", "out[1]", "résultats", "成果.v1", "-x"])
def test_out_by_relative_and_absolute_path(project: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = project.parent.parent / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    assert main(["run", str(project), f"--out={name}"]) == 0
    assert main(["run", str(project), f"--out={place / name}"]) == 0
    assert (place / name / "manifest.json").is_file()
    assert [p.name for p in place.iterdir()] == [name]
    assert not (project.parent / "成果").exists()


def test_two_runs_one_after_the_other(project: Path) -> None:
    assert main(["run", str(project)]) == 0
    first = fingerprint(project.parent / "成果")
    (project.parent / "成果" / "会议纪要.txt").write_text("mine", "utf-8")
    assert main(["run", str(project)]) == 0
    second = fingerprint(project.parent / "成果")
    assert set(second) == {*first, "会议纪要.txt"}
    same = ("ledger.csv", "ledger.parquet", "links.parquet", "parcels.parquet", "zones.parquet")
    assert [second[n] for n in same] == [first[n] for n in same]


def test_refused_before_anything_is_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project.parent / "宗地.shp").unlink()  # would be the next thing to fail
    (project.parent / "成果").write_text("a file", "utf-8")
    assert main(["run", str(project)]) == 2
    assert_one_block(capsys.readouterr().err)
    assert main(["run", str(project), "--out", str(project.parent)]) == 2
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "manifest.json" in err


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_to_write(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project.parent.chmod(0o555)
    try:
        assert main(["run", str(project)]) == 3
    finally:
        project.parent.chmod(0o755)
    assert_one_block(capsys.readouterr().err)


def test_no_permission_is_told_in_one_block(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    assert main(["run", str(project)]) == 0
    before = fingerprint(project.parent / "成果")
    capsys.readouterr()
    monkeypatch.setattr("mudian.atomic.tempfile.mkdtemp", refuse)
    assert main(["run", str(project)]) == 3
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "Permission denied" in err
    assert fingerprint(project.parent / "成果") == before


# Where a run waits to be killed: the module, the function, and whether before or after it.
MOMENTS = {
    "reading": ("mudian.pipeline", "read_inputs", "after"),
    "accounting": ("mudian.pipeline", "draw_up", "after"),
    "first file": ("mudian.writing", "_parquet", "after"),
    "inside the GeoPackage": ("mudian.writing", "_storable", "after"),
    "workbook": ("mudian.writing", "write_workbook", "after"),
    "before the manifest": ("mudian.writing", "write_csv", "after"),
    "files of others": ("mudian.atomic", "_carry_over", "after"),
    "before the exchange": ("mudian.atomic", "_exchange", "before"),
    "after the exchange": ("mudian.atomic", "_exchange", "after"),
}


def waiting(project: Path, moment: str, script: Path) -> list[str]:
    """A command that runs a project, prints ``here`` at a moment and waits there."""
    module, name, when = MOMENTS[moment]
    script.write_text(
        "import importlib, sys, time\n"
        "from mudian import cli\n"
        f"module = importlib.import_module({module!r})\n"
        f"plain, when = getattr(module, {name!r}), {when!r}\n"
        "def wait():\n"
        "    print('here', flush=True)\n"
        "    time.sleep(60)\n"
        "def slow(*arguments, **options):\n"
        "    if when == 'before':\n"
        "        wait()\n"
        "    result = plain(*arguments, **options)\n"
        "    if when == 'after':\n"
        "        wait()\n"
        "    return result\n"
        f"setattr(module, {name!r}, slow)\n"
        "cli.entry()\n",
        "utf-8",
    )
    return [sys.executable, str(script), "run", str(project)]


@posix
@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_moment(project: Path, moment: str, tmp_path: Path) -> None:
    target = project.parent / "成果"
    assert main(["run", str(project)]) == 0
    (target / "会议纪要.txt").write_text("mine", "utf-8")
    before = fingerprint(target)
    table = project.parent / "企业.csv"
    table.write_text(table.read_text("utf-8").replace(",100,", ",700,"), "utf-8")
    with subprocess.Popen(waiting(project, moment, tmp_path / "slow.py"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"here"
        process.kill()
        process.wait(timeout=60)
    assert process.returncode == -signal.SIGKILL
    after = fingerprint(target)
    if moment == "after the exchange":  # the new results, whole
        assert set(after) == set(before)
        assert json.loads((target / "manifest.json").read_text("utf-8"))["conservation"]["tax_wan"]["input"] == 750
    else:
        assert after == before
    left = leftovers(project.parent)
    assert bool(left) == (moment not in ("reading", "accounting"))
    assert main(["run", str(project)]) == 0
    assert leftovers(project.parent) == []
    assert (target / "会议纪要.txt").read_text("utf-8") == "mine"
    assert json.loads((target / "manifest.json").read_text("utf-8"))["conservation"]["tax_wan"]["input"] == 750


@posix
@pytest.mark.slow
def test_killed_at_any_time(project: Path) -> None:
    target = project.parent / "成果"
    assert main(["run", str(project)]) == 0
    before = fingerprint(target)
    command = [sys.executable, "-m", "mudian", "run", str(project)]
    for tenths in (5, 10, 13, 15, 17, 19, 22, 26):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(timeout=tenths / 10)
            except subprocess.TimeoutExpired:
                process.kill()
        after = fingerprint(target)
        assert set(after) == set(before)
        # Old or new, never a mixture: the tables are the same, the manifest says which run they belong to.
        assert json.loads((target / "manifest.json").read_text("utf-8"))["rows"]["parcels"] == {"in": 6, "out": 6}
        # Killed after the folders changed places, the run is whole and new; before that nothing has changed.
        if process.returncode != 0 and after["manifest.json"] == before["manifest.json"]:
            assert after == before
        before = after
    assert main(["run", str(project)]) == 0
    assert leftovers(project.parent) == []


# --- a full disk ---

LIMITED = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2); "
RUN = "from mudian.cli import entry; entry()"


@posix
@pytest.mark.slow
@pytest.mark.parametrize("formats", [["parquet"], ["gpkg"], ["xlsx"], ["html"], ["docx"], ["pdf"], ["tif"]])
def test_a_file_that_cannot_grow(project: Path, formats: list[str]) -> None:
    text = project.read_text("utf-8").replace('["parquet", "gpkg", "xlsx", "html"]', json.dumps(formats))
    project.write_text(text, "utf-8")
    target = project.parent / "成果"
    assert main(["run", str(project)]) == 0
    before = fingerprint(target)
    sizes = sorted({p.stat().st_size for p in target.rglob("*") if p.is_file()})
    for size in sizes[-1:]:
        command = [sys.executable, "-c", LIMITED + RUN, str(size * 3 // 4), "run", str(project)]
        done = subprocess.run(command, capture_output=True, timeout=120)
        assert done.returncode == 3, (size, done.stderr.decode())
        assert_one_block(done.stderr.decode())
        assert "磁盘空间" in done.stderr.decode()
        assert fingerprint(target) == before
        assert leftovers(project.parent) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 KiB; only root on Linux may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@linux
def test_a_disk_that_is_full(project: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = project.read_text("utf-8")
    project.write_text(text.replace('["parquet", "gpkg", "xlsx", "html"]', '["xlsx"]'), "utf-8")
    target = small_disk / "成果"
    assert main(["run", str(project), "--out", str(target)]) == 0
    before = fingerprint(target)
    project.write_text(text, "utf-8")
    capsys.readouterr()
    assert main(["run", str(project), "--out", str(target)]) == 3
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "磁盘空间" in err
    assert fingerprint(target) == before
    assert leftovers(small_disk) == []
