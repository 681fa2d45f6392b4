"""Bad input ends in one clear block or in a row of the ledger, and never touches what was there before.

The cases stand in ``broken/*.toml``; ``broken/README.md`` says how they are written.
"""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from tinyproject import E1, assert_one_block, fingerprint, leftovers, write_project

import mudian
from mudian.cli import main
from mudian.errors import Problem
from mudian.inputs import read_inputs
from mudian.project import load_project
from parcels.ledger import Ledger

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "mudian" / "datasets" / "example_zone"
CASES: list[dict[str, Any]] = [
    case for file in sorted((HERE / "broken").glob("*.toml")) for case in tomllib.loads(file.read_text("utf-8"))["case"]
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after one good run."""
    folder = tmp_path_factory.mktemp("gut") / "项目"
    project = write_project(folder)
    assert main(["run", str(project)]) == 0
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "项目"))


def apply(case: dict[str, Any], folder: Path) -> None:
    """Change a project as a case says."""
    for name in case.get("folder", []):
        (folder / name).mkdir()
    for name in case.get("remove", []):
        (folder / name).unlink()
    for new, old in case.get("copy", {}).items():
        if old == "@empty.xlsx":
            book = openpyxl.Workbook()
            book.active.title = "leer"
            book.save(folder / new)
        else:
            shutil.copy(folder / old, folder / new)
    for name, text in case.get("write", {}).items():
        (folder / name).write_text(text, "utf-8")
    for name, text in case.get("hex", {}).items():
        (folder / name).write_bytes(bytes.fromhex(text))
    for name, pairs in case.get("replace", {}).items():
        text = (folder / name).read_text("utf-8")
        for old, new in pairs:
            assert old in text, f"the case changes nothing: {old}"
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")
    for name, pairs in case.get("patch", {}).items():
        raw = (folder / name).read_bytes()
        for old, new in pairs:
            assert len(old) == len(new)
            assert old.encode() in raw, f"the case changes nothing: {old}"
            raw = raw.replace(old.encode(), new.encode())
        (folder / name).write_bytes(raw)
    for name, size in case.get("cut", {}).items():
        raw = (folder / name).read_bytes()
        assert len(raw) > size
        (folder / name).write_bytes(raw[:size])


def ledger_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "成果" / "ledger.parquet")


def hits(ledger: pd.DataFrame, wanted: dict[str, Any]) -> pd.DataFrame:
    """Rows of a ledger that are as wanted."""
    found = ledger
    for column in ("source", "row", "before", "after", "id", "field", "severity"):
        if column in wanted:
            found = found[found[column].astype("str") == str(wanted[column])]
    return found[found["message"].str.contains(wanted.get("says", ""), regex=False)]


@pytest.mark.parametrize("case", CASES, ids=[c["about"] for c in CASES])
def test_broken_input(case: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(folder / "成果")
    apply(case, folder)
    code = main(["run", str(folder / "项目.toml")])
    err = capsys.readouterr().err
    assert code == case["exit"], err
    assert leftovers(folder) == []
    if code == 0:
        ledger = ledger_of(folder)
        for wanted in case["ledger"]:
            assert len(hits(ledger, wanted)), (
                wanted,
                ledger[["source", "row", "before", "message"]].to_dict("records"),
            )
        return
    assert_one_block(err)
    assert all(word in err for word in case["words"]), err
    assert fingerprint(folder / "成果") == before


@pytest.mark.parametrize("case", CASES[::7], ids=[c["about"] for c in CASES[::7]])
def test_the_same_in_english(case: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply(case, folder)
    assert main(["run", str(folder / "项目.toml"), "--lang", "en"]) == case["exit"]
    if case["exit"]:
        assert_one_block(capsys.readouterr().err, "en")


def test_every_case_says_how_it_ends() -> None:
    assert len(CASES) > 70
    assert len({c["about"] for c in CASES}) == len(CASES)
    known = {
        "about",
        "replace",
        "write",
        "hex",
        "patch",
        "cut",
        "copy",
        "remove",
        "folder",
        "exit",
        "words",
        "ledger",
        "xfail",
    }
    for case in CASES:
        assert set(case) <= known, case["about"]
        assert case["exit"] in (0, 2, 3, 4)
        assert case.get("ledger") if case["exit"] == 0 else case.get("words"), case["about"]


# --- places that cannot be read ---


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["宗地.shp", "企业.csv", "片区.shp", "项目.toml"])
def test_no_permission(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(folder / "成果")
    (folder / name).chmod(0)
    assert main(["run", str(folder / "项目.toml")]) == (2 if name.endswith("toml") else 3)
    err = capsys.readouterr().err
    assert_one_block(err)
    assert "权限" in err
    assert fingerprint(folder / "成果") == before


@pytest.mark.parametrize("name", ["宗地.shp", "企业.csv", "片区.shp", "项目.toml"])
def test_a_file_that_refuses_to_be_opened(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for root, whom no mode of a file keeps out."""
    before = fingerprint(folder / "成果")
    open_file = io.open

    def refuse(file: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(file, int) and Path(os.fsdecode(file)).name == name:
            raise PermissionError(13, "Permission denied", str(file))
        return open_file(file, *arguments, **options)

    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert main(["run", str(folder / "项目.toml")]) == (2 if name.endswith("toml") else 3)
    err = capsys.readouterr().err
    assert_one_block(err)
    assert name in err
    assert "权限" in err
    monkeypatch.undo()
    assert fingerprint(folder / "成果") == before


@pytest.mark.parametrize("kind", ["pipe", "dead link", "loop of links"])
@pytest.mark.skipif(os.name != "posix", reason="special files of Unix")
def test_what_is_no_regular_file(kind: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("宗地.shp", "企业.csv"):
        (folder / name).unlink()
        if kind == "pipe":
            os.mkfifo(folder / name)
        else:
            (folder / name).symlink_to(folder / (name if kind == "loop of links" else "nirgends"))
        assert main(["run", str(folder / "项目.toml")]) == 3
        err = capsys.readouterr().err
        assert_one_block(err)
        assert name in err
        (folder / name).unlink()
        shutil.copy(write_project(folder.parent / f"neu {name}").parent / name, folder / name)


def test_an_archive_cannot_write_outside_its_folder(folder: Path) -> None:
    with zipfile.ZipFile(folder / "宗地.zip", "w") as archive:
        for part in ("shp", "shx", "dbf"):
            archive.write(folder / f"宗地.{part}", f"交付/宗地.{part}")
        archive.writestr("../../evil.shp", b"x")
        archive.writestr("/tmp/evil-mudian.shp", b"x")
    text = (folder / "项目.toml").read_text("utf-8").replace("宗地.shp", "宗地.zip")
    (folder / "项目.toml").write_text(text, "utf-8")
    assert main(["run", str(folder / "项目.toml")]) in (0, 3)
    assert not (folder.parent / "evil.shp").exists()
    assert not Path("/tmp/evil-mudian.shp").exists()


def test_names_that_look_like_formulas_stay_text(folder: Path) -> None:
    table = folder / "企业.csv"
    evil = '"=HYPERLINK(""http://x"",""甲"")"'
    table.write_text(table.read_text("utf-8").replace("丁公司", evil).replace(E1, "@SUM(A1)"), "utf-8")
    project = folder / "项目.toml"
    project.write_text(project.read_text("utf-8").replace('["parquet"]', '["xlsx", "html", "parquet"]'), "utf-8")
    assert main(["run", str(project)]) == 0
    book = openpyxl.load_workbook(folder / "成果" / "report.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert [c for c in cells if str(c.value).startswith("=HYPERLINK")]
    with (folder / "成果" / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        values = [v for line in csv.reader(file) for v in line]
    assert not [v for v in values if v.startswith(("=", "@"))]


# --- damage by chance ---

COMPANIONS = (".prj", ".cpg", ".shx")
DAMAGED = sorted(p.name for p in EXAMPLE.iterdir() if p.name != "README.md")


def damage(raw: bytes, dice: random.Random) -> bytes:
    """A file as a broken copy leaves it."""
    size = len(raw)
    at, many = dice.randrange(size), dice.randrange(1, 400)
    noise = dice.randbytes(dice.randrange(1, 30))
    changed = bytearray(raw)
    for _ in range(dice.choice([1, 4, 50])):
        changed[dice.randrange(min(size, dice.choice([120, size])))] = dice.randrange(256)
    ways = [raw[:at], bytes(changed), bytes(changed), raw[:at] + bytes(many) + raw[at + many :]]
    ways += [raw[at:] + raw[:at], raw[:at] + noise + raw[at:]]
    return dice.choice(ways)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("fuzz") / "示例"))
    project = folder / "示例.toml"
    project.write_text(project.read_text("utf-8") + '\nformats = ["parquet"]\n', "utf-8")
    return folder


def read_or_told(project: Path) -> bool:
    """Whether the files of a project are read, or what is wrong is told in both languages."""
    try:
        read_inputs(load_project(project), ledger=Ledger())
    except Problem as problem:
        return all(problem.render(lang) for lang in ("zh", "en"))
    return True


@pytest.mark.slow
@pytest.mark.filterwarnings("default::RuntimeWarning")
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_by_chance_is_told_or_survived(name: str, example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = example / name
    raw = file.read_bytes()
    dice = random.Random(name)
    try:
        for number in range(5):
            broken = damage(raw, dice)
            file.write_bytes(broken)
            if number or file.suffix in COMPANIONS:  # one whole run of each file with data, else reading alone
                assert read_or_told(example / "示例.toml"), number
                continue
            code = main(["run", str(example / "示例.toml")])
            err = capsys.readouterr().err
            what = f"variant {number}: {err}"
            assert code in (0, 2, 3), what
            if code:
                assert_one_block(err)
            else:
                ledger = pd.read_parquet(example / "成果" / "ledger.parquet")
                manifest = mudian.load(example / "成果").manifest
                assert all(a["holds"] for a in manifest["conservation"].values()), what
                assert len(ledger) > 100
    finally:
        file.write_bytes(raw)
