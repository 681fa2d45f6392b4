"""The command line seen from outside: exit codes, what stands on stdout and stderr, languages, interruptions."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tinyproject import E1, assert_one_block, fingerprint, leftovers, write_project

import mudian
from mudian.cli import main

REPO = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUDIAN_LANG", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "项目")


def program(*words: object, env: dict[str, str] | None = None, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "mudian", *map(str, words)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MUDIAN", "PYTHONIOENCODING"))}
    return subprocess.run(command, capture_output=True, env=clean | (env or {}), timeout=120, **options)


# --- exit codes ---


def test_zero_and_the_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(project)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert str(project.parent / "成果") in out
    assert "守恒检查" in out
    assert "parcels.parquet" in out


def test_strict_gives_one_only_when_the_ledger_has_errors(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(project), "--strict"]) == 0
    table = project.parent / "用地.csv"
    table.write_text(table.read_text("utf-8") + f"370902001001GB00099,{E1},自有,\n", "utf-8")
    assert main(["run", str(project)]) == 0
    assert main(["run", str(project), "--strict"]) == 1
    manifest = json.loads((project.parent / "成果" / "manifest.json").read_text("utf-8"))
    assert manifest["ledger"]["error"] == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], ["COMMAND"]),
        (["rnu"], ["rnu", "最接近的命令：run"]),
        (["run"], ["PROJECT.toml"]),
        (["run", "没有.toml"], ["没有.toml", "项目文件不存在"]),
        (["run", "."], ["文件夹", ".toml"]),
        (["run", "x.toml", "--wrokers", "2"], ["--wrokers"]),
        (["run", "x.toml", "--workers", "0"], ["--workers", "1, 2, 3"]),
        (["inspect"], ["FILE"]),
        (["inspect", "--lang", "fr", "x"], ["fr", "'zh', 'en'"]),
    ],
)
def test_two_for_wrong_use(words: list[str], says: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_block(err)
    assert all(s in err for s in says), err


def test_three_for_unreadable_data(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project.parent / "企业.csv").unlink()
    assert main(["run", str(project)]) == 3
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "企业.csv" in err


def test_four_when_conservation_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", str(project)])
    before = fingerprint(project.parent / "成果")
    import mudian.pipeline as pipeline

    allocate = pipeline.allocate
    monkeypatch.setattr(
        pipeline, "allocate", lambda *a, **k: (t := allocate(*a, **k)).assign(tax_wan=t["tax_wan"] * 1.000001)
    )
    capsys.readouterr()
    assert main(["run", str(project)]) == 4
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "tax_wan" in err
    assert "150" in err  # 100 + 50 + 0 went in; — is not zero and is not in the sum
    assert fingerprint(project.parent / "成果") == before


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (RuntimeError("oh"), 4, ["RuntimeError: oh", "--debug"]),
        (MemoryError(), 3, ["内存"]),
        (PermissionError(13, "Permission denied", "a.shp"), 3, ["Permission denied", "a.shp"]),
        (KeyboardInterrupt(), 130, ["已中断"]),
    ],
)
def test_what_nobody_expects_is_still_one_block(
    error: BaseException,
    code: int,
    says: list[str],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mudian.pipeline.evaluate", fail)
    assert main(["run", str(project)]) == code
    err = capsys.readouterr().err
    if code != 130:
        assert_one_block(err)
    assert "Traceback" not in err
    assert all(s in err for s in says), err


def test_debug_adds_the_traceback_and_keeps_the_block(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project.parent / "企业.csv").unlink()
    assert main(["run", str(project), "--debug"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last)")
    assert err.rstrip().splitlines()[-1].startswith("办法: ")
    assert main(["run", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


# --- languages ---


def test_english_on_either_side_of_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["--lang", "en", "run", "no.toml"],
        ["run", "no.toml", "--lang", "en"],
        ["run", "no.toml", "--lang=en"],
    ):
        assert main(words) == 2
        assert_one_block(capsys.readouterr().err, "en")
    assert main(["run", "--lang", "en", str(project)]) == 0
    out = capsys.readouterr().out
    assert "Conservation" in out
    assert "守恒" not in out


def test_the_project_s_language_holds_where_none_is_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = project.read_text("utf-8").replace('period = "2025"', 'period = "2025"\nlang = "en"')
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    assert "Conservation" in capsys.readouterr().out
    (project.parent / "企业.csv").unlink()
    assert main(["run", str(project)]) == 3
    assert_one_block(capsys.readouterr().err, "en")
    assert main(["run", str(project), "--lang", "zh"]) == 3
    assert_one_block(capsys.readouterr().err, "zh")


# --- version, help, init ---


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"mudian {mudian.__version__}"
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("demo", "init", "inspect", "run"))


def test_init_writes_a_template_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "新")]) == 0
    file = tmp_path / "新" / "项目.toml"
    assert str(file) in capsys.readouterr().out
    assert mudian.load_project(file).project.lang == "zh"
    before = file.read_bytes()
    assert main(["init", str(tmp_path / "新")]) == 2
    assert_one_block(capsys.readouterr().err)
    assert file.read_bytes() == before
    assert main(["init", str(file)]) == 3  # a file in place of a folder
    assert_one_block(capsys.readouterr().err)


# --- inspect ---


def test_inspect_goes_on_after_a_bad_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project.parent
    words = ["inspect", folder / "宗地.shp", folder / "没有.shp", folder / "企业.csv"]
    assert main([*map(str, words)]) == 3
    out, err = capsys.readouterr()
    assert_one_block(err)
    assert "没有.shp" in err
    assert "QLR" in out  # of the layer
    assert "税收（万元）" in out  # of the table after the bad one


def test_inspect_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project.parent
    assert main(["inspect", "--json", str(folder / "宗地.shp")]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["kind"] == "shapefile"
    assert one["layers"][0]["rows"] == 6
    assert one["layers"][0]["mapping"]["parcel_id"].startswith("ZDDM")
    assert main(["inspect", "--json", *(str(folder / n) for n in ("宗地.shp", "没有.shp", "企业.csv"))]) == 3
    both = json.loads(capsys.readouterr().out)
    assert [Path(r["path"]).name for r in both] == ["宗地.shp", "企业.csv"]
    assert both[1]["layers"][0]["rows"] == 4


def test_inspect_says_what_nobody_expects(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr("mudian.inspecting.inspect_file", fail)
    assert main(["inspect", str(project), str(project)]) == 4
    assert capsys.readouterr().err.count("RuntimeError: oh") == 2


# --- demo ---


def test_demo_twice_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my demo 示例"
    assert main(["demo", str(folder)]) == 0
    assert str(folder / "成果") in capsys.readouterr().out
    first = fingerprint(folder)
    (folder / ".mudian-成果-new-4194304999-abc").mkdir()  # as a killed run leaves it
    (folder / "Thumbs.db").write_bytes(b"x")
    assert main(["demo", str(folder)]) == 0
    assert leftovers(folder) == []
    second = fingerprint(folder)
    inputs = [k for k in first if "/" not in k]
    assert len(inputs) > 20
    assert [second[k] for k in inputs] == [first[k] for k in inputs]
    assert capsys.readouterr().err == ""


def test_demo_never_overwrites_what_a_person_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path / "d")]) == 0
    file = tmp_path / "d" / "示例.toml"
    file.write_text(file.read_text("utf-8").replace("2025-12-31", "2024-12-31"), "utf-8")
    before = fingerprint(tmp_path / "d")
    capsys.readouterr()
    assert main(["demo", str(tmp_path / "d")]) == 2
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "示例.toml" in err
    assert fingerprint(tmp_path / "d") == before


def test_demo_keeps_out_of_the_folders_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "账.txt").write_text("x", "utf-8")
    assert main(["demo", str(tmp_path)]) == 2
    assert_one_block(capsys.readouterr().err)
    assert [p.name for p in tmp_path.iterdir()] == ["账.txt"]
    assert main(["demo", str(tmp_path / "账.txt")]) == 2
    assert_one_block(capsys.readouterr().err)


# --- real processes ---


def test_quiet_in_a_pipe(project: Path) -> None:
    done = program("run", project)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert b"\r" not in done.stdout.replace(b"\r\n", b"\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo terminal")
def test_stages_are_shown_on_a_terminal(project: Path) -> None:
    import pty

    own, theirs = pty.openpty()
    command = [sys.executable, "-m", "mudian", "run", str(project)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        assert process.wait(timeout=120) == 0
    os.close(theirs)
    shown = os.read(own, 100_000).decode()
    os.close(own)
    assert all(f"{stage} …" in shown for stage in ("read", "link", "allocate", "measure"))
    assert shown.endswith("\r\x1b[K")


def test_a_console_without_chinese_does_not_stop_the_run(project: Path) -> None:
    done = program("run", project, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr.decode()
    assert (project.parent / "成果" / "manifest.json").is_file()


@pytest.mark.skipif(os.name != "posix", reason="needs a shell with pipes")
def test_a_reader_that_has_seen_enough_is_no_error(project: Path) -> None:
    err = project.parent / "err"
    run = f'"{sys.executable}" -m mudian inspect "{project.parent / "宗地.shp"}" 2>"{err}"'
    line = run + ' | true; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=120)
    assert err.read_bytes() == b""
    assert done.stdout.strip() == b"0"


def test_no_traceback_from_a_real_process(project: Path) -> None:
    project.write_text(project.read_text("utf-8").replace("宗地.shp", "宗帝.shp"), "utf-8")
    done = program("run", project)
    assert done.returncode == 3
    assert done.stdout == b""
    err = done.stderr.decode()
    assert_one_block(err)
    assert "最接近的名称：宗地.shp" in err


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("number", "after"), [(signal.SIGTERM, "link"), (signal.SIGINT, "write parquet")])
def test_a_polite_kill_leaves_everything_as_it_was(project: Path, number: int, after: str, tmp_path: Path) -> None:
    assert main(["run", str(project)]) == 0
    before = fingerprint(project.parent / "成果")
    # The run waits in a stage for the signal, which comes while it is there.
    script = tmp_path / "slow.py"
    script.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background has it switched off
        "from contextlib import contextmanager\n"
        "from mudian import cli, progress\n"
        "plain = progress.Stages.stage\n"
        "@contextmanager\n"
        "def stage(self, name):\n"
        "    with plain(self, name):\n"
        "        yield\n"
        f"        if name == {after!r}:\n"
        "            print('here', flush=True)\n"
        "            time.sleep(60)\n"
        "progress.Stages.stage = stage\n"
        "cli.entry()\n",
        "utf-8",
    )
    command = [sys.executable, str(script), "run", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"here"
        started = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=180)
    assert time.monotonic() - started < 30
    assert process.returncode == 130
    assert err.decode().strip().startswith("已中断")
    assert "Traceback" not in err.decode()
    assert fingerprint(project.parent / "成果") == before
    assert leftovers(project.parent) == []


def test_the_installed_command_is_there() -> None:
    command = shutil.which("mudian", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("mudian is not installed in this environment")
    done = subprocess.run([command, "--version"], capture_output=True, timeout=120)
    assert re.fullmatch(rb"mudian \d+\.\d+\.\d+\S*", done.stdout.strip())
