"""Write the page of all policy packs from the packs themselves: make_policies.py [FOLDER].

The page does not depend on the day: it has every value with its whole history, every rule and the coverage of every
document. ``make_reference.py`` writes it with the other generated pages.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from mudian.explain.packlist import cite, computed, counts, days_of, entry_text, place_of, word_of
from mudian.packs.catalog import bundled, find_pack
from mudian.packs.model import Applies, Condition
from mudian.packs.reader import Pack

HERE = Path(__file__).parent
PAGE = "policies.md"
MARK = "<!-- Written by docs/make_reference.py. Do not edit. -->\n\n"
INTRODUCTION = (
    "# Policy packs\n\nLaw and policy as data: every number with its history by day, its document and clause, and "
    "where it was seen. A run uses the values in force on its day (`as_of`), names what it used in the manifest, and "
    "never applies silently what was only recalled: `confirmed` in the [project file](project-file.md) confirms a "
    "recalled value by its key, `[parameters]` sets a value that a document leaves open. A document whose year is "
    "masked in the copy that was seen is not used until `<pack>.in_force` is set there. All verdicts are suspicions "
    "(疑似), prepared for an authority.\n\n`mudian policies show ID` prints one pack as of a day; `mudian policies "
    "check PATH` checks a pack of your own.\n\n"
)
STATUS = (
    ("`seen`", "read in a public copy"),
    ("`seed`", "read in the seed documents"),
    ("`recalled`", "from memory: applies only when the user confirms it"),
    ("parameter", "left open: the user sets it"),
)


def cell(text: object) -> str:
    """A text as it stands in a cell of a Markdown table."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("<", "&lt;").strip() or " "


