"""The command line: ``mudian`` with one of the words of :data:`COMMANDS`.

Exit codes: 0 done; 1 done, but with ledger errors under ``--strict``; 2 wrong use or project file; 3 input data cannot
be read or results cannot be written; 4 a check inside failed; 130 interrupted. Errors are one block on stderr.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import logging
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from mudian import compare_command
from mudian._version import __version__
from mudian.errors import CheckError, InputError, OutputError, Problem, UsageError
from mudian.rank_command import add_arguments
from mudian.rank_command import run as run_rank
from mudian.report_command import add_arguments as add_report_arguments
from mudian.report_command import run as run_report
from mudian.screen_command import add_arguments as add_screen_arguments
from mudian.screen_command import run as run_screen
from parcels.catalog import Lang
from parcels.fields import nearest

if TYPE_CHECKING:
    from mudian.project import Project

INTERRUPTED = 130
STRICT = 1
COMMANDS = ("demo", "init", "inspect", "run", "explain", "map", "rank", "compare", "screen", "report", "policies")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code.

    Parameters
    ----------
    arguments
        Words of the command line; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = argparse.Namespace(lang=_stated_lang(words), debug="--debug" in words)
    try:
        _parser().parse_args(words, options)
        return int(options.command(options))
    except SystemExit as stop:  # --help and --version
        return int(stop.code or 0)
    except KeyboardInterrupt:
        print(_SAY[_lang(options)]["interrupted"], file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        raise
    except Exception as error:
        return _complain(error, options)


def entry() -> None:
    """Console entry point."""
    signal.signal(signal.SIGTERM, _stop)
    if "--debug" not in sys.argv:  # warnings of libraries are for developers; people read blocks and the ledger
        logging.captureWarnings(True)
        logging.getLogger("py.warnings").addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):  # a console that lacks a character shows "?" in its place
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Let a polite kill clean up like Ctrl-C."""
    raise KeyboardInterrupt


_SAY: dict[Lang, dict[str, str]] = {
    "zh": {"interrupted": "已中断；成果文件夹里没有写到一半的内容", "written_project": "已写好项目文件"},
    "en": {
        "interrupted": "interrupted; nothing half-written is in the folder of results",
        "written_project": "project file written",
    },
}


def _stated_lang(words: Sequence[str]) -> Lang | None:
    """The language that the command line asks for, known before the rest of it is understood."""
    stated = [b for a, b in pairwise(words) if a == "--lang"]
    stated += [w.removeprefix("--lang=") for w in words if w.startswith("--lang=")]
    known: tuple[Lang, ...] = ("zh", "en")
    return next((lang for lang in known if stated[-1:] == [lang]), None)


