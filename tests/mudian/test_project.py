import datetime as dt

import pytest

from mudian.errors import ProjectError
from mudian.project import load_project

GOOD = """
[project]
name = "示例"
as_of = 2025-12-31
period = "2025"
[parcels]
path = "宗地.shp"
"""


def project(tmp_path, text):
    file = tmp_path / "p.toml"
    file.write_text(text, "utf-8")
    return load_project(file)


def refused(tmp_path, text):
    with pytest.raises(ProjectError) as error:
        project(tmp_path, text)
    assert error.value.exit_code == 2
    return error.value.render("en")


def test_the_smallest_project(tmp_path):
    made = project(tmp_path, GOOD)
    assert made.project.as_of == dt.date(2025, 12, 31)
    assert made.parcels.area_basis == "ellipsoidal"
    assert made.resolve("宗地.shp") == tmp_path / "宗地.shp"
    assert made.output_dir == tmp_path / "成果"
    with pytest.raises(ValueError, match="frozen"):
        made.project.name = "x"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (GOOD + "area_bases = 'planar'\n", ["parcels.area_bases", "area_basis"]),
        (GOOD + "[enterprise]\npath = 'x'\n", ["enterprise", "enterprises"]),
        (GOOD + "area_basis = 'round'\n", ["parcels.area_basis", "'round'", "ellipsoidal"]),
        (GOOD.replace('"2025"', '"2025M1"'), ["project.period", "2025H1"]),
        (GOOD.replace("2025-12-31", '"yesterday"'), ["project.as_of"]),
        (GOOD.replace('path = "宗地.shp"', ""), ["parcels.path"]),
        (GOOD.replace("[parcels]", ""), ["project.path"]),
        (GOOD + "[[constraints]]\nname = 'x'\nkind = 'y'\nslop_over = 3\n", ["slop_over", "slope_over"]),
        (GOOD + 'x = "C:\\Users"\n', ["TOML"]),
        (GOOD + "[folder]\n", ["folder"]),
    ],
)
def test_what_is_not_understood_is_refused_with_the_nearest_word(tmp_path, change, words):
    text = refused(tmp_path, change)
    assert all(word in text for word in words), text


def test_missing_folder_and_wrong_bytes(tmp_path):
    (tmp_path / "项目.toml").write_text(GOOD, "utf-8")
    with pytest.raises(ProjectError) as error:
        load_project(tmp_path / "项木.toml")
    assert "项目.toml" in error.value.render("zh")
    with pytest.raises(ProjectError):
        load_project(tmp_path)
    (tmp_path / "gbk.toml").write_bytes(GOOD.encode("gbk"))
    with pytest.raises(ProjectError) as error:
        load_project(tmp_path / "gbk.toml")
    assert "UTF-8" in error.value.render("en")


def test_utf8_with_a_mark_is_read(tmp_path):
    file = tmp_path / "p.toml"
    file.write_bytes(GOOD.encode("utf-8-sig"))
    assert load_project(file).project.name == "示例"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_is_a_project(tmp_path, lang):
    from mudian.demo import write_template
    from mudian.errors import UsageError

    file = write_template(tmp_path, lang=lang)
    made = load_project(file)
    assert made.project.lang == lang
    assert made.zones is not None
    with pytest.raises(UsageError):
        write_template(tmp_path, lang=lang)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("[corrections]\npath = []\n", "corrections.path", "xlsx"),
        ("[corrections]\npath = 5\n", "corrections.path", "xlsx"),
        ("[screening]\nbenchmark_tax_per_mu = inf\n", "screening.benchmark_tax_per_mu", "1, 1.5 …"),
        ("[developable]\nmin_area_mu = -1\n", "developable.min_area_mu", "≥ 0"),
        ("[report]\nrows = 0\n", "report.rows", "≥ 1"),
        ('[screening]\nweights = { colour = 1 }\n', "screening.weights.colour", "owners"),
        ('[screening]\nscenarios = ["own"]\n', "screening", "benchmark_tax_per_mu"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_without_words_of_the_machine(tmp_path, text, field, expected):
    head = '[project]\nname = "区"\nas_of = 2025-12-31\n[parcels]\npath = "a.shp"\n[enterprises]\npath = "b.xlsx"\n'
    (tmp_path / "项目.toml").write_text(head + text, "utf-8")
    with pytest.raises(ProjectError) as error:
        load_project(tmp_path / "项目.toml")
    said = error.value.render("zh")
    assert f"字段 {field}\n" in said
    assert expected in said.partition("应为")[2]
    assert "Input" not in said
    assert "Value error" not in said
