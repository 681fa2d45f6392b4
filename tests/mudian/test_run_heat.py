"""Heat maps of a run: the sums in them are those of the tables, and the files say what they are."""

import numpy as np
import pytest
import rasterio
from examplerun import example_run

import maps
from mudian.heat import run_heat, write_heat


@pytest.fixture(scope="module")
def run():
    return example_run()


def known(parcels, money):
    """Parcels that have both parts of the ratio, a shape and a zone."""
    return parcels[
        parcels[money].notna() & parcels["area_mu"].notna() & ~parcels.geometry.is_empty & parcels.geometry.notna()
    ]


@pytest.mark.parametrize("cell", ["hex", "square"])
@pytest.mark.parametrize(
    ("money", "column"), [("tax_wan", "tax_per_mu"), ("fixed_investment_wan", "investment_per_mu")]
)
def test_a_zone_comes_back_from_its_cells(run, cell, money, column):
    """Sum of the tax in the cells of a zone's own parcels, and their ratio weighted by land, against the zone."""
    for zone in run.zones.itertuples():
        own = known(run.parcels[(run.parcels["zone_id"] == zone.zone_id).to_numpy(bool)], money)
        cells = maps.heat(
            own, numerator=money, denominator="area_mu", title="热力", method=cell, size=150.0
        ).result.frame
        assert cells["numerator"].sum() == pytest.approx(own[money].sum(), rel=1e-6)
        assert (cells["value"] * cells["denominator"]).sum() == pytest.approx(own[money].sum(), rel=1e-6)
        if own["area_mu"].sum() == pytest.approx(zone.parcel_mu):  # no parcel without a figure
            whole = cells["numerator"].sum() / cells["denominator"].sum()
            assert whole == pytest.approx(getattr(zone, column), rel=1e-6)


def test_the_maps_of_a_run_hold_all_its_money(run):
    for heat in run_heat(run):
        money = {"tax_per_mu": "tax_wan", "investment_per_mu": "fixed_investment_wan"}[heat.column]
        total = known(run.parcels, money)[money].sum()
        parts = heat.result.frame["numerator"] if heat.kind == "hex" else heat.result.numerator
        assert np.sum(parts) == pytest.approx(total, rel=1e-6)


def test_files_have_a_crs_no_data_and_a_colour_table(run, tmp_path):
    files = write_heat(run, tmp_path / "heat")
    assert {f.name for f in files} >= {
        f"{c}_{k}{more}.tif"
        for c in ("tax_per_mu", "investment_per_mu")
        for k in ("hex", "kernel")
        for more in ("", "_classes")
    }
    for file in (f for f in files if f.suffix == ".tif"):
        with rasterio.open(file) as made:
            assert made.crs.is_projected
            assert made.nodata is not None
            assert made.tags()["period"] == "2025"
            if "_classes" in file.name:
                assert made.colormap(1)
            else:
                column = "tax_per_mu" if file.name.startswith("tax") else "investment_per_mu"
                values, of_parcels = made.read(1, masked=True), run.parcels[column].to_numpy(float, na_value=np.nan)
                # A ratio of sums lies between the least and the largest ratio that went into it.
                assert values.count() > 100
                assert np.nanmin(of_parcels) - 1e-4 <= values.min() < values.max() <= np.nanmax(of_parcels) * (1 + 1e-6)
