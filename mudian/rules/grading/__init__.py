"""Grading of enterprises (A–D)."""
