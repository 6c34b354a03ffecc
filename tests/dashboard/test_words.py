"""The words of the pages: none is missing, none is left over, both languages name the same parts."""

from __future__ import annotations

import re
from string import Formatter

from cchc.dashboard.words import WordFile
from cchc.period import KINDS
from cchc.settings import PROJECT
from cchc.typed import read

FOLDER = PROJECT / "include" / "dashboard"
WORDS = read(FOLDER / "words.yaml", WordFile).words
CODE = "\n".join(
    path.read_text("utf-8")
    for folder, pattern in ((PROJECT / "plugins" / "cchc" / "dashboard", "*.py"), (FOLDER / "templates", "*.html"))
    for path in sorted(folder.glob(pattern))
)


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_name_the_same_parts() -> None:
    for name, word in WORDS.items():
        assert parts(word.vi) == parts(word.en), name


def test_every_word_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    asked = set(re.findall(r"""(?:\bt|words)(?:\[|\()["'](\w[\w:]*)["']\s*[\],)]""", CODE))
    assert len(asked) > 80
    assert asked <= set(WORDS), asked - set(WORDS)
    # names that are put together: status_met, kind_month …
    composed = tuple(set(re.findall(r"""["'](\w+_)["'] ~ |f["'](\w+_)\{""", CODE)))
    prefixes = tuple({part for pair in composed for part in pair if part})
    left_over = {name for name in WORDS if name not in asked and not name.startswith(prefixes) and f'"{name}"' not in CODE}
    assert not left_over
    assert {f"kind_{kind}" for kind in KINDS} <= set(WORDS)
