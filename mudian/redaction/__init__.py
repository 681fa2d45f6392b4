"""Levels of redaction (公开 / 内部 / 企业本人): what of a run may leave the house, by lists of what may stay."""

from mudian.redaction.levels import redact, redacted

__all__ = ["redact", "redacted"]
