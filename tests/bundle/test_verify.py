"""What verify names: changed bytes, files, editions that are missing or were replaced. Bundles of a few files, without a warehouse."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from cchc.bundle import verify


def files(position: int, period: str, previous: dict[str, bytes] | None = None, *, figures: bytes = b"a,b\n1,2\n") -> dict[str, bytes]:
    """The files of a small open bundle, which follows the bundle `previous`."""
    before: dict[str, Any] | None = None
    if previous is not None:
        before = {"period": f"2023-{position + 8:02d}", "edition": 1, "manifest_sha256": verify.sha256(previous[verify.MANIFEST])}
    edition = {"period": {"code": period}, "edition": 1, "position": position, "previous": before}
    found = {verify.EDITION: verify.canonical(edition), "figures.csv": figures, "papers/a.html": b"<p>a paper</p>"}
    content = {name: verify.sha256(data) for name, data in found.items() if not name.startswith("papers/")}
    found[verify.CONTENT] = verify.canonical({"files": content})
    found[verify.MANIFEST] = verify.canonical({"format": 1, "files": {name: verify.sha256(data) for name, data in found.items()}})
    return found | {verify.SUMS: verify.sums(found)}


def packed(folder: Path, name: str, made: dict[str, bytes]) -> Path:
    path = folder / name
    path.write_bytes(verify.packed(made))
    return path


def wrong(path: Path) -> list[str]:
    return verify.check(path).wrong


def test_each_of_a_thousand_changed_bytes_is_found(tmp_path: Path) -> None:
    """In the content of files, in hashes, and in the headers of the zip, which most readers of zips do not look at."""
    path = packed(tmp_path, "a.zip", files(1, "2023-10"))
    assert wrong(path) == []
    data = path.read_bytes()
    chance = random.Random(53)
    for place in chance.sample(range(len(data)), 1000):
        changed = bytearray(data)
        changed[place] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        assert wrong(path), place


@pytest.mark.parametrize("change", [lambda data: data + b"\0", lambda data: data[:-1], lambda data: b"", lambda data: b"\0" + data])
def test_bytes_too_many_or_too_few_are_found(tmp_path: Path, change: Any) -> None:
    path = packed(tmp_path, "a.zip", files(1, "2023-10"))
    path.write_bytes(change(path.read_bytes()))
    assert wrong(path)


@pytest.mark.parametrize("name", [verify.MANIFEST, verify.SUMS, verify.CONTENT, verify.EDITION, "figures.csv", "papers/a.html"])
def test_a_changed_file_is_named(tmp_path: Path, name: str) -> None:
    made = files(1, "2023-10")
    made[name] = made[name][:-1] + bytes([made[name][-1] ^ 1])
    assert any(name in sentence for sentence in wrong(packed(tmp_path, "a.zip", made)))


def test_a_file_too_many_or_missing_is_named(tmp_path: Path) -> None:
    made = files(1, "2023-10")
    del made["papers/a.html"]
    path = packed(tmp_path, "a.zip", made | {"more.txt": b"x"})
    assert wrong(path) == ["papers/a.html is missing", "more.txt is not in the manifest"]


def test_the_chain_names_what_is_missing_and_what_was_replaced(tmp_path: Path) -> None:
    october = files(1, "2023-10")
    november = files(2, "2023-11", october)
    december = files(3, "2023-12", november)
    first, second, third = (packed(tmp_path, name, made) for name, made in (("a.zip", october), ("b.zip", november), ("c.zip", december)))
    assert [one.wrong for one in verify.check_all([third, first, second])] == [[], [], []], "in any order"
    assert verify.check_all([second])[0].notes[-1] == "the chain before it was not given: 1 earlier editions"
    assert verify.check_all([first, third])[1].wrong == [
        "one edition between 2023-10 edition 1 and 2023-12 edition 1 is missing; the last one is 2023-11 edition 1"
    ]
    forged = packed(tmp_path, "forged.zip", files(1, "2023-10", figures=b"a,b\n1,3\n"))
    assert wrong(forged) == [], "by itself it is right"
    replaced = verify.check_all([forged, second, third])
    assert [one.wrong for one in replaced] == [[], ["it follows another 2023-10 edition 1 than forged.zip: that one was replaced"], []]
    both = [sentence for one in verify.check_all([first, forged]) for sentence in one.wrong]
    assert both == ["a.zip is another bundle of the same place in the chain: one of them was replaced"]


def test_a_manifest_that_is_none_is_told(tmp_path: Path) -> None:
    made = {verify.MANIFEST: b"[]\n"}
    (sentence,) = wrong(packed(tmp_path, "a.zip", made | {verify.SUMS: verify.sums(made)}))
    assert sentence.startswith("manifest.json, content.json or edition.json is not written as one of a bundle")
    assert verify.told(verify.check_all([tmp_path / "nothing.zip"])) == 1
