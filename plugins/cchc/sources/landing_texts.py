"""Replace texts in everything that has landed, and keep each load complete: its manifest names the sha256 of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
import zstandard

from cchc.errors import CchcError
from cchc.sources.landing import MANIFEST, Folder, write_manifest

PART = ".zst"
UNFINISHED = ".tmp"


@dataclass(frozen=True)
class Rewritten:
    """A folder of the landing in which texts stand: its place below the landing, the number of its files, the new parts of its manifest.

    `parts` is None where the folder has no manifest, because its run failed, and in a search that changes nothing.
    """

    place: str
    files: int
    parts: list[dict[str, Any]] | None = None


def replace_in_landing(landing_url: str, texts: Mapping[bytes, bytes], *, is_search: bool = False) -> list[Rewritten]:
    """Replace each text by its other one of the same length wherever it stands in the landing, or only search (`is_search`).

    No run may go on. A kill in the middle loses nothing: what is not replaced yet is found by the next call. Files that a killed run has
    not finished are removed, because nobody reads them. Returns the folders in which a text was found. Raises CchcError, naming the file,
    where a part cannot be read: nobody would know what stands in it.
    """
    root = Folder(landing_url)
    found = (_rewrite(root, folder, texts, is_search=is_search) for folder in _folders(root))
    return [each for each in found if each is not None]


def _folders(folder: Folder) -> Iterator[Folder]:
    yield folder
    for name in folder.names("directory"):
        yield from _folders(folder.child(name))


def _rewrite(root: Folder, folder: Folder, texts: Mapping[bytes, bytes], *, is_search: bool) -> Rewritten | None:
    changed: dict[str, bytes] = {}
    for name in folder.names("file"):
        if name.endswith(UNFINISHED):
            if not is_search:
                folder.remove(name)
            continue
        before = _content(folder, name)
        after = _replaced(before, texts)
        if after != before:
            changed[name] = zstandard.ZstdCompressor(level=1).compress(after) if name.endswith(PART) else after
    if not changed:
        return None
    place = folder.path.removeprefix(root.path).lstrip("/")
    if is_search:
        return Rewritten(place, len(changed))
    return Rewritten(place, len(changed), _write(folder, changed))


def _content(folder: Folder, name: str) -> bytes:
    """The bytes of a file, those of a part as it was before compression."""
    data = folder.read(name)
    if not name.endswith(PART):
        return data
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise CchcError(
            f"{folder.url}/{name} cannot be read ({error}), so nobody knows what stands in it. Remove its folder, then do this again. "
            "Nothing of the warehouse was changed"
        ) from error


def _replaced(data: bytes, texts: Mapping[bytes, bytes]) -> bytes:
    for old, new in texts.items():
        data = data.replace(old, new)
    return data


def _write(folder: Folder, changed: dict[str, bytes]) -> list[dict[str, Any]] | None:
    """Write the changed files. The manifest first: after a kill the parts that still have the text are found again, and it is made anew."""
    parts: list[dict[str, Any]] | None = None
    if MANIFEST in folder.names("file"):
        manifest = orjson.loads(changed.pop(MANIFEST, b"") or folder.read(MANIFEST))
        sums = {name: sha256(data).hexdigest() for name, data in changed.items()}
        parts = [part | {"sha256": sums.get(part["name"], part["sha256"])} for part in manifest["parts"]]
        write_manifest(folder, manifest | {"parts": parts})
    for name, data in changed.items():
        folder.write(name, data)
    return parts
