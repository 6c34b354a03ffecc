"""The names of Vĩnh Cửu, which nobody may read where the product is another authority's."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from cchc.settings import VINH_CUU

# the district, its province and its plan; its codes, also at the end of the code of a procedure (H19 alone is a cell of a sheet, too); what
# it calls the whole
WORDS = (
    r"Vĩnh Cửu",
    r"VĨNH CỬU",
    r"Đồng Nai",
    r"ĐỒNG NAI",
    r"53/KH-UBND",
    r"H19\.\d",
    r"\.H19\b",
    r"[Tt]oàn huyện",
    r"[Uu]BND huyện",
)


def _names(folder: Path) -> set[str]:
    with (folder / "units.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"] for row in csv.DictReader(file)}


def foreign_to(folder: Path) -> re.Pattern[str]:
    """Whatever names Vĩnh Cửu: the words above and the names of its units, but for names that the authority in `folder` has, too."""
    own = _names(folder)
    names = {name for name in _names(VINH_CUU) if name not in own}
    return re.compile("|".join([*WORDS, *(re.escape(name) + r"\b" for name in sorted(names, key=len, reverse=True))]))


def found_in(foreign: re.Pattern[str], texts: dict[str, str]) -> dict[str, list[str]]:
    """What is found, by the name of the text it stands in; empty where nobody is named."""
    found = {name: sorted(set(foreign.findall(text))) for name, text in texts.items()}
    return {name: words for name, words in found.items() if words}
