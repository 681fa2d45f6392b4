"""``mudian map``: the page of a finished run, made again."""

import pytest
from examplerun import example_results

import mudian as md
from mudian.cli import main


@pytest.fixture(scope="module")
def folder():
    return example_results()


def test_the_page_made_again_is_the_page_of_the_run(folder, tmp_path, capsys):
    again = tmp_path / "again.html"
    assert main(["map", str(folder), "--out", str(again)]) == 0
    assert capsys.readouterr().out.strip() == str(again)
    assert again.read_bytes() == (folder / "map.html").read_bytes()


def test_the_page_in_english(folder, tmp_path):
    page = tmp_path / "en.html"
    assert main(["--lang", "en", "map", str(folder), "--out", str(page)]) == 0
    assert '<html lang="en">' in page.read_text(encoding="utf-8")


def test_constraint_layers_come_back(folder):
    run = md.load(folder, layers=True)
    assert set(run.layers) == set(run.manifest["layers"]) != set()
    assert all(layer.crs == run.parcels.crs for layer in run.layers.values())
    assert md.load(folder).layers == {}


def test_no_run_is_wrong_use(tmp_path, capsys):
    assert main(["map", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
