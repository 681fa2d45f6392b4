"""What a run says at its end: where the results are, the zones, proof of conservation, the ledger, the time."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.labels import column_label, word
from mudian.progress import Stages, peak_memory_mb
from parcels.catalog import Lang

_WORDS: dict[Lang, dict[str, str]] = {
    "zh": {
        "written": "成果文件夹",
        "zones": "开发区",
        "time": "用时",
        "peak": "内存峰值",
        "seconds": "秒",
        "total": "合计",
    },
    "en": {
        "written": "Results",
        "zones": "Zones",
        "time": "Time",
        "peak": "Peak memory",
        "seconds": "s",
        "total": "total",
    },
}


def print_summary(evaluation: Evaluation, folder: Path, clock: Stages, *, lang: Lang) -> None:
    """Print the end of a run to standard output.

    Parameters
    ----------
    evaluation
        The results.
    folder
        Where they were written.
    clock
        The stopwatch of the run.
    lang
        Language.
    """
    words = _WORDS[lang]
    print(f"{words['zones']}:")
    for line in _zones(evaluation, lang):
        print(f"  {line}")
    print(f"{word('conservation', lang)}:")
    basis = evaluation.manifest["parameters"]["area_basis"]
    for column, account in evaluation.manifest["conservation"].items():
        label = word(basis, lang) + " (m²)" if column == "area_m2" else column_label(column, lang)
        print(f"  {label}: {_account(account, lang)}")
    counts = evaluation.manifest["ledger"]
    print(f"{word('ledger_rows', lang)}: " + ", ".join(f"{word(s, lang)} {n}" for s, n in counts.items()))
    print(f"{words['time']}: {_times(clock, words)}; {words['peak']} {peak_memory_mb():,.0f} MB")
    print(f"{words['written']}: {folder.resolve()}")
    for entry in sorted(folder.iterdir()):
        size = sum(file.stat().st_size for file in [entry, *entry.rglob("*")] if file.is_file())
        print(f"  {entry.name}{'/' * entry.is_dir()} ({size / 1e6:.2f} MB)")


def _zones(evaluation: Evaluation, lang: Lang) -> list[str]:
    columns = ["zone_name", "parcel_count", "parcel_mu", "tax_wan", "tax_per_mu", "investment_per_mu"]
    zones = pd.DataFrame(evaluation.zones)[[c for c in columns if c in evaluation.zones]].head(20)
    lines = []
    for record in zones.to_dict("records"):
        facts = [f"{column_label(str(k), lang)} {_figure(v)}" for k, v in record.items() if k != "zone_name"]
        lines.append(f"{record['zone_name']}: " + ", ".join(facts))
    return lines


def _figure(value: object) -> str:
    if isinstance(value, float):
        return "—" if math.isnan(value) else f"{value:,.2f}"
    return str(value)


def _account(account: dict[str, object], lang: Lang) -> str:
    unallocated = account["unallocated"]
    assert isinstance(unallocated, dict)
    rest = ", ".join(f"{word('other_period' if k == 'period' else k, lang)} {v:,.4f}" for k, v in unallocated.items())
    return (
        f"{word('input', lang)} {account['input']:,.4f} = "
        f"{word('allocated', lang)} {account['allocated']:,.4f} + {word('unallocated', lang)} ({rest}); "
        f"{word('difference', lang)} {account['difference']:.3g}"
    )


def _times(clock: Stages, words: dict[str, str]) -> str:
    total = sum(clock.seconds.values())
    parts = [f"{name} {seconds:.2f} ({clock.shares()[name]:.0%})" for name, seconds in clock.seconds.items()]
    return f"{', '.join(parts)}; {words['total']} {total:.2f} {words['seconds']}"
