"""CRS identity by parameters: every national code, renamed and lying definitions, other systems."""

import re

import pyproj
import pytest
from pyproj import CRS

from parcels.crs.identity import gauss_kruger_epsg, identify, same_plane
from parcels.errors import CrsError

# Ranges as the EPSG dataset has them, written down here once more and not read from the program's table.
RANGES = {
    ("cgcs2000", 6, True): (4491, 4501),
    ("cgcs2000", 6, False): (4502, 4512),
    ("cgcs2000", 3, True): (4513, 4533),
    ("cgcs2000", 3, False): (4534, 4554),
    ("xian80", 6, True): (2327, 2337),
    ("xian80", 6, False): (2338, 2348),
    ("xian80", 3, True): (2349, 2369),
    ("xian80", 3, False): (2370, 2390),
    ("beijing54", 6, True): (21413, 21423),
    ("beijing54", 6, False): (21453, 21463),
    ("beijing54", 3, True): (2401, 2421),
    ("beijing54", 3, False): (2422, 2442),
}
CODES = [
    (datum, width, prefix, first + step, 75 + step * width)
    for (datum, width, prefix), (first, last) in RANGES.items()
    for step in range(last - first + 1)
]
TWINS = [("beijing54", 6, False, 21473 + step, 75 + 6 * step) for step in range(11)]

GCS = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def prj(name, fe, cm, *, gcs=GCS, projection="Gauss_Kruger", k=1.0, fn=0.0, lat0=0.0):
    """A .prj as ArcGIS writes it."""
    return (
        f'PROJCS["{name}",{gcs},PROJECTION["{projection}"],PARAMETER["False_Easting",{fe}],'
        f'PARAMETER["False_Northing",{fn}],PARAMETER["Central_Meridian",{cm}],PARAMETER["Scale_Factor",{k}],'
        f'PARAMETER["Latitude_Of_Origin",{lat0}],UNIT["Meter",1.0]]'
    )


def renamed(wkt, name, projection):
    wkt = re.sub(r'^PROJCS\["[^"]*"', f'PROJCS["{name}"', wkt)
    return re.sub(r'PROJECTION\["[^"]*"\]', f'PROJECTION["{projection}"]', wkt)


def test_there_are_192_codes():
    assert len(CODES) == 192
    assert len({code for *_, code, _ in CODES}) == 192


