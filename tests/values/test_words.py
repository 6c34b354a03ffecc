"""Keys of words in a profile: a word that means two things is refused by its place, before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.sources.profile import read_profile
from tests.values.conftest import HEAD

ENTITY = """\
entities:
  dossiers:
    model: dossier
    file_pattern: "hs_*"
    key: [ma]
    columns:
      dossier_code: ma
      unit_code: {from: x, %s}
"""


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("true_words: [Có], false_words: ['có ']", "'có' stands in 'true_words' and in 'false_words'"),
        ("codes: {A: '1', ' a': '2'}, loose_codes: true", "' a' is a word of 'codes' twice"),
        ("loose_codes: true", "'codes', which is missing"),
        ("extract_as: '{1}'", "'extract', which is missing"),
        (r"extract: '(\d)', extract_as: '{2}'", r"names \{2\}; the groups of 'extract' are 1"),
        (r"extract: '(\d)', extract_as: '{1.real}'", r"names \{1.real\}"),
        (r"extract: '(\d)', extract_as: '{1:>9}'", r"names \{1\}"),
        (r"extract: '(\d)', extract_as: '{1'", "cannot be read"),
    ],
)
def test_a_word_that_means_two_things_is_refused(tmp_path: Path, keys: str, words: str) -> None:
    path = tmp_path / "chu.yaml"
    path.write_text("\n".join(line.removeprefix("    ") for line in HEAD.format(source="chu").splitlines()) + "\n" + ENTITY % keys, "utf-8")
    with pytest.raises(NotConfigured, match=rf"chu.yaml.*unit_code.*{words}"):
        read_profile(path)
