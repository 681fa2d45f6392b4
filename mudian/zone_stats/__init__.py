"""Statistics of zones (开发区统计): intensity, structure, verdicts, grades, industries, supply, targets, benchmarks."""

from mudian.zone_stats.table import wide, zone_statistics

__all__ = ["wide", "zone_statistics"]
