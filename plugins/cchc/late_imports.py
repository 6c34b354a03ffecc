"""Modules that libraries import at their start, and that nothing of ours uses.

Great Expectations: altair draws charts and scipy.stats compares distributions; together they are half of what its start costs, and 80 MB.
They are imported when somebody first reads something of them, by the loader that the standard library has for that.

Arrow: pandas, a quarter of a second and 40 MB. When Arrow first makes an array of Python values, it imports pandas to know whether these
are values of pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

NAMES = frozenset({"altair", "scipy.stats"})


class _ImportedWhenUsed(MetaPathFinder):
    """Finds the modules of NAMES, and lets them be imported late."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How one of NAMES is imported; None for any other module, which Python then finds as always."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in NAMES else None
        if spec is None or spec.loader is None:
            return None
        spec.loader = LazyLoader(spec.loader)
        return spec


class _HidesPandas(MetaPathFinder):
    """Finds nothing, and lets nobody else find pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None for any other module, which Python then finds as always. Raises ModuleNotFoundError for pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not needed here", name=fullname)
        return None


def import_late() -> None:
    """Let the modules of NAMES be imported when they are first used; this is called before Great Expectations is imported."""
    if not any(isinstance(finder, _ImportedWhenUsed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ImportedWhenUsed())


def arrow_without_pandas() -> None:
    """Let Arrow make its first array in this process as if there were no pandas; nothing changes where pandas is imported already.

    What needs pandas in Arrow, as `to_pandas`, imports it then as always.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    hides = _HidesPandas()
    sys.meta_path.insert(0, hides)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(hides)
