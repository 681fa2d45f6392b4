"""The bundled example: a made-up development zone with planted, documented faults.

Nothing in it is real; its ``README.md`` lists every fault by file and row. It serves the demo, the docs and
the tests alike. The generator stands in ``examples/make_example.py`` of the source repository.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["example_files"]


def example_files() -> Traversable:
    """The folder with the files of the bundled example.

    Returns
    -------
    Traversable
        A folder; inside a zipped installation use ``importlib.resources.as_file`` to get a real path.

    Examples
    --------
    >>> sorted(f.name for f in example_files().iterdir() if f.name.endswith(".toml"))
    ['示例.toml', '示例政策.toml']
    """
    return files(__name__) / "example_zone"
