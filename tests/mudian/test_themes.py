"""One run, four products: page, GeoPackage, workbook and print sheets show the same classes, colours and counts."""

import json
import re
import sqlite3
from contextlib import closing
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
from examplerun import example_results

import maps
import mudian as md
from mudian import sheets
from mudian.mapping import map_frame
from mudian.settings import MapSettings
from mudian.themes import land_grades, run_themes, themed


@pytest.fixture(scope="module")
def folder():
    return example_results()


@pytest.fixture(scope="module")
def run(folder):
    return md.load(folder)


@pytest.fixture(scope="module")
def counted(run):
    return count(map_frame(run, cards=False))


def count(whole, where=slice(None)):
    """Theme → class → (colour, count), counted from some rows of the frame by pandas alone."""
    frame, found = whole[where], {}
    for column, theme in run_themes(whole, lang="zh").items():
        done = maps.classify(whole, theme, area="area_mu", wording=maps.wording("zh"))
        values = frame[column]
        if theme.kind == "class":
            counts = [int((values == value).sum()) for value in theme.classes]
        else:
            edges = [-np.inf, *theme.breaks, np.inf]
            counts = [
                int(((values >= a) & (values < b) & ~((values == 0) & theme.zero_class)).sum())
                for a, b in pairwise(edges)
            ]
            counts = [int((values == 0).sum()), *counts] if theme.zero_class else counts
        rows = {row.label: (row.colour, n) for row, n in zip(done.legend, counts, strict=True)}
        found[theme.title] = rows | {done.no_data.label: (done.no_data.colour, int(values.isna().sum()))}
    return found


def test_every_theme_of_the_contract_is_there(counted):
    wanted = {"亩均税收", "投资强度", "等级", "疑似闲置", "疑似低效", "可作标准地供应", "履行标准地承诺"}
    assert wanted <= set(counted)
    assert all(sum(n for _, n in rows.values()) == 320 for rows in counted.values())


