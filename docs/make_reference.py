"""Write the reference pages from the program itself: make_reference.py [FOLDER].

Generated pages are never edited by hand; ``tests/test_docs.py`` compares them with what this script writes.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import tomllib
import types
import typing
import warnings
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path

from make_policies import policies_page
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import maps
import mudian
import parcels
from mudian import project as project_file
from mudian.cli import _parser
from mudian.schemas import schema
from parcels.catalog import CATALOG, SEVERITIES
from parcels.fields import Field, cadastral

HERE = Path(__file__).parent
MARK = "<!-- Written by docs/make_reference.py. Do not edit. -->\n\n"
EXAMPLE = """\
```toml
[project]
name = "示例开发区 2025"
as_of = 2025-12-31
period = "2025"

[parcels]
path = "宗地.shp"

[enterprises]
path = "企业.xlsx"
money_unit = "万元"

[zones]
path = "开发区.gpkg"
```
"""
PARAMETERS = """\
## `[parameters]`

Values that the policy packs leave open, or that you set otherwise, by their key: numbers, words, days or lists. A key
that no chosen pack has is refused. `mudian policies show ID` lists the keys; a verdict that needs one which is not
given is unknown and names it. `"<pack>.in_force"` gives the day of a document whose year is masked.

```toml
[project]
name = "示例开发区 2025"
as_of = 2025-12-31
period = "2025"
policies = ["national", "changle-2023", "fuzhou"]
confirmed = ["idle.default_start_years"]

[parameters]
"fuzhou.in_force" = 2021-06-01

[parcels]
path = "宗地.shp"
```
"""
SECTIONS = (
    ("[project]", "project", "ProjectSettings", "Required."),
    ("[parcels]", "layer", "ParcelSettings", "Required. The parcel layer."),
    ("[enterprises]", "table", "TableSettings", "One row per enterprise and period."),
    ("[holdings]", "table", "TableSettings", "Who uses which land. Keys as in `[enterprises]`."),
    ("[zones]", "layer", "LayerSettings", "Without it all parcels together are one zone. Keys as in `[parcels]`."),
    ("[buildings]", "layer", "LayerSettings", "Gives plot ratio and building coefficient. Keys as in `[parcels]`."),
    ("[[constraints]]", "constraint", "Constraint", "One table per layer, in order of deduction."),
    ("[projects]", "table", "TableSettings", "Proposed projects, judged for admission. Keys as in `[enterprises]`."),
    ("[periods]", "periods", "PeriodSettings", "Several periods. See [several periods](../how-to/several-periods.md)."),
    ("[[periods.enterprises]]", "period_table", "PeriodTable", "One table per file of other periods."),
    ("[periods.grades]", "table", "TableSettings", "Grades of earlier years. Keys as in `[enterprises]`."),
    ("[developable]", "developable", "DevelopableSettings", "Pieces of the remaining developable area."),
    ("[maps]", "maps", "MapSettings", "Classes of the per-mu figures on every map and in the workbook."),
    ("[heat]", "heat", "HeatSettings", "Heat maps, in metres."),
    ("[workbook]", "workbook", "WorkbookSettings", "The workbook, and a form of your own."),
    ("[sheets]", "sheets", "SheetSettings", "Print sheets (format `pdf`)."),
    ("[report]", "report", "ReportSettings", "The report (format `docx`, and the report pages of the workbook)."),
    ("[screening]", "screening", "ScreeningSettings", "Land for redevelopment (腾笼换鸟)."),
    ("[corrections]", "corrections", "Corrections", "Changes with the value that they replace."),
    ("[output]", "output", "OutputSettings", "Where the results go."),
)  # fmt: skip
REPEATED = ("[holdings]", "[zones]", "[buildings]", "[projects]", "[periods.grades]")
TABLES = (
    ("Parcels", "parcel", "`[parcels]`. The first part are the cadastral columns that `parcels.read` knows by itself."),
    ("Enterprises", "enterprise", "`[enterprises]`."),
    ("Holdings", "holding", "`[holdings]`."),
    ("Zones", "zone", "`[zones]`."),
    ("Earlier grades", "grade", "`[periods.grades]`."),
    ("Buildings", "building", "`[buildings]`."),
    ("Projects", "projects", "`[projects]`."),
)
EXITS = (
    (0, "Done."),
    (1, "Done, but the ledger has errors and `--strict` was given."),
    (2, "Wrong use, or a project file that is not understood."),
    (3, "Input data cannot be read, or results cannot be written."),
    (4, "A check inside failed (conservation). Nothing was written."),
    (130, "Interrupted. Earlier results are untouched."),
)
MEANING = {
    "error": "something is lost, refused or contradictory, and somebody must look",
    "warning": "a guess or an oddity that changes figures if it is wrong",
    "info": "what was done, for the record",
}


def cell(text: object) -> str:
    """A text as it stands in a cell of a Markdown table."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("<", "&lt;").strip() or " "


