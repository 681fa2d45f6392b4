"""Periods as people write them, each read by hand."""

import datetime as dt

import pytest

from mudian.periods.spans import Period, latest, normalise_period, read_period

# Text → canonical period: written down from what the words mean, not from the program.
READ = [
    ("2024", "2024"), ("2024.0", "2024"), ("2024年", "2024"), ("2024年度", "2024"), ("2024年全年", "2024"),
    ("２０２４年", "2024"), (" 2024 年 ", "2024"), ("2024年1-12月", "2024"), ("2024-01-01至2024-12-31", "2024"),
    ("20240101-20241231", "2024"), ("2024Q1", "2024Q1"), ("2024年第二季度", "2024Q2"), ("2024年1季度", "2024Q1"),
    ("2024年四季度", "2024Q4"), ("2024年1-3月", "2024Q1"), ("2024年10—12月", "2024Q4"), ("2024H1", "2024H1"),
    ("2024年上半年", "2024H1"), ("2024年下半年", "2024H2"), ("2024年1-6月", "2024H1"), ("2024年1月至6月", "2024H1"),
    ("2024年1-6月累计", "2024H1"), ("202401-202406", "2024H1"), ("2024.07-2024.12", "2024H2"), ("2024-03", "2024-03"),
    ("2024/3", "2024-03"), ("2024年3月", "2024-03"), ("2024年3月份", "2024-03"), ("202403", "2024-03"),
    ("2024.03", "2024-03"), ("2024.3", "2024-03"), ("2024-03-01", "2024-03"), ("2024-03-01 00:00:00", "2024-03"),
    ("45352", "2024-03"), ("2024年1-9月", "2024-01/2024-09"), ("2024年前三季度", "2024-01/2024-09"),
    ("2024年前2季度", "2024H1"), ("2023-07/2024-06", "2023-07/2024-06"), ("2024-01/2024-09", "2024-01/2024-09"),
]  # fmt: skip
# No period: relative, too short, no such month, a day that is not the first, October or January, backwards.
UNREAD = [
    "去年", "24", "2024-13", "2024-00", "202413", "2024Q5", "2024H3", "2024-12-31", "2024.1", "45367", "1234", "",
    "2024年6-1月", "2024-01-01至2024-12-30", "2024年五季度", "20241", "—",
]  # fmt: skip


@pytest.mark.parametrize(("text", "period"), READ)
def test_what_is_a_period(text, period):
    assert normalise_period(text) == period


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_none(text):
    assert read_period(text) is None


def test_a_text_that_is_no_period_cannot_become_one():
    with pytest.raises(ValueError, match="去年"):
        Period.of("去年")


@pytest.mark.parametrize("text", sorted({p for _, p in READ}))
def test_the_canonical_form_reads_as_itself(text):
    assert str(Period.of(text)) == text


@pytest.mark.parametrize(
    ("text", "months", "year_before", "before", "last"),
    [
        ("2024", 12, "2023", "2023", (2024, 12, 31)),
        ("2024H1", 6, "2023H1", "2023H2", (2024, 6, 30)),
        ("2024Q1", 3, "2023Q1", "2023Q4", (2024, 3, 31)),
        ("2024-02", 1, "2023-02", "2024-01", (2024, 2, 29)),
        ("2024-01/2024-09", 9, "2023-01/2023-09", "2023-04/2023-12", (2024, 9, 30)),
    ],
)
def test_neighbours_of_a_period(text, months, year_before, before, last):
    period = Period.of(text)
    assert (period.months, period.last_day) == (months, dt.date(*last))
    assert (str(period.year_before()), str(period.before())) == (year_before, before)


def test_the_latest_period_that_is_over():
    """On 2025-06-30 the year 2025 is not over, the first half is; of what ends on one day the longest counts."""
    periods = [Period.of(t) for t in ("2023", "2024", "2024Q4", "2025", "2025H1", "2025Q2")]
    assert str(latest(periods, dt.date(2025, 6, 30))) == "2025H1"
    assert str(latest(periods, dt.date(2025, 6, 29))) == "2024"
    assert latest(periods, dt.date(2020, 1, 1)) is None