def test_the_page_has_them(folder, counted):
    html = (folder / "map.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', html, re.DOTALL)[1])
    page = {
        t["title"]: {row["label"]: (row["colour"], row["count"]) for row in [*t["legend"], t["noData"]]}
        for t in data["themes"]
    }
    assert page == counted


def test_the_geopackage_has_them(folder, counted):
    """The filters of the rules are plain SQL, so SQLite can count what each of them takes."""
    with closing(sqlite3.connect(folder / "evaluation.gpkg")) as base:
        styles = base.execute(
            "SELECT styleName, styleQML, useAsDefault FROM layer_styles WHERE f_table_name = 'parcels' ORDER BY id"
        ).fetchall()
        found = {name: dict(rules(base, qml)) for name, qml, _ in styles}
        assert [default for *_, default in styles] == [1] + [0] * (len(styles) - 1)
        geometry = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
        named = base.execute("SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles").fetchall()
    assert found == counted
    assert {name for name, *_ in named} == set(geometry)
    assert all(geometry[name] == column for name, column, _ in named)
    assert all(ElementTree.fromstring(qml.partition("\n")[2]).tag == "qgis" for *_, qml in named)


def rules(base, qml):
    root = ElementTree.fromstring(qml.partition("\n")[2])
    symbols = {s.get("name"): s for s in root.iterfind("renderer-v2/symbols/symbol")}
    taken = 0
    for rule in root.iterfind("renderer-v2/rules/rule"):
        option = symbols[rule.get("symbol")].find("layer[@class='SimpleFill']/Option/Option[@name='color']")
        red, green, blue, _ = map(int, option.get("value").split(","))
        test = rule.get("filter")
        if test == "ELSE":
            count = base.execute("SELECT count(*) FROM parcels").fetchone()[0] - taken
        else:
            count = base.execute(f"SELECT count(*) FROM parcels WHERE {test}").fetchone()[0]
        taken += count
        yield rule.get("label"), (f"#{red:02x}{green:02x}{blue:02x}", count)


def test_the_sheets_have_them(run):
    """The legends of the zones' pages add up to the counts of all parcels that lie in a zone."""
    zoned = run.parcels["zone_id"].notna().to_numpy(bool)
    assert zoned.sum() == 318  # one parcel has no shape, one lies outside
    counted = count(map_frame(run, cards=False), zoned)
    book, found = sheets._book(run, None), {}
    for place in range(len(run.zones)):
        for page in sheets._pages(book, place)[0]:
            made = page()
            title = made.title.removeprefix(f"{run.zones['zone_name'].iloc[place]} ")
            rows = found.setdefault(title, {})
            for row in [*made.classified.legend, made.classified.no_data]:
                rows[row.label] = (row.colour, rows.get(row.label, (None, 0))[1] + row.count)
            made.close()
    assert found.keys() - counted.keys() == {"剩余可开发"}  # pieces of land, no parcels
    assert {title: found[title] for title in counted.keys() & found.keys()} == {
        title: rows for title, rows in counted.items() if title in found
    }
    assert {"亩均税收", "投资强度", "等级", "疑似闲置", "疑似低效"} <= found.keys()


def test_the_workbook_has_them(folder, counted):
    book = openpyxl.load_workbook(folder / "report.xlsx")
    sheet, found = book["专题分级"], {}
    for theme, label, colour, count, _ in sheet.iter_rows(min_row=2):
        title = theme.value.partition("（")[0]
        found.setdefault(title, {})[label.value] = ("#" + colour.fill.fgColor.rgb[2:].lower(), count.value)
    assert found == counted


@pytest.mark.parametrize("column", ["亩均税收（万元/亩）", "投资强度（万元/亩）", "等级", "疑似闲置", "供地状态"])
def test_cells_of_the_workbook_have_the_colours_of_the_map(folder, counted, column):
    """Every rule of the column, evaluated here on the cells that it covers."""
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["宗地"]
    at = next(cell.column_letter for cell in sheet[1] if cell.value == column)
    values = [sheet[f"{at}{r}"].value for r in range(2, sheet.max_row + 1)]
    found = {}
    for area, formats in sheet.conditional_formatting._cf_rules.items():
        if str(area.sqref).startswith(f"{at}2:"):
            for rule in formats:
                taken = sum(holds(rule.formula[0], f"{at}2", value) for value in values)
                found["#" + rule.dxf.fill.bgColor.rgb[2:].lower()] = taken
    expected = dict(counted[column.partition("（")[0]].values())
    if column == "疑似闲置":  # the cell says 无法判断, which is no class of the map
        expected["#ececec"] = 0
    assert found == expected


def holds(formula, cell, value):
    python = formula.replace(f"ISNUMBER({cell})", str(isinstance(value, (int, float))))
    if "AND(" in python and not isinstance(value, (int, float)):
        return False
    literal = '""' if value is None else json.dumps(value, ensure_ascii=False)
    python = python.replace(cell, literal).replace("<>", "!=")
    python = re.sub(r"(?<![<>!=])=(?!=)", "==", python)
    return bool(eval(re.sub(r"^AND\((.*)\)$", r"all([\1])", python)))


def test_grades_of_land_by_hand():
    parcels = pd.DataFrame({"source_row": [1, 2, 3, 4, 5]}, index=list("abcde"))
    enterprises = pd.DataFrame({"enterprise_id": ["x", "y", "z", "w"], "grade": ["A", "B", None, "A"]})
    links = pd.DataFrame({"parcel_row": [1, 2, 2, 3, 4, 4, 4], "enterprise_id": ["x", "x", "y", "z", "x", "w", "z"]})
    grades = land_grades(parcels, enterprises, links)
    assert grades.fillna("-").to_dict() == {"a": "A", "b": "several", "c": "-", "d": "A", "e": "-"}


def test_a_question_that_does_not_concern_a_parcel_is_no_missing_answer():
    frame = pd.DataFrame(
        {
            "standard_land_conform": pd.array([True, False, None, None], dtype="boolean"),
            "standard_land_conform_missing": ["", "", "tax_per_mu", ""],
            "idle_status": ["not_idle", "unknown", "idle_1y", "not_due"],
        }
    )
    made = themed(frame)
    assert made["standard_land_conform"].fillna("-").tolist() == ["yes", "no", "-", "not_concerned"]
    assert made["idle_status"].fillna("-").tolist() == ["not_idle", "-", "idle_1y", "not_due"]


def test_bands_of_the_project_are_the_bands_of_the_map():
    frame = pd.DataFrame({"tax_per_mu": [0.0, 2.9, 3.0, np.nan], "tax_wan": 1.0, "area_mu": 1.0})
    theme = run_themes(frame, settings=MapSettings(breaks={"tax_per_mu": (1, 3)}))["tax_per_mu"]
    done = maps.classify(frame, theme)
    assert [row.count for row in done.legend] == [1, 0, 1, 1]
    assert done.no_data.count == 1
