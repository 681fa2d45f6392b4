"""What the upper floor adds to the family of exceptions of ``parcels.errors``."""

from __future__ import annotations

from parcels.errors import InputError, OutputError, Problem

__all__ = ["CheckError", "InputError", "OutputError", "PackError", "Problem", "ProjectError", "UsageError"]


class UsageError(Problem, ValueError):
    """The program was called wrongly."""

    exit_code = 2


class ProjectError(UsageError):
    """The project file is wrong."""


class PackError(UsageError):
    """A policy pack is wrong, unknown, or may not be used on the day."""


class CheckError(Problem, ArithmeticError):
    """A check inside failed: what went in did not come out."""

    exit_code = 4
