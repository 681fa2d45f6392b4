"""The words of the program: every ledger row and every error text, in Chinese and English.

Texts live in ``messages/*.toml`` beside each package, one table per code::

    [ledger.encoding-mismatch]
    severity = "warning"
    zh = "声明的编码是 {declared}，字节实际是 {actual}"
    en = "declared as {declared}, but the bytes are {actual}"

    [error.crs-zone-unknown]
    zh = { what = "…", expected = "…", todo = "…" }
    en = { what = "…", expected = "…", todo = "…" }

A code is unique over all packages; Chinese and English texts name the same placeholders.
"""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal

Lang = Literal["zh", "en"]
Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_PARTS = ("what", "expected", "todo")


@dataclass(frozen=True)
class LedgerText:
    """What a ledger code means, and how serious it is."""

    severity: Severity
    zh: str
    en: str

    def render(self, lang: Lang, **params: object) -> str:
        """The text in one language with its placeholders filled."""
        return (self.zh if lang == "zh" else self.en).format(**params)


@dataclass(frozen=True)
class ErrorText:
    """What an error says: what is wrong, what was expected, what to do."""

    zh: dict[str, str]
    en: dict[str, str]

    def render(self, lang: Lang, part: str, **params: object) -> str:
        """One part (``what``, ``expected`` or ``todo``) with its placeholders filled."""
        return (self.zh if lang == "zh" else self.en).get(part, "").format(**params)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class Catalog:
    """All texts of the packages that registered theirs."""

    def __init__(self) -> None:
        self.ledger: dict[str, LedgerText] = {}
        self.error: dict[str, ErrorText] = {}
        self._folders: set[str] = set()

    def register(self, folder: Traversable) -> None:
        """Read every ``*.toml`` in ``folder``, once; a code that another file defines too is refused."""
        if str(folder) in self._folders:
            return
        self._folders.add(str(folder))
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".toml"):
                self._read(tomllib.loads(file.read_text(encoding="utf-8")), file.name)

    def _read(self, table: dict[str, dict[str, dict[str, object]]], source: str) -> None:
        for code, entry in table.get("ledger", {}).items():
            self._check(code, self.ledger, source, str(entry["zh"]), str(entry["en"]))
            if entry["severity"] not in SEVERITIES:
                raise ValueError(f"{source}: {code}: severity {entry['severity']!r}")
            self.ledger[code] = LedgerText(entry["severity"], str(entry["zh"]), str(entry["en"]))
        for code, entry in table.get("error", {}).items():
            zh, en = dict(entry["zh"]), dict(entry["en"])  # type: ignore[call-overload]
            self._check(code, self.error, source, *("".join(t.get(p, "") for p in _PARTS) for t in (zh, en)))
            self.error[code] = ErrorText(zh, en)

    @staticmethod
    def _check(code: str, known: dict[str, LedgerText] | dict[str, ErrorText], source: str, zh: str, en: str) -> None:
        if code in known:
            raise ValueError(f"{source}: message code {code!r} is defined twice")
        if _placeholders(zh) != _placeholders(en):
            raise ValueError(f"{source}: {code}: Chinese and English name different placeholders")


CATALOG = Catalog()