def table(heads: list[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell(c) for c in line)} |\n" for line in lines) + "\n"


def project_page() -> str:
    """Every key of a project file."""
    said = tomllib.loads((HERE / "project_keys.toml").read_text(encoding="utf-8"))
    text = (
        "# Project file\n\nOne TOML file names the inputs and the choices. Paths are relative to the file; write `/`, "
        "not `\\`. A key that is not listed here is refused, with the nearest valid one. `mudian init` writes a "
        f"commented example. The least that makes sense:\n\n{EXAMPLE}\n"
    )
    for title, kind, model, note in SECTIONS:
        text += f"## `{title}`\n\n{note}\n\n"
        if title in REPEATED:
            continue
        fields: dict[str, typing.Any] = getattr(project_file, model).model_fields
        known = said[kind] if kind != "constraint" else said["layer"] | said["constraint"]
        known = said["table"] | known if kind == "period_table" else known
        rows = [[f"`{n}`", spelled(f.annotation), default(f), known[n]] for n, f in fields.items()]
        text += table(["key", "value", "default", "meaning"], rows)
    return text + PARAMETERS


def spelled(annotation: object) -> str:
    """A type in words."""
    if hasattr(annotation, "__metadata__"):
        annotation = typing.get_args(annotation)[0]
    arguments = [a for a in typing.get_args(annotation) if a not in (types.NoneType, Ellipsis)]
    if hasattr(annotation, "model_fields"):
        return "table"
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{a}`" for a in arguments)
    if origin is tuple:
        return f"list of {spelled(arguments[0])}"
    if origin is dict:
        return "table"
    if arguments:
        return " or ".join(dict.fromkeys(spelled(a) for a in arguments))
    names: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def default(field: typing.Any) -> str:
    """The default of a key; keys without one are required."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == () or value == {} or value is PydanticUndefined:
        return ""
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"


def columns_page() -> str:
    """The canonical columns with the names they go by."""
    text = (
        "# Columns\n\nCanonical columns and the headers that are taken for them. A header matches by equality after "
        "folding (width, case, blanks, bracketed units, years), or as a stump of a longer name: 10 letters, or 5 or 3 "
        "Chinese characters, which is what a DBF header holds in GBK or UTF-8. A header that is only alike is never "
        "taken. Own columns keep their names and travel to the results beside the canonical ones.\n\n"
        "The name in the first column is the one to use under `fields` and `units` in the [project file]"
        "(project-file.md); the result column carries the unit in its name.\n\n"
    )
    base = {f.name for f in cadastral()}
    for title, name, note in TABLES:
        text += f"## {title}\n\n{note}\n\n"
        fields = list(schema(name))
        split = [fields] if name != "parcel" else [
            [f for f in fields if f.name in base], [f for f in fields if f.name not in base],
        ]  # fmt: skip
        for part in split:
            text += table(["name", "result column", "kind", "名称", "meaning", "headers"], map(field_row, part))
    return text + result_columns()


def field_row(field: Field) -> list[str]:
    """One canonical column."""
    kind = f"{field.kind} ({field.dimension})" if field.dimension else field.kind
    names = "、".join(dict.fromkeys(field.aliases))
    return [f"`{field.name}`", f"`{field.column}`", kind, field.zh, field.en, names]


def result_columns() -> str:
    """Columns that a run adds, and the units of cells."""
    labels = tomllib.loads((files("mudian") / "data" / "labels.toml").read_text(encoding="utf-8"))["columns"]
    known = {f.column for _, name, _ in TABLES for f in schema(name)}
    rows = [[f"`{n}`", t["zh"], t["en"]] for n, t in labels.items() if n not in known]
    units = tomllib.loads((files("parcels") / "data" / "units.toml").read_text(encoding="utf-8"))
    text = "## Columns that a run adds\n\n" + table(["column", "名称", "meaning"], rows)
    text += "## Units\n\nWords for units in headers and under `units`, by dimension; the factor leads to the base.\n\n"
    spelled_units = [
        [
            dimension,
            entry["base"],
            "；".join(f"{'、'.join(u['names'])} = {u['factor']}" for u in entry["units"].values()),
        ]
        for dimension, entry in units.items()
    ]
    return text + table(["dimension", "base", "units"], spelled_units)


def ledger_page() -> str:
    """Every code of the ledger."""
    text = (
        "# Ledger codes\n\nEvery repair, guess and refusal is a row of the ledger with one of these codes. How to read "
        "it: [read the ledger](../how-to/read-the-ledger.md). Words in braces are filled in.\n\n"
    )
    for severity in SEVERITIES:
        text += f"## {severity}\n\nMeaning: {MEANING[severity]}.\n\n"
        rows = [[f"`{c}`", t.zh, t.en] for c, t in sorted(CATALOG.ledger.items()) if t.severity == severity]
        text += table(["code", "中文", "English"], rows)
    return text


def errors_page() -> str:
    """Every error: what, expected, what to do."""
    text = (
        "# Errors\n\nAn error is one block on stderr: what is wrong, where, what was expected, what to do. Nothing is "
        "written and earlier results stay as they are. In Python it is an exception whose `code` is the code below; "
        '`str(error)` is the Chinese block and `error.render("en")` the English one. `--debug` adds the traceback.\n\n'
    )
    rows = []
    for code, said in sorted(CATALOG.error.items()):
        rows.append([f"`{code}`", said.en["what"], said.en.get("expected", ""), said.en.get("todo", "")])
        rows.append(["", said.zh["what"], said.zh.get("expected", ""), said.zh.get("todo", "")])
    return text + table(["code", "problem · 问题", "expected · 应为", "what to do · 办法"], rows) + exceptions()


def exceptions() -> str:
    """The tree of exceptions."""
    from mudian import errors as upper
    from parcels import errors as lower

    kinds = {
        k for m in (lower, upper) for k in vars(m).values() if isinstance(k, type) and issubclass(k, lower.Problem)
    }
    order = sorted(kinds, key=lambda k: [c.__name__ for c in reversed(k.__mro__)])
    rows = [[f"`{k.__name__}`", f"`{k.__mro__[1].__name__}`", k.exit_code, first_sentence(k)] for k in order]
    return "## Exceptions\n\n" + table(["exception", "is a", "exit code", "meaning"], rows)


def command_page() -> str:
    """The commands with their options."""
    parser = _parser()
    chosen = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    text = (
        "# Command line\n\nMessages are Chinese unless `--lang en`, the environment variable `MUDIAN_LANG=en` or the "
        "project says otherwise. Results go to stdout, errors to stderr; the progress line is "
        "drawn on a terminal only.\n\n"
    )
    for name, command in chosen.choices.items():
        words = [w for a in command._actions if a.dest != "help" for w in usage(a)]
        text += f"## `mudian {name}`\n\n```text\nmudian {name} {' '.join(words)}\n```\n\n{command.description}\n\n"
        rows = [
            [f"`{', '.join(a.option_strings) or a.metavar}`", a.help or "", shown_default(a)]
            for a in command._actions
            if a.dest != "help"
        ]
        text += table(["argument", "meaning", "default"], rows)
    return text + "## Exit codes\n\n" + table(["code", "meaning"], EXITS)


def usage(action: argparse.Action) -> list[str]:
    """An argument as it stands in a usage line."""
    value = str(action.metavar or (f"{{{','.join(action.choices)}}}" if action.choices else action.dest.upper()))
    if action.option_strings:
        word = action.option_strings[-1]
        return [f"[{word}]" if action.nargs == 0 else f"[{word} {value}]"]
    return [{"+": f"{value} …", "?": f"[{value}]"}.get(str(action.nargs), value)]


def shown_default(action: argparse.Action) -> str:
    """The default of an argument, where it says something."""
    silent = (None, False, argparse.SUPPRESS)
    return "" if action.default in silent else f"`{action.default}`"


def api_page() -> str:
    """The public functions and classes of the three packages."""
    text = (
        "# Python interface\n\nWhat `import parcels`, `import maps` and `import mudian` offer. Each docstring has "
        "parameters, units, returns and examples: `help(md.link)`. `mudian` builds on the other two, which do not know "
        "each other.\n\n"
    )
    for package in (parcels, maps, mudian):
        text += f"## {package.__name__}\n\n{first_sentence(package)}\n\n"
        for name in sorted(package.__all__, key=lambda n: (n[0].isupper(), n)):
            thing = getattr(package, name)
            if callable(thing):
                text += f"### `{package.__name__}.{name}`\n\n```text\n{signature(name, thing)}\n```\n\n"
                text += f"{first_sentence(thing)}\n\n{methods(thing)}"
    return text


def methods(thing: object) -> str:
    """The public methods of a class."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException | BaseModel):
        return ""
    own = [(n, m) for n, m in vars(thing).items() if not n.startswith("_") and inspect.isfunction(m)]
    return "".join(f"- `{signature(n, m, short=True)}`: {first_sentence(m)}\n" for n, m in own) + ("\n" if own else "")


def signature(name: str, thing: Callable[..., object], *, short: bool = False) -> str:
    """A signature as it is written, one argument a line when it is long."""
    if inspect.isclass(thing) and issubclass(thing, BaseModel):
        return f"{name}(…)"
    found = inspect.signature(thing)
    arguments = [p for p in found.parameters.values() if p.name != "self"]
    if short:
        return f"{name}({', '.join(p.name for p in arguments)})"
    parts = [parameter(p) for p in arguments]
    first = next((i for i, p in enumerate(arguments) if p.kind is p.KEYWORD_ONLY), None)
    if first is not None:
        parts.insert(first, "*")
    end = "" if inspect.isclass(thing) else f" -> {found.return_annotation}"
    line = f"{name}({', '.join(parts)}){end}"
    return line if len(line) <= 100 else f"{name}(\n" + "".join(f"    {p},\n" for p in parts) + f"){end}"


def parameter(argument: inspect.Parameter) -> str:
    """One argument with its type and default."""
    star = "**" if argument.kind is argument.VAR_KEYWORD else "*" if argument.kind is argument.VAR_POSITIONAL else ""
    text = f"{star}{argument.name}: {argument.annotation}"
    if argument.default is argument.empty:
        return text
    made = "factory" in repr(argument.default)
    return f"{text} = {'…' if made else repr(argument.default)}"


def first_sentence(thing: object) -> str:
    """The first sentence of a docstring."""
    return (
        re.sub(r"\s+", " ", (inspect.getdoc(thing) or "").split("\n\n")[0])
        .strip()
        .replace("``", "`")
        .replace(":func:`", "`")
    )