def _lang(options: argparse.Namespace) -> Lang:
    """The language of messages: as asked for, else the project's once it is known, else the system's."""
    stated: Lang | None = options.lang
    return stated or ("en" if os.environ.get("MUDIAN_LANG", "").startswith("en") else "zh")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in the same block as every other problem."""

    def error(self, message: str) -> NoReturn:
        odd = re.match(r"argument COMMAND: invalid choice: '(.*?)'", message)
        if odd:
            near = nearest(odd[1], COMMANDS)
            raise UsageError("usage-command", word=odd[1], known=", ".join(COMMANDS), nearest=near)
        raise UsageError("usage", detail=message, usage=" ".join(self.format_usage().split()[1:]))


def _parser() -> _Parser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--lang", choices=["zh", "en"], help="language of messages / 消息语言")
    common.add_argument("--debug", action="store_true", help="show the traceback of an error / 显示出错的调用过程")
    parser = _Parser(
        prog="mudian",
        description="开发区亩均效益评价 · output per mu for development zones",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"mudian {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = _add(commands, common, "demo", _demo, "copy the bundled example and run it / 复制并运行示例")
    demo.add_argument("dir", nargs="?", default="mudian-demo", metavar="DIR")
    init = _add(commands, common, "init", _init, "write a commented project file / 写一个带说明的项目文件")
    init.add_argument("dir", nargs="?", default=".", metavar="DIR")
    inspect = _add(commands, common, "inspect", _inspect, "what is in a file / 文件里有什么")
    inspect.add_argument("files", nargs="+", metavar="FILE")
    inspect.add_argument("--json", action="store_true", help="as JSON, a list for several files / 输出 JSON")
    inspect.add_argument("--encoding", help="text encoding / 文本编码")
    run = _add(commands, common, "run", _run, "run a project / 运行项目")
    run.add_argument("project", metavar="PROJECT.toml")
    run.add_argument("--out", metavar="DIR", help="output folder instead of output.dir / 输出文件夹")
    run.add_argument(
        "--strict", action="store_true", help="exit code 1 when the ledger has errors / 台账有错误时返回 1"
    )
    run.add_argument("--level", choices=["internal", "public", "enterprise"], help="instead of output.level / 成果级别")
    run.add_argument("--enterprise", metavar="CODE", help="whose results, with --level enterprise / 哪家企业的成果")
    run.add_argument("--workers", type=_positive, default=None, metavar="N", help="processes used / 使用的进程数")
    explain = _add(commands, common, "explain", _explain, "judgement sheet of a parcel, enterprise or zone / 判定书")
    explain.add_argument("run_dir", metavar="RUN_DIR")
    explain.add_argument("id", metavar="ID")
    explain.add_argument("--kind", choices=["parcel", "enterprise", "zone"], help="what the id names / 编号的种类")
    page = _add(commands, common, "map", _map, "the map page of a finished run / 由已有成果生成地图页")
    page.add_argument("run_dir", metavar="RUN_DIR")
    page.add_argument("--out", metavar="FILE", help="instead of map.html in RUN_DIR / 另存为")
    compare = _add(commands, common, "compare", _compare, "what changed between two runs / 两次运行的对比")
    compare_command.add_arguments(compare)
    add_arguments(_add(commands, common, "rank", _rank, "rank development zones / 开发区排名与位次变化"))
    add_screen_arguments(_add(commands, common, "screen", _screen, "land to redevelop in a run / 腾笼换鸟筛选"))
    add_report_arguments(_add(commands, common, "report", _report, "the Word report of a run / 生成 Word 报告"))
    _add_policies(commands, common)
    return parser


def _add_policies(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    """``mudian policies list | show ID | check PATH | diff A B``."""
    policies = _add(commands, common, "policies", _policies, "the policy packs / 政策包")
    policies.add_argument(
        "action", choices=["list", "show", "check", "diff"], help="what to do with them / 列出、查看、检查、比较"
    )
    policies.add_argument("names", nargs="*", metavar="NAME", help="ID, PATH, or A B / 编号、路径，或两个日期")
    policies.add_argument("--as-of", type=_day, default=None, metavar="DAY", help="the day that counts / 以哪一天为准")
    policies.add_argument("--packs", nargs="+", default=(), metavar="ID", help="packs of diff / 比较时所用的政策包")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: 2025-12-31") from None


def _add(
    commands: argparse._SubParsersAction[_Parser],
    common: _Parser,
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> _Parser:
    parser = commands.add_parser(name, help=text, description=text, parents=[common])
    parser.set_defaults(command=command)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: 1, 2, 3 …")
    return int(text)


def _complain(error: Exception, options: argparse.Namespace) -> int:
    """Print a problem as one block and give its exit code."""
    if options.debug:
        traceback.print_exception(error)
    from maps.errors import MapError  # slow to load

    if isinstance(error, MapError):  # the maps know nothing of our family; what they refuse is told in their words
        print(error.render(_lang(options)), file=sys.stderr)
        return InputError.exit_code
    problem = _problem(error)
    print(problem.render(_lang(options)), file=sys.stderr)
    return problem.exit_code


def _problem(error: Exception) -> Problem:
    """What goes on the screen for an exception, expected or not."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, MemoryError):
        return InputError("out-of-memory")
    if isinstance(error, OSError):
        return OutputError("system", file=error.filename, detail=error.strerror or str(error))
    return CheckError("fault", detail=f"{type(error).__name__}: {error}")


def _run(options: argparse.Namespace) -> int:
    from mudian.project import load_project

    project = load_project(options.project).at_level(options.level, options.enterprise)
    options.lang = options.lang or project.project.lang
    folder = Path(options.out) if options.out else project.output_dir
    return _run_project(project, folder, strict=options.strict, lang=options.lang, workers=options.workers)


