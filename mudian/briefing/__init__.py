"""The report for people: zone sheets and an overview, collected once and written to Word and to the workbook."""
