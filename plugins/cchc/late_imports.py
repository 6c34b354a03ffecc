"""Modules that Great Expectations imports at its start, and that no rule of ours uses.

altair draws charts and scipy.stats compares distributions; together they are half of what the start of Great Expectations costs, and 80 MB.
They are imported when somebody first reads something of them, by the loader that the standard library has for that.
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


def import_late() -> None:
    """Let the modules of NAMES be imported when they are first used; this is called before Great Expectations is imported."""
    if not any(isinstance(finder, _ImportedWhenUsed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ImportedWhenUsed())
