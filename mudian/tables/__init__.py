"""Tables as bureaus send them: workbooks and text files with titles, merged headers, units and totals."""

from mudian.tables.reader import Table, read_table

__all__ = ["Table", "read_table"]