def _run_project(project: Project, folder: Path, *, strict: bool, lang: Lang, workers: int | None = None) -> int:
    from mudian.atomic import refuse_foreign
    from mudian.pipeline import evaluate
    from mudian.progress import Stages
    from mudian.redaction.levels import refuse_other_level
    from mudian.summary import print_summary
    from mudian.workbook_template import open_template
    from mudian.writing import write_results

    folder = folder.absolute()
    refuse_foreign(folder)
    refuse_other_level(folder, project.output.level, lang=lang)
    if project.template is not None:
        open_template(project.template)
    clock = Stages(show=sys.stderr)
    evaluation = evaluate(project, stages=clock)
    cores = workers or os.cpu_count() or 1
    formats, template = project.output.formats, project.template
    write_results(evaluation, folder, formats=formats, stages=clock, workers=cores, template=template)
    print_summary(evaluation, folder, clock, lang=lang)
    return STRICT if strict and evaluation.manifest["ledger"]["error"] else 0


def _demo(options: argparse.Namespace) -> int:
    from mudian.demo import copy_example
    from mudian.project import load_project

    project = load_project(copy_example(Path(options.dir)))
    return _run_project(project, project.output_dir, strict=False, lang=_lang(options))


def _init(options: argparse.Namespace) -> int:
    from mudian.demo import write_template

    lang = _lang(options)
    print(f"{_SAY[lang]['written_project']}: {write_template(Path(options.dir), lang=lang)}")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    """Show every file that can be looked into; the others are said one by one and set the exit code."""
    from mudian.inspecting import inspect_file

    worst, seen = 0, []
    for file in options.files:
        try:
            report = inspect_file(file, encoding=options.encoding, lang=_lang(options))
        except Exception as error:
            worst = max(worst, _complain(error, options))
            continue
        seen.append(report.to_dict())
        if not options.json:
            print(report.render(_lang(options)))
    if options.json:
        shown = seen if len(options.files) > 1 else next(iter(seen), None)
        print(json.dumps(shown, ensure_ascii=False, indent=1, default=str))
    return worst


def _explain(options: argparse.Namespace) -> int:
    from mudian.evaluation import load
    from mudian.explain.document import explain

    evaluation = load(options.run_dir)
    options.lang = options.lang or evaluation.manifest["project"]["lang"]
    print(explain(evaluation, options.id, kind=options.kind, lang=options.lang).text())
    return 0


def _map(options: argparse.Namespace) -> int:
    from mudian.evaluation import load
    from mudian.mapping import map_page

    evaluation = load(options.run_dir, layers=True).spoken(options.lang)
    options.lang = evaluation.manifest["project"]["lang"]
    print(map_page(evaluation).save(options.out or Path(options.run_dir) / "map.html"))
    return 0


def _compare(options: argparse.Namespace) -> int:
    print(compare_command.run(options, lang=options.lang))
    return 0


def _rank(options: argparse.Namespace) -> int:
    print(run_rank(options, lang=_lang(options)))
    return 0


def _report(options: argparse.Namespace) -> int:
    print(run_report(options, lang=options.lang))
    return 0


def _screen(options: argparse.Namespace) -> int:
    print(run_screen(options, lang=options.lang))
    return 0


_POLICY_NAMES = {"list": 0, "show": 1, "check": 1, "diff": 2}


def _policies(options: argparse.Namespace) -> int:
    """Show, check or compare packs; a pack with faults shows all of them and ends with the code of wrong use."""
    from mudian.policies_command import check_policy, diff_policies, list_policies, show_policy

    names, lang, day = options.names, _lang(options), options.as_of or dt.date.today()
    if len(names) != _POLICY_NAMES[options.action]:
        raise UsageError("usage-policies", action=options.action, count=_POLICY_NAMES[options.action])
    if options.action == "list":
        print(list_policies(as_of=day, lang=lang))
    elif options.action == "show":
        print(show_policy(names[0], as_of=day, lang=lang))
    elif options.action == "diff":
        print(diff_policies(*names, packs=options.packs, as_of=day, lang=lang))
    else:
        faults, said = check_policy(names[0], lang=lang)
        for fault in faults:
            print(fault.render(lang), file=sys.stderr)
        print(said)
        return UsageError.exit_code if faults else 0
    return 0


if __name__ == "__main__":
    entry()
