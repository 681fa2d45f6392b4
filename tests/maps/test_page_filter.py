"""The filter of the page and its export, in a real browser: what passes is what passes in pandas."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from maps import CardField, Theme, interactive
from tests.maps.test_interactive import HOSTILE, make_frame, make_page, pixel, place, settle, until

FORMULAS = ["=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "\t=1", "＝1+1", "\r=1"]
TAX = Theme("亩均税收", "ratio", numerator="tax", denominator="mu", breaks=[1.0, 3.0, 6.0], unit="万元/亩")
NEW = Theme("投资强度", "ratio", "per_mu", numerator="money", denominator="mu", breaks=[100.0], unit="万元/亩")
GRADE = Theme("等级", "class", column="grade", classes=list("ABCD"), palette="grade4")


def awkward_frame():
    """Areas that differ and values that are shown as 3.00 but lie just below, at and just above three."""
    frame = make_frame()
    frame["mu"] = np.round(np.linspace(8, 27, len(frame)), 4)
    frame.loc[30:33, ["tax", "mu"]] = [[0.3, 0.1], [44.99, 15.0], [45.0, 15.0], [3 * np.pi, np.pi]]
    frame.loc[3, "mu"] = np.nan
    frame["money"] = np.round(np.linspace(900, 4000, len(frame)), 2)
    frame["per_mu"] = (frame.money / frame.mu).round(1)  # not the quotient: the page must carry it
    frame.loc[12:14, "per_mu"] = np.nan
    frame["long"] = [f"37091100100100{i:05d}" for i in range(len(frame))]
    frame["memo"] = [FORMULAS[i] if i < len(FORMULAS) else f'第{i}宗，"备注"\n第二行' for i in range(len(frame))]
    frame.loc[20:22, "memo"] = ["-5", "+3.25", None]
    return frame


def filter_page(frame, **changes):
    card = [
        CardField("code", "宗地代码"),
        CardField("long", "不动产单元"),
        CardField("mu", "面积", "亩", 4),
        CardField("tax", "税收", "万元", 2),
        CardField("memo", "备注"),
        CardField("name", "权利人"),
        CardField("grade", "等级", words={"A": HOSTILE[4]}),
        CardField("owner", "理由", prose=True),
    ]
    given = {"themes": [TAX, NEW, GRADE], "label": "name", "card": card, "area": "mu", "title": "筛选/" + HOSTILE[1]}
    return interactive(frame, **(given | changes))


def passing(tab):
    rows = [[cell.inner_text() for cell in row.locator("td").all()] for row in tab.locator("#passing tr").all()]
    return dict(rows)


def wait_for_count(tab, count):
    until(
        tab,
        "n => document.querySelector('#passing td.number').textContent.split(' / ')[0] === String(n)",
        arg=int(count),
    )


def expected(frame, rows):
    """The figures of the filter panel by pandas, for the tax theme."""
    known = frame.tax.notna() & (frame.mu > 0)
    top, bottom = frame.tax[rows & known].sum(), frame.mu[rows & known].sum()
    return {
        "符合条件（宗）": f"{rows.sum()} / {len(frame)}",
        "面积（亩）": f"{frame.mu[rows].sum():,.1f}",
        "税收（万元）": f"{top:,.2f}",
        "亩均税收（万元/亩）": f"{top / bottom:,.2f}" if bottom else "—",
    }


@pytest.mark.browser
def test_a_limit_gives_the_count_area_and_sums_of_pandas(visit):
    frame = awkward_frame()
    per_mu = frame.tax / frame.mu
    assert per_mu[30] < 3
    assert per_mu[32] == 3
    tab = visit(filter_page(frame))
    everything = pd.Series(True, index=frame.index)
    assert passing(tab) == expected(frame, everything) | {"其中无数据（宗）": str(per_mu.isna().sum())}
    low, high = tab.locator("#filter .fields input").all()
    for least, most in ((3.0, None), (3.0, 6.0), (None, 3.0), (0.0, None), (per_mu.max(), None), (6.0, 3.0)):
        low.fill("" if least is None else repr(float(least)))
        high.fill("" if most is None else repr(float(most)))
        rows = per_mu.ge(-np.inf if least is None else least) & per_mu.lt(np.inf if most is None else most)
        wait_for_count(tab, rows.sum())
        assert passing(tab) == expected(frame, rows) | {"无数据，未参与（宗）": str(per_mu.isna().sum())}
    tab.locator("#clear").click()
    wait_for_count(tab, len(frame))
    assert low.input_value() == high.input_value() == ""
    assert tab.locator("#clear").is_disabled()


@pytest.mark.browser
def test_what_does_not_pass_is_neither_drawn_nor_hit(visit):
    frame = awkward_frame()
    tab = visit(filter_page(frame))
    tab.locator("#filter .fields input").first.fill("3")
    wait_for_count(tab, (frame.tax / frame.mu).ge(3).sum())
    settle(tab)
    shown = {row: pixel(tab, *place(tab, frame, row))[3] == 255 for row in (6, 30, 31, 32, 33, 50)}
    assert shown == {6: False, 30: False, 31: False, 32: True, 33: True, 50: True}
    tab.mouse.click(*place(tab, frame, 31))
    assert tab.locator("#card").is_hidden()
    tab.mouse.click(*place(tab, frame, 32))
    tab.wait_for_selector("#card:not([hidden])")
    tab.locator("#search").fill("示例31机械")
    until(tab, "() => document.querySelector('#results').textContent.includes('已被筛选隐去')")
    tab.locator("#results tr").click()
    until(tab, "t => document.querySelector('#card h3').textContent === t", arg=frame.name[31])


@pytest.mark.browser
def test_far_away_only_what_passes_is_summed(visit):
    frame = awkward_frame()
    tab = visit(filter_page(frame))
    tab.evaluate("Maps.app.map.setZoom(8, {animate: false})")
    settle(tab)
    script = """() => { let seen = 0;
        for (const canvas of Maps.app.layer.getContainer().querySelectorAll('canvas')) {
            const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 3; i < d.length; i += 4) seen += d[i] > 0; }
        return seen; }"""
    assert tab.evaluate(script) > 0
    tab.locator("#filter .fields input").first.fill("1e9")
    wait_for_count(tab, 0)
    settle(tab)
    assert tab.evaluate(script) == 0


@pytest.mark.browser
def test_handles_move_by_keyboard_and_mouse_and_never_cross(visit):
    frame = awkward_frame()
    per_mu = frame.tax / frame.mu
    tab = visit(filter_page(frame))
    low, high = tab.locator("#filter .handles input").all()
    fields = tab.locator("#filter .fields input").all()
    low.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    least = float(fields[0].input_value())
    wait_for_count(tab, per_mu.ge(least).sum())
    assert low.get_attribute("aria-valuetext") == f"≥ {fields[0].input_value()}"
    box = high.bounding_box()
    tab.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    tab.mouse.up()
    most = float(fields[1].input_value())
    assert least < most < per_mu.max()
    wait_for_count(tab, (per_mu.ge(least) & per_mu.lt(most)).sum())
    high.focus()
    tab.keyboard.press("Home")
    assert float(fields[1].input_value()) > least
    low.focus()
    tab.keyboard.press("Home")
    assert fields[0].input_value() == ""


@pytest.mark.browser
def test_limits_of_two_themes_and_ticked_classes_hold_together(visit):
    frame = awkward_frame()
    per_mu = frame.tax / frame.mu
    tab = visit(filter_page(frame))
    tab.locator("#filter .fields input").first.fill("1")
    tab.locator(".themes label").nth(1).click()
    until(
        tab, "() => document.querySelector('#filter .handles input').getAttribute('aria-label').startsWith('投资强度')"
    )
    assert tab.locator("#filter .fields input").first.input_value() == ""
    limit = float(frame.per_mu.dropna().iloc[30])
    tab.locator("#filter .fields input").nth(1).fill(repr(limit))
    rows = per_mu.ge(1) & frame.per_mu.lt(limit)
    wait_for_count(tab, rows.sum())
    assert passing(tab)["无数据，未参与（宗）"] == str((per_mu.isna() | frame.per_mu.isna()).sum())
    assert tab.locator(".chips button").all_inner_texts() == ["亩均税收 ≥ 1 ×", f"投资强度 < {limit:,} ×"]
    tab.locator("#filter summary").click()
    tab.locator("#filter details label", has_text="B").click()
    tab.locator("#filter details label", has_text="无数据").click()
    rows &= frame.grade.eq("B") | frame.grade.isna()
    wait_for_count(tab, rows.sum())
    settle(tab)
    drawn = [pixel(tab, *place(tab, frame, row))[3] == 255 for row in range(58)]
    assert drawn == rows[:58].tolist()
    tab.locator(".themes label").nth(2).click()
    until(tab, "() => document.querySelector('.limits').hidden")
    assert set(passing(tab)) == {"符合条件（宗）", "面积（亩）", "无数据，未参与（宗）"}
    tab.locator(".chips button").first.click()
    rows = frame.per_mu.lt(limit) & (frame.grade.eq("B") | frame.grade.isna())
    wait_for_count(tab, rows.sum())


@pytest.mark.browser
def test_a_theme_for_the_filter_alone(visit):
    frame = awkward_frame()
    owner = Theme("业主", "class", column="owner")
    tab = visit(filter_page(frame, themes=[TAX], filters=[owner]))
    assert tab.locator("#filter summary").all_inner_texts() == ["业主"]
    tab.locator("#filter summary").click()
    tab.locator("#filter details label", has_text="业主3").click()
    wait_for_count(tab, frame.owner.eq("业主3").sum())


@pytest.mark.browser
def test_the_export_is_the_frame_and_runs_nothing(visit):
    frame = awkward_frame()
    tab = visit(filter_page(frame))
    per_mu = frame.tax / frame.mu
    for rows in (pd.Series(True, index=frame.index), per_mu.ge(2)):
        if not rows.all():
            tab.locator("#filter .fields input").first.fill("2")
            wait_for_count(tab, rows.sum())
        with tab.expect_download() as download:
            tab.locator("#export").click()
        assert download.value.suggested_filename.endswith("_筛选.csv")
        assert download.value.suggested_filename.startswith("筛选_某")
        raw = download.value.path().read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        head, *lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        assert head == ["宗地代码", "不动产单元", "面积（亩）", "税收（万元）", "备注", "权利人", "等级"]
        wanted = frame[rows].sort_values("name", key=lambda s: s.map(lambda t: t.encode("utf-16-be")))
        assert [line[0] for line in lines] == wanted.code.tolist()
        assert [line[1] for line in lines] == [f"{code}\t" for code in wanted.long]
        assert [line[3] for line in lines] == ["" if pd.isna(t) else f"{t:.2f}" for t in wanted.tax]
        assert [line[2] for line in lines] == ["" if pd.isna(t) else f"{t:.4f}" for t in wanted.mu]
        guarded = [f"'{t}" if t in FORMULAS else "" if pd.isna(t) else t for t in wanted.memo]
        assert [line[4] for line in lines] == guarded
        assert [line[5] for line in lines] == wanted.name.tolist()
        assert [line[6] for line in lines] == wanted.grade.replace({"A": HOSTILE[4]}).fillna("").tolist()


@pytest.mark.browser
def test_prose_stands_under_its_own_heading_as_text(visit):
    frame = awkward_frame()
    frame["owner"] = "第一条\n" + HOSTILE[0]
    tab = visit(filter_page(frame))
    tab.mouse.click(*place(tab, frame, 20))
    tab.wait_for_selector("#card:not([hidden])")
    assert tab.locator("#card h4").all_inner_texts() == ["理由"]
    assert tab.locator("#card .prose p").all_text_contents() == ["第一条", HOSTILE[0]]
    assert "理由" not in tab.locator("#card table").inner_text()
    frame.loc[21, "owner"] = None
    tab = visit(filter_page(frame))
    tab.mouse.click(*place(tab, frame, 21))
    tab.wait_for_selector("#card:not([hidden])")
    assert tab.locator("#card h4").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_phone_filter_fits_and_works(visit, lang):
    frame = awkward_frame()
    tab = visit(filter_page(frame, lang=lang), size=(360, 740))
    tab.locator("#filter summary").click()
    tab.locator("#filter details label").nth(1).click()
    rows = frame.grade.eq("B")
    until(tab, "n => document.querySelector('#passing td.number').textContent.startsWith(n)", arg=f"{rows.sum()} ")
    tab.locator("#filter .fields input").first.fill("1")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert tab.locator("#export").is_visible()
    words = {"zh": "无数据，未参与（宗）", "en": "without data, left out"}
    until(tab, "t => document.querySelector('#passing').textContent.includes(t)", arg=words[lang])


@pytest.mark.browser
def test_a_hidden_class_of_the_legend_and_the_filter_do_not_mix(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    tab.locator("table.legend tr.go").first.click()
    assert passing(tab)["符合条件（宗）"] == f"{len(frame)} / {len(frame)}"
    assert tab.evaluate("Maps.app.mask") is None
