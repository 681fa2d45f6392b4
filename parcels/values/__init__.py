"""Values as people write them: numbers, days, yes and no, identifiers, and the marks for missing."""

from parcels.values.parse import Parsed, report, to_boolean, to_date, to_id, to_number, to_text

__all__ = ["Parsed", "report", "to_boolean", "to_date", "to_id", "to_number", "to_text"]
