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
from mudian.evaluation import Evaluation, load
from mudian.hold import held_area
from mudian.link import Links, link
from mudian.measure import measure_enterprises, measure_parcels, measure_zones
from mudian.pipeline import evaluate
from mudian.project import Project, load_project

__all__ = [
    "Evaluation",
    "Links",
    "Project",
    "__version__",
    "allocate",
    "assign_zones",
    "evaluate",
    "held_area",
    "link",
    "load",
    "load_project",
    "measure_enterprises",
    "measure_parcels",
    "measure_zones",
]
