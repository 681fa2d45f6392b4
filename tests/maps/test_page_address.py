"""The address of a page leads to one row or zone of it, in a real browser."""

import pytest

from tests.maps.test_interactive import HOSTILE, make_frame, make_page, until


@pytest.mark.browser
def test_the_code_behind_the_address_opens_its_card(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    assert tab.locator("#card").is_hidden()
    tab.evaluate("code => { location.hash = 'parcel=' + encodeURIComponent(code); }", frame["name"][7])
    until(tab, "name => (document.querySelector('#card h3') || {}).textContent === name", arg=frame["name"][7])
    zoom = tab.evaluate("Maps.app.map.getZoom()")
    tab.evaluate("Maps.app.close()")
    # An address that names nothing, half a name or a broken text opens nothing and breaks nothing.
    for text in ("parcel=", "parcel=nothing", f"parcel={frame['name'][7][:2]}", "parcel=%E0%A4%A", "tk=abc", ""):
        tab.evaluate("text => { location.hash = text; }", text)
        tab.wait_for_timeout(50)
        assert tab.evaluate("Maps.app.selected") == -1
    assert tab.evaluate("Maps.app.map.getZoom()") == zoom


@pytest.mark.browser
def test_a_page_that_is_opened_with_a_code_starts_there(visit):
    """The same page again, now with the code in its address from the start, beside another key."""
    frame = make_frame()
    tab = visit(make_page(frame))
    tab.evaluate("code => history.replaceState(null, '', '#tk=x&parcel=' + encodeURIComponent(code))", frame["name"][3])
    tab.evaluate("Maps.address(Maps.app)")
    until(tab, "name => (document.querySelector('#card h3') || {}).textContent === name", arg=frame["name"][3])


@pytest.mark.browser
def test_a_hostile_code_is_only_compared(visit):
    tab = visit(make_page(make_frame()))
    for text in HOSTILE:
        tab.evaluate("text => { location.hash = 'zone=' + encodeURIComponent(text); }", text)
        tab.wait_for_timeout(30)
    assert tab.evaluate("typeof window.HIT") == "undefined"
