"""What a pack holds after reading: entries of all its files, each with its place."""

import datetime as dt

import pytest
from smallpack import LOW_TAX, document, entry, rule, value, write_pack

from mudian.errors import PackError
from mudian.packs.catalog import bundled, find_pack, load_packs
from mudian.packs.reader import examine_pack, read_pack
from mudian.packs.references import dangling_values, number


def small(folder, name="small", **more):
    return write_pack(folder, name, document(), value("limit.tax", entry(3)), rule("low.tax", LOW_TAX), **more)


def test_a_pack_of_one_file(tmp_path):
    pack = read_pack(small(tmp_path))
    assert (pack.id, pack.title("zh"), pack.title("en")) == ("small", "试验small", "Trial small")
    assert pack.documents["d1"].in_force == dt.date(2020, 1, 1)
    assert pack.values["limit.tax"].history[0].value == 3
    assert pack.rules["low.tax"].value_keys() == ("limit.tax",)
    file, line = pack.places["values", "limit.tax"]
    assert file.read_text("utf-8").split("\n")[line - 1] == '[values."limit.tax"]'
    where = pack.where("rules", "low.tax", "conditions", 0, "threshold")
    assert "metric" in file.read_text("utf-8").split("\n")[where["row"] - 1]
    assert where["field"] == "rules.low.tax.conditions.0.threshold"


def test_a_pack_of_several_files_is_one(tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    text = (tmp_path / "both.toml", small(tmp_path, "both"))
    (folder / "a.toml").write_text(text[0].read_text("utf-8"), "utf-8")
    second = write_pack(tmp_path, "both", document(), value("limit.area", entry(15), unit="亩"), topic="evaluation")
    (folder / "b.toml").write_text((tmp_path / second).read_text("utf-8"), "utf-8")
    pack = read_pack(folder)
    assert list(pack.values) == ["limit.tax", "limit.area"]
    assert list(pack.heads) == ["zones", "evaluation"]
    assert pack.head_of("values", "limit.area").topic == "evaluation"
    assert pack.places["values", "limit.area"][0].name == "b.toml"
    assert pack.title("zh") == "试验both；试验both"


def test_text_with_a_byte_order_mark_and_windows_line_ends(tmp_path):
    file = tmp_path / "small.toml"
    small(tmp_path)
    plain = read_pack(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_pack(file).places == plain.places


def test_values_and_tables_of_an_earlier_pack_may_be_named(tmp_path):
    first = small(tmp_path, "first")
    second = write_pack(tmp_path, "second", document(), rule("low.other", LOW_TAX))
    assert [p.id for p in load_packs([first, second])] == ["first", "second"]
    with pytest.raises(PackError, match=r"values\.limit\.tax"):
        load_packs([second, first])
    assert dangling_values(read_pack(second), set()) == [("rules", "low.other", "limit.tax")]
    assert dangling_values(read_pack(second), {"limit.tax"}) == []


def test_the_same_pack_twice_counts_once_and_another_of_its_name_is_refused(tmp_path):
    path = small(tmp_path)
    assert len(load_packs([path, path])) == 1
    (tmp_path / "other").mkdir()
    other = small(tmp_path / "other")
    with pytest.raises(PackError, match="两个不同的政策包都叫 small") as caught:
        load_packs([path, other])
    assert caught.value.code == "pack-twice"


def test_paths_are_relative_to_the_folder(tmp_path):
    small(tmp_path)
    assert find_pack("small.toml", folder=tmp_path).id == "small"
    with pytest.raises(PackError, match=r"不认识的政策包 smal\.toml"):
        find_pack("smal.toml", folder=tmp_path)


def test_a_good_pack_has_no_faults(tmp_path):
    pack, faults = examine_pack(small(tmp_path))
    assert pack is not None
    assert faults == []


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_pack_is_whole(name):
    _, faults = examine_pack(bundled()[name])
    assert [f.render("en") for f in faults] == []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (3, 3),
        (0.25, 0.25),
        ("1/3", 1 / 3),
        ("15", 15),
        (True, None),
        ("左右", None),
        ("1/0", None),
        (("1",), None),
        (None, None),
    ],
)
def test_what_is_a_number(given, read):
    found = number(given)
    assert (found is None) == (read is None)
    assert found is None or float(found) == read
