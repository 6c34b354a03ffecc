"""The corpus: `cases/<target>/<what it was>`, each a small file that a parser once did not survive, or that fuzzers start from."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).with_name("cases")


def cases(target: str) -> list[Path]:
    """The cases of a target, by name."""
    return sorted((CASES / target).glob("*"))
