"""``mudian compare`` from the outside: what is printed, what is written, exit codes, both languages."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from tworuns import E2, P3, TAXES, run

import mudian as md
from mudian.cli import main
from mudian.errors import UsageError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two runs on disk: the tax of E2 falls from 50 to 30, and its name looks like a formula."""
    made = []
    for name, firm in (("a", ("乙公司", 50)), ("b", ("=乙公司", 30))):
        folder = tmp_path_factory.mktemp(name)
        made.append(run(folder, taxes=TAXES | {E2: firm}).save(folder / "成果", formats=("parquet",)))
    return made


def said(capsys, *words):
    code = main(["compare", *map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_summary(folders, capsys):
    code, out, err = said(capsys, *folders)
    assert (code, err) == (0, "")
    assert "判定变化 1 项" in out
    line = next(x for x in out.splitlines() if x.startswith(P3))
    assert "未发现低效情形" in line
    assert "疑似低效用地" in line
    assert "税收 50 → 30" in line


def test_english(folders, capsys):
    code, out, _ = said(capsys, *folders, "--lang", "en")
    assert code == 0
    assert "1 verdicts changed" in out
    assert "suspected low-efficiency land" in out


def test_equal_runs(folders, capsys):
    code, out, _ = said(capsys, folders[0], folders[0])
    assert code == 0
    assert "判定没有变化" in out
    assert "输入文件、设置、版本均相同" in out


def test_workbook(folders, capsys, tmp_path):
    code, _, _ = said(capsys, *folders, "--out", tmp_path / "对比.xlsx")
    book = openpyxl.load_workbook(tmp_path / "对比.xlsx")
    assert code == 0
    assert book.sheetnames[:3] == ["总览", "变化的判定", "判定依据对比"]
    rows = list(book["变化的判定"].iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][:2] == ("宗地", P3)
    firms = [c for r in book["企业前后对照"].iter_rows() for c in r if c.value == "=乙公司"]
    assert [c.data_type for c in firms] == ["s"]  # text, and no formula


def test_table(folders, capsys, tmp_path):
    said(capsys, *folders, "--out", tmp_path / "对比.csv")
    table = pd.read_csv(tmp_path / "对比.csv")
    assert table[["after", "verdict", "cause"]].to_numpy().tolist() == [[P3, "inefficient", "data"]]


def test_another_kind_of_file_is_refused(folders, capsys, tmp_path):
    code, _, err = said(capsys, *folders, "--out", tmp_path / "对比.docx")
    assert code == 2
    assert "对比.docx" in err


def test_no_run_is_refused(folders, capsys, tmp_path):
    code, _, err = said(capsys, folders[0], tmp_path)
    assert code == 2
    assert "Traceback" not in err


def test_a_run_on_disk_is_the_run_in_memory(folders):
    loaded = [md.load(f) for f in folders]
    assert md.compare(*folders).verdicts.equals(md.compare(*loaded).verdicts)


def test_display(folders):
    found = md.compare(*folders)
    assert "1 verdicts changed" in repr(found)
    shown = found._repr_html_()
    assert P3 in shown
    assert "变化的字段" in shown


def test_redacted_results_are_refused(folders):
    whole = md.load(folders[0])
    public = replace(whole, manifest=whole.manifest | {"redaction": {"level": "public"}})
    with pytest.raises(UsageError) as error:
        md.compare(whole, public)
    assert error.value.code == "compare-redacted"