def table(heads: list[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; nothing where there are no rows."""
    body = [list(map(cell, row)) for row in rows]
    lines = [heads, ["---"] * len(heads), *body] if body else []
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + ("\n" if lines else "")


def policies_page() -> str:
    """Every bundled pack with its documents, values, rules and coverage."""
    packs = [find_pack(name) for name in bundled()]
    text = INTRODUCTION + "Status of a number: " + "; ".join(f"{a} {b}" for a, b in STATUS) + ".\n\n"
    heads = ["pack", "place", "topics", "from", "until", "seen", "seed", "recalled", "parameter", "rules", "computed"]
    text += "## All packs\n\n" + table(heads, map(overview_row, packs))
    return text + "".join(map(pack_section, packs))


def overview_row(pack: Pack) -> list[object]:
    """One pack in the overview."""
    topics = ", ".join(word_of("topics", t, "en") for t in pack.heads)
    days = days_of(pack.documents.values(), "en")
    place = place_of(pack, "en")
    return [f"[{pack.id}](#{pack.id})", place, topics, *days, *counts(pack).values(), len(pack.rules), computed(pack)]


def pack_section(pack: Pack) -> str:
    """All that stands in a pack."""
    parts = {
        "Documents": documents(pack),
        "Values": values(pack),
        "Tables": tables(pack),
        "Rules": rules(pack),
        "Grading methods": entries(pack, "methods"),
        "Rewards and penalties": entries(pack, "incentives"),
        "Offices": offices(pack),
        f"Coverage ({computed(pack)} computed)": coverage(pack),
    }
    text = f"## {pack.id}\n\n{pack.title('zh')}\n\n{pack.title('en')}. Place: {place_of(pack, 'en')}.\n\n"
    return text + "".join(f"**{title}**\n\n{found}" for title, found in parts.items() if found)


def documents(pack: Pack) -> str:
    """The documents of a pack."""
    rows = [
        [
            d.number,
            d.title,
            d.in_force or "year masked",
            f"{d.until} ({d.after_end})" if d.until else "",
            d.status,
            d.source,
        ]
        for d in pack.documents.values()
    ]
    return table(["number", "title", "from", "until", "status", "source"], rows)


def values(pack: Pack) -> str:
    """The values of a pack, one row per entry of their history."""
    rows: list[list[object]] = []
    for key, value in pack.values.items():
        name = [f"`{key}`", f"{value.zh} · {value.en}"]
        if not value.history:
            rows.append([*name, "", "set by the user", value.unit, "", "parameter", ""])
        for entry in value.history:
            where = cite(pack, entry.document, entry.clause)
            source = entry.source + (f" “{entry.quote}”" if entry.quote else "")
            text = entry_text(pack, key, entry, "zh")
            rows.append([*name, entry.since, text, "", where, entry.status, source])
            name = ["", ""]
    shown = [[*r[:4], *r[5:]] for r in rows]
    return table(["key", "名称 · name", "from", "value", "document and clause", "status", "source"], shown)


def tables(pack: Pack) -> str:
    """The tables of a pack with all their rows."""
    text = ""
    for key, found in pack.tables.items():
        where = cite(pack, found.document, found.clause)
        edition = f", codes of {found.edition}" if found.edition else ""
        text += f"`{key}`: {found.zh} · {found.en}; unit {found.unit or 'none'}; from {found.since}; {where}{edition}; "
        text += f"source: {cell(found.source)}\n\n"
        text += table([found.key, "value", "label", "status"], ([f"`{r[0]}`", *r[1:]] for r in found.rows))
    return text


def rules(pack: Pack) -> str:
    """The rules of a pack with their conditions."""
    rows = []
    for key, rule in pack.rules.items():
        name = f"{rule.zh} · {rule.en}" + (f" ({rule.label.zh})" if rule.label else "")
        how = {"all": " and ", "any": " or ", "at_least": "; "}[rule.combine]
        said = how.join(condition(c) for c in rule.conditions) or "judged by the program"
        if rule.at_least:
            said = f"at least `{rule.at_least}` of: {said}"
        said += "".join(f"; unless {condition(c)}" for c in rule.exempt)
        said += "".join(f"; only where {condition(c)}" for c in rule.gate) + limits(rule)
        rows.append([f"`{key}`", rule.family, rule.subject, name, said, cite(pack, rule.document, rule.clause)])
    return table(["key", "kind", "of", "名称 · name", "holds when", "document and clause"], rows)


def condition(found: Condition) -> str:
    """A condition as a formula of columns and keys."""
    if found.operator == "is":
        return f"`{found.metric}` is {str(found.expect).lower()}"
    if found.operator == "present":
        return f"`{found.metric}` is given"
    against = {
        "constant": f"`{found.threshold}`",
        "column": f"column `{found.column}`",
        "table": f"table `{found.table}` by `{found.key}`",
        "as_of": "the day of the run",
        "years_ago": f"`{found.threshold}` years ago",
    }.get(found.against, f"the average of the {found.against}")
    times = f"`{found.times}` × " if found.times else ""
    return f"`{found.metric}` {found.operator.replace('_', ' ')} {times}{against}"


def limits(found: Applies) -> str:
    """To which subjects a rule is limited."""
    scale = (found.scale,) if found.scale else ()
    listed = {"zone levels": found.zone_levels, "industries": found.industries, "scale": scale}
    return "".join(f"; {name}: {', '.join(words)}" for name, words in listed.items() if words)


def entries(pack: Pack, section: str) -> str:
    """Grading methods or incentives of a pack."""
    rows = [
        [f"`{k}`", f"{e.zh} · {e.en}", cite(pack, e.document, e.clause), ", ".join(f"`{v}`" for v in e.value_keys())]
        for k, e in getattr(pack, section).items()
    ]
    return table(["key", "名称 · name", "document and clause", "values"], rows)


def offices(pack: Pack) -> str:
    """Which office has which field."""
    rows = [[f"`{k}`", f"{o.zh} · {o.en}", cite(pack, o.document, o.clause)] for k, o in pack.offices.items()]
    return table(["field", "责任单位 · office", "document and clause"], rows)


def coverage(pack: Pack) -> str:
    """What becomes of every rule of the documents."""
    rows = [
        [
            c.item,
            word_of("states", c.state, "en"),
            ", ".join(f"`{b}`" for b in c.by) if c.state == "computed" else f"{c.zh} · {c.en}",
            c.source,
        ]
        for c in pack.coverage
    ]
    return table(["rule of the document", "state", "by what, or why not", "source"], rows)


def write(folder: Path) -> Path:
    """Write the page to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / PAGE
    target.write_text(MARK + policies_page().rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    return target


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "reference"))
