"""``mudian report``: the report of a finished run; and ``[report]`` of the project file."""

import json

import pytest
from briefing_case import write_project
from docx import Document

import mudian as md
from mudian.cli import main
from mudian.errors import ProjectError
from mudian.project import make_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    project = write_project(tmp_path_factory.mktemp("report") / "小区")
    text = project.read_text("utf-8").replace(
        'formats = ["parquet"]', 'formats = ["parquet", "docx"]\n[report]\nrows = 3'
    )
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    return project.parent / "成果"


def test_the_report_made_again_is_the_report_of_the_run(folder, tmp_path, capsys):
    again = tmp_path / "again.docx"
    assert main(["report", str(folder), "--out", str(again)]) == 0
    assert capsys.readouterr().out.strip() == str(again)
    assert again.read_bytes() == (folder / "report.docx").read_bytes()


def test_the_settings_stand_in_the_manifest(folder):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["report"] == {"maps": ["tax_per_mu", "idle_status"], "rows": 3}


def test_english_and_an_earlier_run(folder, tmp_path):
    made = tmp_path / "en.docx"
    assert main(["--lang", "en", "report", str(folder), "--earlier", str(folder), "--out", str(made)]) == 0
    document = Document(str(made))
    assert "City overview" in [p.text for p in document.paragraphs]
    rows = [[c.text for c in r.cells] for t in document.tables for r in t.rows if len(r.cells) == 5]
    # nothing changed: 150 wan of taxes on P1 to P3 (45 mu) of Z1 in both
    tax = next(r for r in rows if r[0] == "Z1" and r[1].startswith("Tax per mu"))
    assert tax[2] == tax[3]
    assert tax[4] == "0.00"


@pytest.mark.parametrize("words", [["--out", "report.pdf"], ["--earlier", "nowhere"]])
def test_wrong_use(folder, words, capsys):
    assert main(["report", str(folder), *words]) == 2
    assert words[1] in capsys.readouterr().err


def test_redacted_results_have_no_report(folder, tmp_path, capsys):
    md.redact(md.load(folder), level="public").save(tmp_path / "open", formats=("parquet", "docx"))
    assert not (tmp_path / "open" / "report.docx").exists()
    assert main(["report", str(tmp_path / "open")]) == 2
    assert "脱敏" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told(folder, tmp_path, capsys):
    assert main(["report", str(folder), "--out", str(tmp_path / "no" / "r.docx")]) == 3
    assert "r.docx" in capsys.readouterr().err


@pytest.mark.parametrize(("section", "key"), [("report", "row"), ("sheets", "sise")])
def test_an_unknown_key_is_named_with_the_nearest(tmp_path, section, key):
    raw = {"project": {"name": "a", "as_of": "2025-12-31", "period": "2025"}, "parcels": {"path": "a.shp"}}
    with pytest.raises(ProjectError) as caught:
        make_project(raw | {section: {key: 1}}, file=tmp_path / "p.toml")
    assert f"{section}.{key}" in str(caught.value)
    with pytest.raises(ProjectError):
        make_project(raw | {"report": {"maps": ["tax"]}}, file=tmp_path / "p.toml")
