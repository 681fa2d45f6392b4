"""How large the interactive page is, how long it takes to write, and how it behaves in headless Chromium.

Usage: ``python benchmarks/page_speed.py [N,N…] [--beside LIMIT] [--repeat 3] [--keep DIR]``
(1 000, 10 000, 100 000 and 1 000 000 parcels of 12 vertices, two ratio themes and three of classes)

``usable`` is the time from opening the file to the first complete picture. ``longest frame, zoom`` is the longest gap
between two animation frames while the map zooms in by three levels, until its tiles are there; ``others`` is that of
panning, zooming out by four levels, masking each second parcel and changing the theme. ``tab`` is the resident memory
of the largest page process of the browser. The least of the repeats is printed, and all of them on the error stream.
``--beside`` writes the same parcels by ``GeoDataFrame.explore()`` and by ``folium.GeoJson``, up to LIMIT parcels; that
needs ``folium`` and ``mapclassify``. Such pages load their scripts from the network and are not opened here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from maps import CardField, Page, Theme, interactive

SIDE = 120.0
ROAD = 24.0
WRITE_LIMIT = 900
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MU = 2000 / 3
SYLLABLES = list("山东泰安济南华兴宏达鑫盛恒瑞远洋中科天元齐鲁新康信诚同创汇丰")
TRADES = ["机械制造", "新材料科技", "生物医药", "食品", "纺织", "电子", "汽车零部件", "建材", "化工", "物流"]
FRAMES = """async (levels) => {
    const app = Maps.app, map = app.map, gaps = [];
    const rest = (ms) => new Promise((done) => setTimeout(done, ms));
    let last = performance.now(), on = true;
    requestAnimationFrame(function step() {
        const now = performance.now();
        gaps.push(now - last);
        last = now;
        if (on) requestAnimationFrame(step);
    });
    async function longest(action, arrives) {
        await rest(300);
        gaps.length = 0;
        const loaded = new Promise((done) => app.layer.once('load', done));
        await action();
        if (arrives) await Promise.race([loaded, rest(30000)]);
        await Maps.drawn();
        await rest(300);
        return Math.max(...gaps);
    }
    const half = new Uint8Array(app.data.rows).map((one, row) => row % 2);
    const zoom = await longest(() => map.setZoom(map.getZoom() + levels, { animate: true }), true);
    const others = [
        await longest(() => map.panBy([400, 200]), true),
        await longest(() => map.setZoom(map.getZoom() - levels - 1, { animate: true }), true),
        await longest(() => app.layer.setMask(half), false),
        await longest(() => app.showTheme(1), false),
        await longest(() => app.showTheme(4), false),
    ];
    on = false;
    return [zoom, Math.max(...others)];
}"""

Floats = NDArray[np.float64]


def outlines(count: int, rng: np.random.Generator) -> gpd.GeoSeries:
    """Blocks of jittered quadrilaterals with shared edges of four vertices, a road after each sixth."""
    across = int(np.ceil(np.sqrt(count)))
    lines = np.arange(across + 1) * SIDE + np.arange(across + 1) // 6 * ROAD
    corners = np.stack(np.meshgrid(lines, lines), axis=-1) + rng.normal(0, 12, (across + 1, across + 1, 2))

    def edges(start: Floats, end: Floats) -> Floats:
        inner: Floats = start[..., None, :] + (end - start)[..., None, :] * np.array([[1 / 3], [2 / 3]])
        return inner + rng.normal(0, 2.5, inner.shape)

    rows, columns = edges(corners[:, :-1], corners[:, 1:]), edges(corners[:-1], corners[1:])
    sides = [
        corners[:-1, :-1, None],
        rows[:-1],
        corners[:-1, 1:, None],
        columns[:, 1:],
        corners[1:, 1:, None],
        rows[1:, :, ::-1],
        corners[1:, :-1, None],
        columns[:, :-1, ::-1],
    ]
    ring = np.concatenate(sides, axis=2).reshape(-1, 12, 2)[:count]
    ring = np.round(ring + np.array([500000.0, 4006000.0]), 3)
    return gpd.GeoSeries(shapely.polygons(np.concatenate([ring, ring[:, :1]], axis=1)), crs=4548)


def parcels(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Parcels with the columns of a real run."""
    rng = np.random.default_rng(seed)
    geometry = outlines(count, rng)
    mu = (geometry.area / MU).round(2).to_numpy()
    wave = np.sin(geometry.centroid.x / 2500) + np.cos(geometry.centroid.y / 2100)
    tax_per_mu = np.where(rng.random(count) < 0.12, 0, np.exp(1.6 + 0.6 * wave + rng.normal(0, 0.8, count)))
    invested = np.exp(5.2 + 0.3 * wave + rng.normal(0, 0.5, count))
    parts = [rng.choice(words, count).astype(str) for words in (SYLLABLES, SYLLABLES, SYLLABLES, TRADES)]
    name = parts[0]
    for part in (*parts[1:], np.full(count, "有限公司")):
        name = np.char.add(name, part)
    idle = rng.choice(["未动工满一年", "未动工满两年", "正常"], count, p=[0.05, 0.05, 0.9])
    columns = {
        "code": np.char.add("370911001001GB", np.char.zfill(np.arange(1, count + 1).astype(str), 7)),
        "name": name,
        "mu": mu,
        "tax": (tax_per_mu * mu).round(2),
        "invested": (invested * mu).round(1),
        "idle": idle,
        "low": np.where(tax_per_mu < 2, "低效", "正常"),
        "grade": np.array(list("DCBA"))[np.digitize(tax_per_mu, [1, 5, 15])],
        "zone": np.char.add("开发区", (np.arange(count) * 9 // count + 1).astype(str)),
        "reason": np.where(tax_per_mu == 0, "缴税为0", np.where(tax_per_mu < 2, "亩均税收低于2万元/亩", "")),
    }
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=geometry)


def draw(frame: gpd.GeoDataFrame) -> Page:
    """The page of a run."""
    tax = Theme(
        "亩均税收",
        "ratio",
        numerator="tax",
        denominator="mu",
        breaks=[1, 3, 6, 15],
        unit="万元/亩",
        zero_class=True,
    )
    invested = Theme(
        "投资强度", "ratio", numerator="invested", denominator="mu", breaks=[100, 200, 300], unit="万元/亩"
    )
    kinds = [
        Theme(title, "class", column=name) for title, name in (("闲置", "idle"), ("低效", "low"), ("等级", "grade"))
    ]
    card = [
        CardField("code", "宗地代码"),
        CardField("mu", "面积", "亩"),
        CardField("tax", "税收", "万元"),
        CardField("invested", "投资", "万元"),
        CardField("zone", "开发区"),
        CardField("reason", "依据"),
    ]
    return interactive(
        frame,
        themes=[tax, invested, *kinds],
        label="name",
        search=["code"],
        card=card,
        area="mu",
        title=f"{len(frame)} 宗",
    )


# Writing, in a process of its own so that peak memory is that of one page


def peak_reset() -> float:
    """Forget the peak of resident memory (Linux) and return what is resident now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return status("VmRSS")


def status(key: str, process: str = "self") -> float:
    """A line of the process's status, in MB."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1e3
    return 0.0


def write(kind: str, count: int, path: Path) -> None:
    """Write one page and print its figures as JSON."""
    frame = parcels(count)
    before = peak_reset()
    start = time.perf_counter()
    if kind == "page":
        draw(frame).save(path)
    elif kind == "explore":
        frame.explore(column="grade").save(path)
    else:
        import folium

        chart = folium.Map(prefer_canvas=True)
        folium.GeoJson(frame).add_to(chart)
        chart.save(path)
    seconds = time.perf_counter() - start
    print(json.dumps({"write_s": seconds, "frame_mb": before, "peak_mb": status("VmHWM")}))


def written(kind: str, count: int, path: Path) -> dict[str, float] | None:
    """Figures of writing one page; None when it took too long."""
    command = [sys.executable, __file__, "--write", kind, str(count), str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=WRITE_LIMIT)
    except subprocess.TimeoutExpired:
        return None
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures | {"size_mb": path.stat().st_size / 1e6}


# The browser


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a graphics card and without a network."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(which, BROWSERS)), None)
    if path is None:
        raise SystemExit("Chromium is needed on the PATH")
    flags = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


def tab_memory() -> float:
    """Resident memory of the largest page process of the browsers that run, in MB."""
    largest = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if b"--type=renderer" in command and ancestor(folder.name):
                largest = max(largest, status("VmRSS", folder.name))
        except OSError:
            continue
    return largest


def ancestor(process: str) -> bool:
    """Whether this program started the process, directly or not."""
    mine = Path("/proc/self").resolve().name
    while process not in ("0", mine):
        process = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
    return process == mine


def visited(path: Path, repeat: int) -> dict[str, float]:
    """The least time until usable, longest frame and memory of some visits."""
    visits = []
    for _ in range(repeat):
        with browser() as running:
            tab = running.new_context(viewport={"width": 1500, "height": 900}, offline=True).new_page()
            tab.set_default_timeout(300_000)
            tab.goto(path.as_uri())
            tab.wait_for_selector("body[data-ready]")
            usable = float(tab.evaluate("document.body.dataset.ready")) / 1e3
            zoom, other = map(float, tab.evaluate(FRAMES, 3))
            visits.append({"usable_s": usable, "frame_ms": zoom, "other_ms": other, "tab_mb": tab_memory()})
    print("visits:", json.dumps(visits), file=sys.stderr)
    return {key: min(visit[key] for visit in visits) for key in visits[0]}


def line(kind: str, count: int, figures: dict[str, float] | None) -> str:
    """One line of the table."""
    if figures is None:
        return f"| {kind} | {count:,} | – | > {WRITE_LIMIT} s | – | – | – | – | – |"
    seen = "– | – | – | –"
    if "usable_s" in figures:
        frames = f"{figures['frame_ms']:.0f} ms | {figures['other_ms']:.0f} ms"
        seen = f"{figures['usable_s']:.2f} s | {frames} | {figures['tab_mb']:.0f} MB"
    own = figures["peak_mb"] - figures["frame_mb"]
    return f"| {kind} | {count:,} | {figures['size_mb']:.2f} MB | {figures['write_s']:.1f} s | {own:.0f} MB | {seen} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="?", default="1000,10000,100000,1000000")
    parser.add_argument("--beside", type=int, default=0, metavar="LIMIT")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write[0], int(options.write[1]), Path(options.write[2]))
        return
    heads = "page | parcels | file | write | memory over the frame | usable | longest frame, zoom | others | tab"
    print(f"| {heads} |\n|{'---|' * 9}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        where = options.keep or Path(folder)
        for count in map(int, options.counts.split(",")):
            for kind in ("page", "explore", "folium"):
                if kind != "page" and count > options.beside:
                    continue
                path = (where / f"{kind}-{count}.html").resolve()
                figures = written(kind, count, path)
                if figures and kind == "page" and options.repeat:
                    figures |= visited(path, options.repeat)
                print(line(kind, count, figures), flush=True)


if __name__ == "__main__":
    main()
