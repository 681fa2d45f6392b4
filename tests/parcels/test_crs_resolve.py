"""The decision for a layer: what is taken, what is assumed and said, what is refused and why."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from parcels.crs.resolve import resolve, to_crs
from parcels.errors import CrsError
from parcels.ledger import Ledger

PREFIXED = (39512345.0, 4012345.0, 39513000.0, 4013000.0)
PLAIN = (512345.0, 4012345.0, 513000.0, 4013000.0)
DEGREES = (117.1, 36.1, 117.2, 36.2)
LOCAL = (12345.0, 54321.0, 13000.0, 55000.0)


def swap(box):
    return (box[1], box[0], box[3], box[2])


def esri(code):
    return CRS.from_epsg(code).to_wkt("WKT1_ESRI")


def decide(bounds, text=None, origin=None, **options):
    ledger = Ledger(lang="en")
    origin = origin or (None if text is None else "prj")
    result = resolve(bounds, crs_text=text, crs_origin=origin, source="宗地.shp", ledger=ledger, **options)
    return result, ledger


def refused(code, bounds, text=None, origin=None, **options):
    with pytest.raises(CrsError) as caught:
        decide(bounds, text, origin, **options)
    assert caught.value.code == code
    assert caught.value.place["file"] == "宗地.shp"
    for lang in ("zh", "en"):
        assert all(caught.value.part(part, lang) for part in ("what", "expected", "todo"))
    return caught.value


def codes(ledger):
    return ledger.frame()["code"].tolist()


# ------------------------------------------------------------------------------------------------- no .prj


def test_zone_number_without_prj():
    result, ledger = decide(PREFIXED)
    assert result.crs.to_epsg() == 4527
    assert (result.swap_axes, result.pipeline, result.origin) == (False, None, "numbers")
    row = ledger.frame().iloc[0]
    assert (row["code"], row["severity"], row["source"]) == ("crs-inferred", "warning", "宗地.shp")
    assert "assumed" in row["message"]
    assert "CGCS2000" in row["message"]
    decision = ledger.decisions[0]
    assert decision.topic == "crs"
    assert "EPSG:4527" in str(decision.value)
    assert any("zone number 39" in line for line in decision.evidence)
    assert any("CGCS2000 is assumed" in line for line in decision.evidence)


def test_stated_datum_is_no_assumption():
    result, ledger = decide(PREFIXED, datum="cgcs2000")
    assert result.crs.to_epsg() == 4527
    assert codes(ledger) == ["crs-inferred-zone"]
    assert ledger.count("warning") == 0


def test_no_zone_number_names_all_candidates():
    problem = refused("crs-zone-unknown", PLAIN)
    for lang in ("zh", "en"):
        text = problem.render(lang)
        assert all(f"EPSG:{code}" in text for code in range(4534, 4555))
        assert all(f"{lon0}°E" in text for lon0 in range(75, 136, 3))
        assert all(f"EPSG:{code}" in text for code in range(4502, 4513))
        assert "21" in text
        assert "11" in text


def test_zone_candidates_of_the_stated_datum():
    text = refused("crs-zone-unknown", PLAIN, datum="xian80").part("expected", "en")
    assert all(f"EPSG:{code}" in text for code in range(2370, 2391))
    assert "EPSG:45" not in text


@pytest.mark.parametrize("box", [DEGREES, swap(DEGREES)])
def test_degrees_without_prj_ask_for_the_datum(box):
    text = refused("crs-degrees-datum", box).render("en")
    assert all(f"EPSG:{code}" in text for code in (4490, 4326, 4610, 4214))


@pytest.mark.parametrize(("datum", "epsg"), [("cgcs2000", 4490), ("wgs84", 4326)])
def test_degrees_with_stated_datum(datum, epsg):
    result, ledger = decide(swap(DEGREES), datum=datum)
    assert result.crs.to_epsg() == epsg
    assert result.swap_axes
    assert set(codes(ledger)) == {"crs-datum-stated", "crs-axes-swapped"}


def test_geojson_default():
    result, ledger = decide(DEGREES, "OGC:CRS84", "default")
    assert result.crs.to_epsg() == 4326
    assert result.origin == "default"
    assert codes(ledger) == ["crs-default-used"]
    assert ledger.count("info") == 1


def test_geojson_default_over_plane_coordinates_is_not_believed():
    result, ledger = decide(PREFIXED, "OGC:CRS84", "default")
    assert result.crs.to_epsg() == 4527
    assert codes(ledger) == ["crs-default-not-believed", "crs-inferred"]
    refused("crs-zone-unknown", PLAIN, "OGC:CRS84", "default")


def test_other_refusals_without_prj():
    assert "12345" in refused("crs-local", LOCAL).render("en")
    refused("crs-mixed-zones", (38999000, 4e6, 40001000, 4.1e6))
    refused("crs-no-coordinates", (math.nan,) * 4)
    refused("crs-web-mercator", (12980000, 4318000, 12990000, 4319000))
    text = refused("crs-web-mercator", (13512345, 4318000, 13513000, 4319000)).render("en")
    assert "EPSG:4491" in text
    assert "EPSG:3857" in text
    refused("crs-datum-unknown", PREFIXED, datum="cgcs")


def test_swapped_axes_are_reported():
    result, ledger = decide(swap(PREFIXED))
    assert result.crs.to_epsg() == 4527
    assert result.swap_axes
    row = ledger.frame().query("code == 'crs-axes-swapped'").iloc[0]
    assert row["before"] == "x 4012345, y 39512345"
    assert row["after"] == "x 39512345, y 4012345"


# ----------------------------------------------------------------------------------------------- with .prj


@pytest.mark.parametrize(
    ("code", "bounds"),
    [(4527, PREFIXED), (4548, PLAIN), (4490, DEGREES), (4498, (20512345, 4e6, 20513000, 4.1e6))],
)
def test_a_good_prj_is_taken_quietly(code, bounds):
    result, ledger = decide(bounds, esri(code))
    assert result.crs == CRS.from_epsg(code)
    assert not result.swap_axes
    assert len(ledger) == 0
    assert ledger.decisions[0].value == f"EPSG:{code} {CRS.from_epsg(code).name}"


def test_empty_layer_takes_the_prj():
    result, ledger = decide((math.nan,) * 4, esri(4527))
    assert result.crs.to_epsg() == 4527
    assert len(ledger) == 0


@pytest.mark.parametrize(
    ("stated", "bounds", "used"),
    [
        (4527, PLAIN, 4548),
        (4548, PREFIXED, 4527),
        (4509, PREFIXED, 4527),
        (4498, PLAIN, 4509),
        (4548, (20512345, 4e6, 20513000, 4.1e6), 4498),
        (4527, swap(PLAIN), 4548),
    ],
)
@pytest.mark.parametrize("who", ["file", "declared"])
def test_prefix_mismatch_takes_the_twin(stated, bounds, used, who):
    options = {"declared": f"EPSG:{stated}"} if who == "declared" else {}
    result, ledger = decide(bounds, None if options else esri(stated), **options)
    assert result.crs.to_epsg() == used
    assert result.swap_axes == (bounds == swap(PLAIN))
    row = ledger.frame().query("code == 'crs-prefix-mismatch'").iloc[0]
    assert row["severity"] == "warning"
    assert f"EPSG:{stated}" in row["before"]
    assert f"EPSG:{used}" in row["after"]


def test_twin_of_old_datums():
    result, _ = decide(PLAIN, esri(2363), datum_shift="ignore")
    assert result.crs.to_epsg() == 2384


@pytest.mark.parametrize(
    ("code", "bounds"),
    [(4528, PREFIXED), (4549, PREFIXED), (4527, DEGREES), (4548, LOCAL), (4490, PREFIXED), (3857, PREFIXED)],
)
def test_a_crs_that_cannot_hold_the_numbers(code, bounds):
    text = refused("crs-does-not-fit", bounds, esri(code)).render("en")
    assert f"EPSG:{code}" in text
    assert f"{bounds[0]:.10g}" in text


def test_mixed_zones_with_prj():
    text = refused("crs-mixed-zones", (38999000, 4e6, 40001000, 4.1e6), esri(4527)).render("en")
    assert "38, 40" in text


def test_outside_the_strip():
    _, ledger = decide((39712345, 4012345, 39713000, 4013000), esri(4527))
    assert codes(ledger) == ["crs-outside-strip"]
    assert "213 km" in ledger.frame()["message"].iloc[0]
    # Without zone number the same meridian also serves the 6-degree zone, which reaches that far.
    assert len(decide((712345, 4012345, 713000, 4013000), esri(4548))[1]) == 0
    assert codes(decide((712345, 4012345, 713000, 4013000), esri(4549))[1]) == ["crs-outside-strip"]


def test_south_china_sea_without_zone_number():
    result, ledger = decide((512345, 1100000, 513000, 1101000), esri(4546))
    assert result.crs.to_epsg() == 4546
    assert len(ledger) == 0


def test_lying_name_is_reported():
    text = esri(4527).replace("39500000", "500000")
    result, ledger = decide(PLAIN, text)
    assert result.crs.to_epsg() == 4548
    assert codes(ledger) == ["crs-name-lies"]


def test_local_grid_under_an_official_name():
    text = esri(4527).replace("39500000", "3175.49").replace("117.0", "121.5")
    text = text.replace('"False_Northing",0.0', '"False_Northing",-3400000.0')
    result, ledger = decide((12345.0, 54321.0, 13000.0, 55000.0), text)
    assert result.crs.to_epsg() is None
    assert "zone 39" not in result.crs.name
    assert set(codes(ledger)) == {"crs-name-lies", "crs-local-grid"}
    lon, lat = Transformer.from_crs(result.crs, 4490, always_xy=True).transform(3175.49, 54321.0)
    assert lon == pytest.approx(121.5)
    assert 31 < lat < 32


def test_two_against_one_is_refused():
    text = esri(4527).replace("117.0", "120.0")
    assert "EPSG:4527" in refused("crs-contradictory", PREFIXED, text).render("en")
    assert decide(PREFIXED, text, declared="EPSG:4527")[0].crs.to_epsg() == 4527


def test_unknown_datum_name_is_assumed_and_said():
    text = esri(4527).replace("D_China_2000", "D_Unknown_based_on_GRS80_ellipsoid")
    text = text.replace("GCS_China_Geodetic_Coordinate_System_2000", "GCS_unknown")
    result, ledger = decide(PREFIXED, text)
    assert result.crs.to_epsg() == 4527
    assert codes(ledger) == ["crs-datum-assumed"]
    assert len(decide(PREFIXED, text, datum="cgcs2000")[1]) == 0


def test_contradictory_datum_needs_a_word():
    text = (
        esri(4527)
        .replace("D_China_2000", "D_Xian_1980")
        .replace("GCS_China_Geodetic_Coordinate_System_2000", "GCS_Xian_1980")
    )
    refused("crs-datum-contradictory", PREFIXED, text)
    refused("crs-datum-contradictory", PREFIXED, declared=text)
    assert decide(PREFIXED, text, datum="cgcs2000")[0].crs.to_epsg() == 4527


def test_unusable_text_counts_as_none():
    result, ledger = decide(PREFIXED, 'LOCAL_CS["Unknown",UNIT["Meter",1.0]]')
    assert result.crs.to_epsg() == 4527
    assert codes(ledger) == ["crs-text-local", "crs-inferred"]
    assert codes(decide(PREFIXED, "PROJCS[broken")[1]) == ["crs-text-unreadable", "crs-inferred"]
    assert codes(decide(PREFIXED, "  ")[1]) == ["crs-inferred"]
    refused("crs-zone-unknown", PLAIN, 'LOCAL_CS["Unknown",UNIT["Meter",1.0]]')


# -------------------------------------------------------------------------------------------------- declared


@pytest.mark.parametrize("declared", ["EPSG:4548", "4548", 4548, esri(4548), CRS.from_epsg(4548)])
def test_declared_in_any_form(declared):
    result, ledger = decide(PLAIN, declared=declared)
    assert result.crs.to_epsg() == 4548
    assert result.origin == "declared"
    assert len(ledger) == 0


def test_declared_wins_over_the_file_and_says_so():
    result, ledger = decide(PLAIN, esri(4549), declared="EPSG:4548")
    assert result.crs.to_epsg() == 4548
    row = ledger.frame().iloc[0]
    assert row["code"] == "crs-declared-over-file"
    assert "EPSG:4549" in row["before"]
    assert "EPSG:4548" in row["after"]
    assert len(decide(PLAIN, esri(4509), declared="EPSG:4548")[1]) == 0  # the same plane


def test_declared_nonsense():
    refused("crs-unreadable", PLAIN, declared="zone 39")
    refused("crs-unreadable", PLAIN, declared='LOCAL_CS["a",UNIT["Meter",1.0]]')
    refused("crs-datum-conflict", PREFIXED, declared="EPSG:4527", datum="xian80")


def test_declared_local_grid():
    text = "+proj=tmerc +lat_0=0 +lon_0=117.0833333333 +k=1 +x_0=500000 +ellps=GRS80 +units=m"
    result, ledger = decide(PLAIN, declared=text)
    assert result.identity.kind == "local"
    assert len(ledger) == 0


def test_other_countries_pass():
    for code, box in ((26986, (230000, 900000, 235000, 905000)), (4326, (-71.2, 42.3, -71.0, 42.4))):
        result, ledger = decide(box, esri(code))
        assert result.crs.to_epsg() == code
        assert not result.swap_axes
        assert len(ledger) == 0
    text = refused("crs-does-not-fit", (-71.2, 42.3, -71.0, 42.4), esri(26986)).render("en")
    assert "longitude and latitude" in text
    _, ledger = decide((2300000, 9000000, 2350000, 9050000), esri(26986))
    assert codes(ledger) == ["crs-outside-area"]


# ----------------------------------------------------------------------------------------------- datum shift

SEVEN = {"dx": 100.0, "dy": -50.0, "dz": -20.0, "rx": 1.1, "ry": -0.9, "rz": 2.3, "scale_ppm": -1.5}


def bursa(lon, lat, a, rf, values, sign):
    """Seven parameters written out: geocentric, rotate and scale, back by iteration. Angles in degrees."""
    f = 1 / rf
    e2 = f * (2 - f)
    lam, phi = math.radians(lon), math.radians(lat)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    xyz = np.array([n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)])
    rx, ry, rz = (math.radians(values[k] / 3600) * sign for k in ("rx", "ry", "rz"))
    turn = np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])
    x, y, z = np.array([values["dx"], values["dy"], values["dz"]]) + (1 + values["scale_ppm"] * 1e-6) * turn @ xyz
    f2 = 1 / 298.257222101
    e2 = f2 * (2 - f2)
    p, phi = math.hypot(x, y), math.atan2(z, math.hypot(x, y) * (1 - e2))
    for _ in range(10):
        n = 6378137.0 / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + e2 * n * math.sin(phi), p)
    return math.degrees(math.atan2(y, x)), math.degrees(phi)


@pytest.mark.parametrize(
    ("code", "bounds", "a", "rf", "target"),
    [
        (2363, PREFIXED, 6378140.0, 298.257, 4527),
        (2384, PLAIN, 6378140.0, 298.257, 4548),
        (2415, PREFIXED, 6378245.0, 298.3, 4527),
        (4610, DEGREES, 6378140.0, 298.257, 4490),
    ],
)
@pytest.mark.parametrize(("convention", "sign"), [("position_vector", 1), ("coordinate_frame", -1)])
def test_seven_parameters(code, bounds, a, rf, target, convention, sign):
    result, ledger = decide(bounds, esri(code), datum_shift={**SEVEN, "convention": convention})
    assert result.crs.to_epsg() == target
    assert codes(ledger) == ["crs-shifted"]
    assert any("helmert" in line for line in ledger.decisions[0].evidence)
    point = shapely.Point(bounds[0], bounds[1])
    moved = result.apply(np.array([point, None], dtype=object))
    assert moved[1] is None
    base = CRS.from_epsg(code).geodetic_crs
    lon, lat = Transformer.from_crs(code, base, always_xy=True).transform(bounds[0], bounds[1])
    expected = Transformer.from_crs(4490, target, always_xy=True).transform(*bursa(lon, lat, a, rf, SEVEN, sign))
    tolerance = 1e-8 if target == 4490 else 1e-3
    assert (moved[0].x, moved[0].y) == pytest.approx(expected, abs=tolerance, rel=0)


def test_three_parameters():
    result, _ = decide(PLAIN, esri(2384), datum_shift={"dx": 5, "dy": 6, "dz": 7, "convention": "position_vector"})
    assert result.crs.to_epsg() == 4548


def test_four_parameters_in_the_plane():
    # 10" counter-clockwise, scale 1 + 2e-6, worked out by hand for E = 512345, N = 4012345.
    given_values = {"dx": 190.0, "dy": -20.0, "rotation": 10.0, "scale": 1.000002}
    angle = math.radians(10 / 3600)
    east = 190 + 1.000002 * (512345 * math.cos(angle) - 4012345 * math.sin(angle))
    north = -20 + 1.000002 * (512345 * math.sin(angle) + 4012345 * math.cos(angle))
    result, _ = decide(PLAIN, esri(2384), datum_shift=given_values)
    moved = result.apply(np.array([shapely.Point(512345, 4012345)], dtype=object))[0]
    assert (moved.x, moved.y) == pytest.approx((east, north), abs=1e-6, rel=0)
    # The same parameters, found without zone number, over coordinates with it.
    refused("crs-shift-keys", PREFIXED, esri(2363), datum_shift=given_values)
    result, _ = decide(PREFIXED, esri(2363), datum_shift={**given_values, "prefix": False})
    moved = result.apply(np.array([shapely.Point(39512345, 4012345)], dtype=object))[0]
    assert (moved.x, moved.y) == pytest.approx((39e6 + east, north), abs=1e-6, rel=0)
    assert result.crs.to_epsg() == 4527
    refused("crs-shift-result", PREFIXED, esri(2363), datum_shift={**given_values, "prefix": True})


def test_pipeline_text():
    result, ledger = decide(PLAIN, esri(2384), datum_shift="+proj=affine +xoff=1 +yoff=-2")
    moved = result.apply(np.array([shapely.Point(512345, 4012345)], dtype=object))[0]
    assert (moved.x, moved.y) == (512346, 4012343)
    assert result.pipeline in " ".join(ledger.decisions[0].evidence)


def test_no_silent_datum_shift():
    for code, name in ((2363, "Xian 1980"), (2415, "Beijing 1954")):
        text = refused("crs-datum-shift", PREFIXED, esri(code)).render("en")
        assert name in text
        assert "ignore" in text
        assert "convention" in text
    refused("crs-datum-shift", PREFIXED, datum="xian80")
    result, ledger = decide(PREFIXED, esri(2363), datum_shift="ignore")
    assert result.crs.to_epsg() == 2363
    assert result.pipeline is None
    row = ledger.frame().iloc[0]
    assert (row["code"], row["severity"]) == ("crs-shift-ignored", "warning")
    assert "100 m" in row["message"]


@pytest.mark.parametrize(
    "bad",
    [
        SEVEN,
        {**SEVEN, "convention": "bursa"},
        {"dx": 1, "dy": 2, "convention": "position_vector"},
        {"dx": 1, "dy": 2, "dz": 3, "rx": 0.1, "convention": "position_vector"},
        {**SEVEN, "convention": "position_vector", "s": 1},
        {**SEVEN, "dx": "100", "convention": "position_vector"},
        {"dx": 1, "dy": 2, "rotation": 0, "scale": math.nan},
        {"dx": 1, "dy": 2, "scale": 1.0},
        "+proj=nonsense",
        {},
    ],
)
def test_incomplete_parameters(bad):
    refused("crs-shift-keys", PLAIN, esri(2384), datum_shift=bad)


def test_wrong_units_are_caught():
    # scale given in ppm where a factor belongs, translation in millimetres
    refused("crs-shift-result", PLAIN, esri(2384), datum_shift={"dx": 1, "dy": 2, "rotation": 0, "scale": 1.01})
    huge = {**SEVEN, "dx": 100000.0, "convention": "position_vector"}
    refused("crs-shift-result", PLAIN, esri(2384), datum_shift=huge)


def test_shift_over_cgcs2000_is_not_used():
    result, ledger = decide(PREFIXED, esri(4527), datum_shift={**SEVEN, "convention": "position_vector"})
    assert result.pipeline is None
    assert codes(ledger) == ["crs-shift-unused"]


def test_stated_datum_over_the_file():
    result, ledger = decide(PREFIXED, esri(2363), datum="cgcs2000")
    assert result.crs.to_epsg() == 4527
    assert codes(ledger) == ["crs-datum-over-file"]


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(*[st.one_of(st.floats(-1e8, 1e8), st.floats(0, 140), st.just(math.nan))] * 4),
    st.sampled_from([None, "EPSG:4527", "EPSG:4548", "EPSG:4490", "EPSG:3857", "EPSG:26986"]),
)
def test_never_anything_but_a_decision_or_a_refusal(values, text):
    west, east = sorted(values[:2])
    south, north = sorted(values[2:])
    try:
        result, ledger = decide((west, south, east, north), text)
    except CrsError as caught:
        problem = caught
    else:
        assert len(ledger.decisions) == 1
        assert result.crs.is_projected or result.crs.is_geographic
        return
    assert problem.part("what", "zh")
    assert problem.part("todo", "en")


# -------------------------------------------------------------------------------------------------- to_crs


def frame(code, *points):
    return gpd.GeoDataFrame({"a": range(len(points))}, geometry=[p and shapely.Point(p) for p in points], crs=code)


def test_to_crs_within_one_plane_moves_nothing():
    ledger = Ledger()
    before = frame(4509, (512345.0, 4012345.0))
    after = to_crs(before, "EPSG:4548", ledger=ledger, source="a")
    assert after.crs.to_epsg() == 4548
    assert before.crs.to_epsg() == 4509
    assert after.geometry.iloc[0].equals(before.geometry.iloc[0])
    assert ledger.decisions == []


def test_to_crs_between_zones_and_equal_datums():
    ledger = Ledger(lang="en")
    before = frame(4527, (39512345.0, 4012345.0), None)
    after = to_crs(before, 4326, ledger=ledger, source="a")
    lon, lat = Transformer.from_crs(4527, 4490, always_xy=True).transform(39512345.0, 4012345.0)
    assert (after.geometry.iloc[0].x, after.geometry.iloc[0].y) == pytest.approx((lon, lat), abs=1e-8)
    assert after.geometry.iloc[1] is None
    assert ledger.decisions[0].topic == "reprojection"
    assert any("taken as equal" in line for line in ledger.decisions[0].evidence)
    assert to_crs(frame(2363, (39512345.0, 4012345.0)), 2364, ledger=ledger, source="a").crs.to_epsg() == 2364


@pytest.mark.parametrize(("here", "there"), [(2363, 4527), (4527, 2363), (2415, 2363), (2415, 4326), (4490, 4214)])
def test_to_crs_refuses_old_datums(here, there):
    with pytest.raises(CrsError) as caught:
        to_crs(frame(here, (39512345.0, 4012345.0)), there, ledger=Ledger(), source="a.shp")
    assert caught.value.code == "crs-datum-shift"


def test_to_crs_other_refusals():
    with pytest.raises(CrsError) as caught:
        to_crs(frame(None, (1.0, 2.0)), 4527, ledger=Ledger(), source="a")
    assert caught.value.code == "crs-missing"
    with pytest.raises(CrsError) as caught:
        to_crs(frame(4548, (39512345.0, 4012345.0)), 4549, ledger=Ledger(), source="a")
    assert caught.value.code == "crs-not-finite"
    assert caught.value.params["count"] == 1
