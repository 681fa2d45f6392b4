"""Screening for redevelopment (腾笼换鸟): candidates and why, gain and ease, contiguous sites, effect and matching."""

from mudian.screening.screen import Screening, screen

__all__ = ["Screening", "screen"]