SHEETS = (
    ("Idle land", "370902002003GB00009", "Not started for more than two years, cause on the side of the enterprise."),
    ("Low-efficiency land", "370902001005GB00015", "Measured by the invented pack of the example zone."),
    ("Standard land under commitment", "370902001001GB00003", "What the contract promised, stage by stage."),
)


def sheets_page() -> str:
    """Three judgement sheets, as the program draws them up for the example."""
    from mudian.datasets import example_files
    from mudian.project import load_project

    project = load_project(Path(str(example_files())) / "示例.toml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluation = mudian.evaluate(project)
    text = (
        "# Judgement sheets (判定书)\n\nThree sheets of the bundled example, as `mudian explain` prints them. The same "
        "sentences stand on the card of the map and in the workbook. `--lang en` gives them in English.\n\n"
    )
    for title, key, note in SHEETS:
        sheet = mudian.explain(evaluation, key).text()
        text += f"## {title}\n\n{note}\n\n```text\nmudian explain 成果 {key}\n```\n\n```text\n{sheet}\n```\n\n"
    return text


PAGES = {
    "policies.md": policies_page,
    "judgement-sheets.md": sheets_page,
    "project-file.md": project_page,
    "columns.md": columns_page,
    "ledger-codes.md": ledger_page,
    "errors.md": errors_page,
    "command-line.md": command_page,
    "api.md": api_page,
}


def write(folder: Path) -> list[Path]:
    """Write all generated pages to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(MARK + page().rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    return [folder / name for name in PAGES]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "reference"
    print(f"{len(write(target))} pages -> {target}; mudian {mudian.__version__}")
