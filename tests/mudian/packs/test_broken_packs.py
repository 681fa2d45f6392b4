"""A wrong pack is refused with file, line and words that help; one small pack per fault in ``broken/``.

The faulty file says in its first lines which fault it has and which words the message must contain; the line that the
message must name is marked with ``#<``.
"""

import re
from pathlib import Path

import pytest

from mudian.errors import PackError
from mudian.packs.catalog import load_packs
from mudian.packs.reader import examine_pack, read_pack
from parcels.catalog import CATALOG

HERE = Path(__file__).parent / "broken"
FAULTY = sorted(p for p in HERE.iterdir() if p.suffix == ".toml" or p.is_dir())


def expected(pack):
    """The faulty file, and what must be said of it."""
    files = sorted(pack.glob("*.toml")) if pack.is_dir() else [pack]
    found = [(f, f.read_bytes().decode("utf-8", "replace")) for f in files]
    file, text = next((f, t) for f, t in found if t.startswith("# fault:"))
    code = re.search(r"# fault: (\S+)", text)[1]
    words = re.search(r"# words: (.*)", text)[1].split(" | ")
    marked = [n for n, line in enumerate(text.split("\n"), start=1) if "#<" in line]
    assert len(marked) == 1
    return file, code, words, marked[0]


def refuse(pack):
    with pytest.raises(PackError) as caught:
        load_packs([str(pack)])
    return caught.value


@pytest.mark.parametrize("pack", FAULTY, ids=lambda p: p.name)
def test_a_fault_is_told_with_its_place(pack):
    file, code, words, line = expected(pack)
    error = refuse(pack)
    block = error.render("zh")
    assert error.code == code, block
    assert error.place["file"] == file
    assert error.place["row"] == line, block
    assert f"行 {line}" in block
    for word in words:
        assert word in block
    assert error.exit_code == 2
    assert f"row {line}" in error.render("en")


def test_there_is_a_pack_for_every_fault_that_has_a_line():
    said = {c for c in CATALOG.error if c.startswith("pack-")}
    elsewhere = {"pack-missing", "pack-unknown", "pack-unreadable", "pack-twice", "pack-entry"}
    assert {expected(p)[1] for p in FAULTY} == said - elsewhere


def test_all_faults_of_a_pack_are_found_at_once(tmp_path):
    text = (HERE / "dangling-document.toml").read_text("utf-8")
    pack = tmp_path / "several.toml"
    text = text.replace('id = "dangling-document"', 'id = "several"').replace(
        'unit = "万元/亩"', 'unit = "万元/亩"\nnote = "x"'
    )
    pack.write_text(text.replace('status = "seen"\nsource', 'status = "heard"\nsource'), "utf-8")
    _, faults = examine_pack(pack)
    assert [f.code for f in faults] == ["pack-key-unknown", "pack-choice"]
    lines = pack.read_text("utf-8").split("\n")
    assert [lines[f.place["row"] - 1] for f in faults] == ['note = "x"', 'status = "heard"']


def test_faults_of_several_files_are_found_at_once(tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    (folder / "a.toml").write_text("[pack\n", "utf-8")
    (folder / "b.toml").write_bytes("[pack]\n# 试验".encode("gbk"))
    _, faults = examine_pack(folder)
    assert [(f.code, f.place["file"].name, f.place["row"]) for f in faults] == [
        ("pack-not-toml", "a.toml", 1),
        ("pack-not-utf8", "b.toml", 2),
    ]


@pytest.mark.parametrize("what", ["nothing.toml", "empty-folder"])
def test_a_pack_that_is_not_there(tmp_path, what):
    (tmp_path / "empty-folder").mkdir()
    with pytest.raises(PackError) as caught:
        read_pack(tmp_path / what)
    assert caught.value.code == "pack-missing"
    assert what in caught.value.render("zh")


def test_an_unknown_pack_names_those_that_exist(tmp_path):
    with pytest.raises(PackError, match="不认识的政策包 no-such-pack"):
        load_packs(["no-such-pack"], folder=tmp_path)
