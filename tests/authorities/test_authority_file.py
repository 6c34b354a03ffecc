"""authority.yaml, which is read before everything else: whatever stands in it is told by its name, and never as a stack trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.authority import FILE, read_authority
from cchc.errors import NotConfigured
from cchc.settings import PROJECT

GOOD = (PROJECT / "include" / "authorities" / "vinh_cuu" / FILE).read_text(encoding="utf-8")
ZONE = "Asia/Ho_Chi_Minh"
WRONG = {
    "a key twice": (f"{GOOD}\ncode: T99\n", "the key 'code' stands there a second time"),
    "no bottom": ("[" * 5000, "nested more than 50 levels deep"),
    "a list in itself": ("a: &a [*a]\n", "which would never end"),
    "a day that is none": ("code: 2023-99-99\n", "no day, number or what its tag says"),
    "a number of 5,000 digits": (f"code: {'9' * 5000}\n", "no day, number or what its tag says"),
    "a tag that is none": ("code: !!timestamp x\n", "no day, number or what its tag says"),
    "a zone that is a folder": (GOOD.replace(ZONE, "Asia"), "zone 'Asia' is not a time zone"),
    "a zone that leads away": (GOOD.replace(ZONE, "../../../etc/passwd"), "is not a time zone"),
    "a zone longer than a name of a file": (GOOD.replace(ZONE, "A" * 300), "is not a time zone"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_message(tmp_path: Path, what: str) -> None:
    text, words = WRONG[what]
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(NotConfigured, match=f"^{FILE}: ") as told:
        read_authority(tmp_path)
    assert words in str(told.value)


def test_a_good_one_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(GOOD, encoding="utf-8")
    assert read_authority(tmp_path).zone == ZONE
