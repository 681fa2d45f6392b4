"""Columns by year side by side: that of the evaluated year counts, whatever the order; worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from mudian.enterprises import read_enterprises
from mudian.settings import TableSettings
from parcels.ledger import Ledger


def read(tmp_path, columns, *, period="2025", fields=None):
    table = pd.DataFrame({"统一社会信用代码": ["91370902MA00000016"], "企业名称": ["甲公司"], **columns})
    table.to_csv(tmp_path / "企业.csv", index=False)
    ledger = Ledger()
    settings = TableSettings(path="企业.csv", fields=fields or {})
    found = read_enterprises(tmp_path / "企业.csv", settings, period=period, ledger=ledger)
    return found.frame["tax_wan"].tolist(), ledger.frame()


@pytest.mark.parametrize("years", [(2024, 2025), (2025, 2024), (2023, 2024, 2025, 2026)])
@pytest.mark.parametrize("header", ["{}年税收（万元）", "{}年度_实缴税金（万元）", "税收_{}年（万元）"])
def test_the_column_of_the_evaluated_year_counts(tmp_path, years, header):
    """The figure of each year is the year less 2000, so that 2025 has 25."""
    tax, ledger = read(tmp_path, {header.format(y): [y - 2000] for y in years})
    assert tax == [25]
    assert ledger.query("code == 'year-column-chosen'")["severity"].tolist() == ["warning"]


def test_a_header_of_another_year_is_an_error_of_the_ledger(tmp_path):
    tax, ledger = read(tmp_path, {"2024年税收（万元）": [24]})
    assert tax == [24]
    assert ledger.query("code == 'year-column-other'")["severity"].tolist() == ["error"]
    tax, ledger = read(tmp_path, {"2023年税收（万元）": [23], "2024年税收（万元）": [24]})
    assert tax == [24]  # the last one before the period
    assert len(ledger.query("code == 'year-column-other'")) == 1


def test_headers_without_years_and_columns_named_by_the_user_are_left_alone(tmp_path):
    tax, ledger = read(tmp_path, {"2025年税收（万元）": [25]})
    assert (tax, ledger["code"].str.startswith("year-column").sum()) == ([25], 0)
    tax, ledger = read(tmp_path, {"2024年税收（万元）": [24], "税收（万元）": [1]}, fields={"tax": "税收（万元）"})
    assert (tax, ledger["code"].str.startswith("year-column").sum()) == ([1], 0)
    columns = {"2024年税收（万元）": [24], "2025年税收（万元）": [25]}
    tax, ledger = read(tmp_path, columns, fields={"tax_wan": "2024年税收（万元）"})
    assert (tax, ledger["code"].str.startswith("year-column").sum()) == ([24], 0)
