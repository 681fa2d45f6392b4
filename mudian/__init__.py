"""Output per mu for Chinese development zones (开发区亩均效益评价): from parcels and taxes to figures and maps."""

from importlib.resources import files as _files

import maps as _maps
import parcels as _parcels

for _package, _name in ((_parcels, "area_mu"), (_maps, "interactive")):
    if not hasattr(_package, _name):
        raise ImportError(
            f"the package {_package.__name__!r} found at {list(_package.__path__)} is not the one of mudian: "
            "another distribution of that name is installed. "
            f"Uninstall it (pip uninstall {_package.__name__}) and reinstall mudian."
        )

from parcels.catalog import CATALOG as _CATALOG

_CATALOG.register(_files("mudian") / "messages")

from mudian._version import __version__
from mudian.allocate import allocate
from mudian.assign import assign_zones
from mudian.comparing.result import Comparison, compare
from mudian.evaluation import Evaluation, load
from mudian.explain.document import explain
from mudian.explain.missing import missing_data
from mudian.hold import held_area
from mudian.judge import Measured, Verdicts, judge_all
from mudian.link import Links, link
from mudian.measure import measure_enterprises, measure_parcels, measure_zones
from mudian.packs.policy import Policy, policies
from mudian.pipeline import evaluate
from mudian.project import Project, load_project
from mudian.ranking.result import Ranking, rank_zones
from mudian.redaction import redact
from mudian.rules.admission import admit, control_indicators
from mudian.rules.grading.grade import grade
from mudian.rules.grading.prices import power_surcharge
from mudian.rules.idle import judge_idle
from mudian.rules.incentives import incentives
from mudian.rules.inefficient import judge_inefficient
from mudian.rules.ranks import rank_progress
from mudian.rules.standard_land import standard_land_conform, standard_land_eligible
from mudian.screening.shortlist import Shortlist, screen
from mudian.zone_stats import zone_statistics

__all__ = [
    "Comparison",
    "Evaluation",
    "Links",
    "Measured",
    "Policy",
    "Project",
    "Ranking",
    "Shortlist",
    "Verdicts",
    "__version__",
    "admit",
    "allocate",
    "assign_zones",
    "compare",
    "control_indicators",
    "evaluate",
    "explain",
    "grade",
    "held_area",
    "incentives",
    "judge_all",
    "judge_idle",
    "judge_inefficient",
    "link",
    "load",
    "load_project",
    "measure_enterprises",
    "measure_parcels",
    "measure_zones",
    "missing_data",
    "policies",
    "power_surcharge",
    "rank_progress",
    "rank_zones",
    "redact",
    "screen",
    "standard_land_conform",
    "standard_land_eligible",
    "zone_statistics",
]
