"""The generated pages of docs/reference: `python -m cchc.documentation.reference` writes them (`make reference`).

docs/reference/profile.md belongs to `make schemas`, because it is made of the same models as docs/schemas.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import zip_longest
from pathlib import Path

from cchc.documentation import contract_page, dag_page, indicator_page, plan_page, rule_page
from cchc.documentation.pages import FOLDER
from cchc.errors import CchcError

PAGES: dict[str, Callable[[], str]] = {
    indicator_page.NAME: indicator_page.text,
    plan_page.NAME: plan_page.text,
    rule_page.NAME: rule_page.text,
    dag_page.NAME: dag_page.text,
    **{name: partial(contract_page.text, name) for name in contract_page.names()},
}


def write(folder: Path = FOLDER) -> None:
    """Write every page."""
    for name, text in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


def stale(folder: Path = FOLDER, names: Iterable[str] = PAGES) -> list[str]:
    """Those of the pages `names` in `folder` that are not what their data and texts say now.

    A sentence for each: the first line that differs, and how to write the page anew.
    """
    found = []
    for name in names:
        text, path = PAGES[name], folder / name
        kept, fresh = path.read_text(encoding="utf-8").splitlines() if path.exists() else [], text().splitlines()
        if kept != fresh:
            lines = enumerate(zip_longest(kept, fresh), 1)
            line = next(number for number, (old, new) in lines if old != new)
            now = fresh[line - 1] if line <= len(fresh) else "nothing"
            found.append(f"docs/reference/{name} is old from line {line} on; run `make reference`. The line is now: {now[:200]}")
    return found


if __name__ == "__main__":
    try:
        write()
    except CchcError as error:
        sys.exit(str(error))
