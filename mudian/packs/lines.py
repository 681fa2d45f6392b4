"""Where in a TOML file an entry stands: the parser gives values without lines, and an error needs the line.

The text has been accepted by the parser before it comes here, so that this walk only has to tell keys, arrays, inline
tables, strings and comments apart.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[\w-]+", re.ASCII)
_PLAIN = re.compile(r"[^,\]}\r\n#]+")
_STRINGS = (
    ('"""', re.compile(r'"""(?:\\.|(?!""")[\s\S])*"{3,5}')),
    ("'''", re.compile(r"'''(?:(?!''')[\s\S])*'{3,5}")),
    ('"', re.compile(r'"(?:\\.|[^"\\\n])*"')),
    ("'", re.compile(r"'[^'\n]*'")),
)


def locate(text: str) -> dict[Path, int]:
    """The line of every table, key and array item of a TOML text.

    Parameters
    ----------
    text
        TOML that the parser has accepted.

    Returns
    -------
    dict
        Line numbers from 1 by path, array items by their index.

    Examples
    --------
    >>> locate('[a."b.c"]\\nd = 1\\nlist = [\\n { x = 1 },\\n { x = 2 },\\n]')[("a", "b.c", "list", 1)]
    5
    """
    walk = _Walk(text)
    walk.document()
    return walk.found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a path, or of the nearest table around it."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)


class _Walk:
    """One walk through a text, noting the line of everything that has a path."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)
            self.blank()

    def header(self) -> Path:
        """``[table]`` or ``[[table]]``; gives the path that the keys below it belong to."""
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        named = self.key()
        self.at += 2 if several else 1
        # Tables below an array of tables belong to its last item.
        path: Path = ()
        for part in named[:-1]:
            path = (*path, part)
            self.note(path)
            path = (*path, self.counts[path]) if path in self.counts else path
        path = (*path, named[-1])
        if several:
            self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, self.counts[path])
        self.note(path)
        return path

    def pair(self, table: Path) -> None:
        """``key = value``."""
        line = self.line
        path = (*table, *self.key())
        self.found.setdefault(path, line)
        self.at += 1  # the equal sign
        self.skip(_SPACE)
        self.value(path)

    def key(self) -> Path:
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            parts.append(self.string()[1:-1] if self.text[self.at] in "\"'" else self.skip(_BARE))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def value(self, path: Path) -> None:
        first = self.text[self.at]
        if first == "[":
            self.several(path, "]")
        elif first == "{":
            self.several(path, "}")
        elif first in "\"'":
            self.string()
        else:
            self.skip(_PLAIN)

    def several(self, path: Path, end: str) -> None:
        """An array, whose items are counted, or an inline table."""
        self.at += 1
        index = 0
        self.blank()
        while not self.text.startswith(end, self.at):
            if end == "}":
                self.pair(path)
            else:
                self.note((*path, index))
                self.value((*path, index))
                index += 1
            self.blank()
            if self.text.startswith(",", self.at):
                self.at += 1
                self.blank()
        self.at += 1

    def string(self) -> str:
        pattern = next(p for quotes, p in _STRINGS if self.text.startswith(quotes, self.at))
        return self.skip(pattern)

    def note(self, path: Path) -> None:
        self.found.setdefault(path, self.line)

    def blank(self) -> None:
        self.skip(_BLANK)

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Go past what a pattern matches here and count its lines."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        self.line += match[0].count("\n")
        return match[0]