@pytest.mark.parametrize(("datum", "width", "prefix", "code", "lon0"), CODES + TWINS)
def test_every_national_code_is_known_from_its_esri_text(datum, width, prefix, code, lon0):
    for text in (CRS.from_epsg(code).to_wkt("WKT1_ESRI"), CRS.from_epsg(code)):
        found = identify(text)
        assert found.epsg == code
        assert found.crs == CRS.from_epsg(code)
        assert (found.kind, found.datum, found.width, found.lon0, found.prefix) == (
            "gauss_kruger",
            datum,
            width,
            lon0,
            prefix,
        )
        assert found.zone == (lon0 // 3 if width == 3 else (lon0 + 3) // 6)
        assert found.official_name
        assert not found.name_lies
        assert not found.datum_assumed


@pytest.mark.parametrize(("datum", "width", "prefix", "code", "lon0"), CODES + TWINS)
def test_names_do_not_matter(datum, width, prefix, code, lon0):
    name = ("unnamed", "国家2000_39带", "CGCS2000_39", "Transverse_Mercator")[code % 4]
    projection = ("Transverse_Mercator", "Gauss_Kruger")[code % 3 == 0]
    found = identify(renamed(CRS.from_epsg(code).to_wkt("WKT1_ESRI"), name, projection))
    # Without zone number, 3- and 6-degree zones on one meridian are one plane: the 3-degree code stands.
    expected = code if prefix else RANGES[datum, 3, False][0] + (lon0 - 75) // 3
    assert found.epsg == expected
    assert found.lon0 == lon0
    assert found.prefix == prefix
    assert not found.official_name
    assert not found.name_lies
    assert same_plane(found.crs, CRS.from_epsg(code))


@pytest.mark.parametrize(("datum", "width", "prefix", "code", "lon0"), CODES)
def test_gauss_kruger_epsg(datum, width, prefix, code, lon0):
    assert gauss_kruger_epsg(datum, width=width, lon0=lon0, prefix=prefix) == code


def test_gauss_kruger_epsg_off_the_zones():
    assert gauss_kruger_epsg("cgcs2000", width=3, lon0=118, prefix=True) is None
    assert gauss_kruger_epsg("cgcs2000", width=3, lon0=138, prefix=True) is None
    assert gauss_kruger_epsg("cgcs2000", width=6, lon0=72, prefix=True) is None
    assert gauss_kruger_epsg("wgs84", width=3, lon0=117, prefix=True) is None


@pytest.mark.parametrize(
    ("fe", "fn", "cm", "lat0", "k"),
    [
        (3175.49, -26091.448, 121.5, 31.0, 1.0),
        (700000.0, 0.0, 117.0, 0.0, 1.0),
        (11038.0, -2486635.0, 114.0, 0.0, 1.0),
        (500000.0, 0.0, 117.0, 0.0, 1.00002),
        (500000.0, 0.0, 117.08333333, 0.0, 1.0),
        (39500000.0, 0.0, 120.0, 0.0, 1.0),
        (500000.0, 5.0, 117.0, 0.0, 1.0),
    ],
)
@pytest.mark.parametrize("name", ["CGCS2000_3_Degree_GK_Zone_39", "CGCS2000_3_Degree_GK_CM_117E", "Tai_An_Local"])
def test_local_grids_are_not_believed_by_name(name, fe, fn, cm, lat0, k):
    found = identify(prj(name, fe, cm, fn=fn, lat0=lat0, k=k), lang="en")
    official = name != "Tai_An_Local"
    assert found.epsg is None
    assert found.kind == "local"
    assert found.datum == "cgcs2000"
    assert (found.official_name, found.name_lies) == (official, official)
    text = " ".join(found.evidence)
    assert "local grid" in text
    assert ("not believed" in text) == official
    # The parameters survive, the false name does not.
    values = {p.name: p.value for p in found.crs.coordinate_operation.params}
    assert values["False easting"] == fe
    assert values["Longitude of natural origin"] == cm
    assert "Gauss-Kruger zone" not in found.crs.name


def test_a_name_with_another_false_easting_is_overruled():
    found = identify(prj("CGCS2000_3_Degree_GK_Zone_39", 500000.0, 117.0))
    assert (found.epsg, found.official_name, found.name_lies, found.named_epsg) == (4548, True, True, 4527)


@pytest.mark.parametrize(
    ("gcs", "datum"),
    [("GCS_CGCS_2000|D_CGCS_2000", "D_CGCS_2000"), ("国家大地2000|国家2000", "国家2000")],
)
def test_renamed_geographic_part(gcs, datum):
    first, second = gcs.split("|")
    text = GCS.replace("GCS_China_Geodetic_Coordinate_System_2000", first).replace("D_China_2000", second)
    assert identify(text).epsg == 4490
    found = identify(prj("x", 40500000.0, 120.0, gcs=text))
    assert (found.epsg, found.datum, found.datum_assumed) == (4528, "cgcs2000", False)


def test_unknown_datum_on_the_ellipsoid_is_assumed_and_said():
    gcs = GCS.replace("GCS_China_Geodetic_Coordinate_System_2000", "GCS_unknown").replace(
        "D_China_2000", "D_Unknown_based_on_GRS80_ellipsoid"
    )
    found = identify(prj("CGCS2000_3_Degree_GK_Zone_39", 39500000.0, 117.0, gcs=gcs), lang="en")
    assert (found.epsg, found.datum_assumed) == (4527, True)
    assert any("does not say which datum" in line for line in found.evidence)


@pytest.mark.parametrize(("name", "code"), [("North_American_1983", 4269), ("ETRS_1989", 4258)])
def test_other_datums_on_the_same_ellipsoid_are_not_cgcs2000(name, code):
    wkt = CRS.from_epsg(code).to_wkt("WKT1_ESRI")
    assert name in wkt
    found = identify(wkt)
    assert (found.epsg, found.datum) == (code, "other")
    projected = identify(prj("x", 39500000.0, 117.0, gcs=wkt))
    assert (projected.epsg, projected.datum, projected.kind) == (None, "other", "projected")


def test_datum_name_against_ellipsoid_is_a_contradiction():
    gcs = GCS.replace("GCS_China_Geodetic_Coordinate_System_2000", "GCS_Xian_1980").replace(
        "D_China_2000", "D_Xian_1980"
    )
    found = identify(prj("Xian_1980_3_Degree_GK_Zone_39", 39500000.0, 117.0, gcs=gcs))
    assert (found.epsg, found.datum, found.name_lies) == (None, "unknown", True)


def test_cgcs2000_written_with_the_wgs84_ellipsoid():
    gcs = GCS.replace("298.257222101", "298.257223563")
    assert identify(prj("x", 39500000.0, 117.0, gcs=gcs)).epsg == 4527


def test_wgs84_zone_has_no_code_but_is_understood():
    gcs = CRS.from_epsg(4326).to_wkt("WKT1_ESRI")
    found = identify(prj("WGS_1984_GK_Zone_39", 39500000.0, 117.0, gcs=gcs))
    assert (found.epsg, found.kind, found.datum, found.zone) == (None, "gauss_kruger", "wgs84", 39)


def test_height_system_is_left_aside():
    vertical = ',VERTCS["Yellow_Sea_1985",VDATUM["Yellow_Sea_1985"],PARAMETER["Vertical_Shift",0.0],'
    text = prj("CGCS2000_3_Degree_GK_Zone_39", 39500000.0, 117.0) + vertical
    text += 'PARAMETER["Direction",1.0],UNIT["Meter",1.0]]'
    found = identify(text)
    assert found.epsg == 4527
    assert not found.crs.is_compound


@pytest.mark.parametrize(
    ("given", "epsg", "kind", "datum"),
    [
        ("EPSG:4490", 4490, "geographic", "cgcs2000"),
        ("4480", 4490, "geographic", "cgcs2000"),
        ("EPSG:4610", 4610, "geographic", "xian80"),
        ("EPSG:4214", 4214, "geographic", "beijing54"),
        ("OGC:CRS84", 4326, "geographic", "wgs84"),
        ("EPSG:4555", 4555, "geographic", "other"),
        ("EPSG:26986", 26986, "projected", "other"),
        ("EPSG:2249", 2249, "projected", "other"),
        ("EPSG:3857", 3857, "projected", "wgs84"),
        ("EPSG:32650", 32650, "projected", "wgs84"),
        ("EPSG:28420", 28420, "projected", "other"),
        ("+proj=tmerc +lon_0=117 +x_0=39500000 +ellps=GRS80", 4527, "gauss_kruger", "cgcs2000"),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 39", 4527, "gauss_kruger", "cgcs2000"),
    ],
)
def test_other_definitions(given, epsg, kind, datum):
    found = identify(given)
    assert (found.epsg, found.kind, found.datum) == (epsg, kind, datum)


@pytest.mark.parametrize("code", [4490, 4610, 4214, 4326, 26986, 2249, 32650, 3857, 28420])
def test_esri_text_of_other_codes(code):
    assert identify(CRS.from_epsg(code).to_wkt("WKT1_ESRI")).epsg == code


def test_no_georeference():
    found = identify('LOCAL_CS["Unknown",UNIT["Meter",1.0]]')
    assert (found.kind, found.datum, found.epsg) == ("local", "unknown", None)


@pytest.mark.parametrize("text", ["", "  \n", "\x00\x00", "\ufeff"])
def test_blank_text(text):
    with pytest.raises(CrsError) as caught:
        identify(text)
    assert caught.value.code == "crs-empty"


@pytest.mark.parametrize("text", ["PROJCS[", "CGCS2000", "39带", "EPSG:999999", 'PROJCS["a",GEOGCS[]]'])
def test_unreadable_text(text):
    with pytest.raises(CrsError) as caught:
        identify(text)
    assert caught.value.code == "crs-unreadable"
    assert "EPSG:4527" in str(caught.value)


def test_same_plane():
    crs = pyproj.CRS.from_epsg
    assert CRS.from_wkt(prj("CGCS2000_3_Degree_GK_Zone_39", 39500000.0, 117.0)) != crs(4527)
    assert same_plane(CRS.from_wkt(prj("CGCS2000_3_Degree_GK_Zone_39", 39500000.0, 117.0)), crs(4527))
    assert same_plane(crs(4509), crs(4548))
    assert same_plane(crs(21453), crs(21473))
    assert not same_plane(crs(4527), crs(4528))
    assert not same_plane(crs(4527), crs(4548))
    assert not same_plane(crs(4527), crs(2363))
    assert not same_plane(crs(4490), crs(4326))
    assert not same_plane(crs(4490), crs(4527))
    assert not same_plane(crs(26986), crs(2249))  # metres and feet
    assert same_plane(crs(26986), CRS.from_wkt(crs(26986).to_wkt("WKT1_ESRI")))
    local = prj("a", 3175.49, 121.5, fn=-26091.448, lat0=31.0)
    assert same_plane(CRS.from_wkt(local), CRS.from_wkt(local.replace('"a"', '"b"')))
    assert not same_plane(CRS.from_wkt(local), CRS.from_wkt(local.replace("3175.49", "3175.59")))
