"""Make the bundled example: a development zone delivered as offices deliver it, with planted faults.

Usage: ``python examples/make_example.py [OUTDIR]``; OUTDIR is ``mudian/datasets/example_zone`` by default.
The seed is fixed, dates and clocks are fixed: the same library versions give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from bureau import layers, tables
from bureau.describe import Story, readme
from bureau.faults import FIRMS, LEASES, PARCELS, Fault, Planter, plant_all
from bureau.firms import settle
from bureau.land import plan
from bureau.policy import pack_text
from bureau.register import FIELDS, register, set_idle_cases
from bureau.shapefile import write_shapefile
from bureau.texts import PROJECT

SEED = 20251231
PLAN_PARCELS = 316
HOME = Path(__file__).parents[1] / "mudian" / "datasets" / "example_zone"


def make(out: Path) -> None:
    """Write all files of the example into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    ground = plan(rng, parcel_count=PLAN_PARCELS)
    parcels = register(ground, rng)
    idle = set_idle_cases(parcels)
    idle_codes = {parcel.code for parcel, _ in idle}
    people = settle(ground, parcels, idle_codes, rng)
    planter = Planter(parcels, people, idle_codes)
    plant_all(planter)

    write_shapefile(
        out / PARCELS,
        [p.file_rings() for p in parcels],
        FIELDS,
        [p.row() for p in parcels],
        deleted={i for i, p in enumerate(parcels) if p.deleted},
    )
    rows = tables.write_workbook(people, planter.repeated, out / FIRMS, rng)
    tables.write_leases(people.holdings, out / LEASES)
    layers.write_zones(ground, out / "开发区.gpkg")
    layers.write_farmland(ground, out / "永农.shp")
    layers.write_redline(ground, out / "生态红线.geojson")
    layers.write_river(ground, out / "河道.shp")
    layers.write_buildings(parcels, out / "建筑.shp", rng)
    layers.write_terrain(ground, out / "dem.tif", rng)
    (out / "示例.toml").write_bytes(PROJECT.encode())
    (out / "示例政策.toml").write_bytes(pack_text().encode())

    last = max(row for found in rows.values() for row in found)
    ends = [Fault("total-row", FIRMS, last + 1), Fault("footer", FIRMS, last + 3)]
    story = Story(ground, parcels, people, planter.repeated, planter.faults + ends, idle, rows)
    (out / "README.md").write_bytes(readme(story).encode())


def main() -> None:
    """Read the command line and make the files."""
    parser = argparse.ArgumentParser(description="Make the bundled example zone.")
    parser.add_argument("out", nargs="?", type=Path, default=HOME)
    out = parser.parse_args().out
    make(out)
    print(f"{sum(f.stat().st_size for f in out.iterdir()) / 1024:.0f} KiB in {out}")


if __name__ == "__main__":
    main()
