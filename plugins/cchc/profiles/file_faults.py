"""Every fault of the form of a profile at once. The strict reader stops at the first rule of a mapping that is broken; here it goes on.

A rule of a mapping is only asked where its keys have the right form. So each entity is looked at by itself, with what was found wrong
taken out of a copy, and then the rules between the entity and the ways in which its source is read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cchc.sources.profile_file import DatabaseFile, EntityFile, FilesFile, ProfileFile
from cchc.sources.profile_http import HttpFile
from cchc.typed import FoundFault, adapter, faults_of, line_of

TODO = "TODO"  # what `cchc profile draft` writes where a person must fill in
# what stands in for a part that is wrong itself, so that the rules beside it can be asked
STAND_INS: dict[str, tuple[Any, dict[str, Any]]] = {
    "http": (HttpFile, {"auth": {"kind": "none"}, "path": "/{entity}", "paginator": {"kind": "single"}}),
    "files": (FilesFile, {"name": "(?P<date>[0-9]{8})_(?P<revision>[0-9])_(?P<unit>.)"}),
    "database": (DatabaseFile, {}),
}


def form_faults(path: Path, text: str, data: Any) -> tuple[list[FoundFault], dict[str, EntityFile]]:
    """The faults of a profile's form, and its entities that can be read each by itself, without the columns that are wrong.

    Arguments: `path`, the file; `text`, its YAML; `data`, what the YAML says.
    """
    faults = faults_of(ProfileFile, data, text)
    if not isinstance(data, dict):
        return faults, {}
    if "source" in data and data["source"] != path.stem:
        words = f"'source' is {data['source']!r}; it must be {path.stem!r}, the name of the file."
        faults.append(FoundFault(line_of(text, "source"), (), words))
    entities: dict[str, EntityFile] = {}
    listed = data.get("entities")
    for name, entry in (listed if isinstance(listed, dict) else {}).items():
        found, left = _of_entity(str(name), entry, text)
        faults += found
        if left is not None:
            entities[str(name)] = adapter(EntityFile).validate_python(left)
            faults += _beside_transports(data, str(name), left, text)
    return list(dict.fromkeys(faults)), entities


def unfilled(data: Any, text: str, *above: Any) -> Iterator[FoundFault]:
    """Where `TODO` stands in the place of what a person must fill in."""
    for step, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        place = (*above, step)
        if value == TODO:
            yield FoundFault(line_of(text, *place), place, f"a person must fill this in: put it in the place of {TODO}.")
        else:
            yield from unfilled(value, text, *place)


def _of_entity(name: str, entry: Any, text: str) -> tuple[list[FoundFault], Any]:
    """The faults of one entity, and what it says without its columns that are wrong; None where more than columns is wrong."""
    above = ("entities", name)
    faults: list[FoundFault] = []
    entry = copy.deepcopy(entry)
    while found := faults_of(EntityFile, entry, text, *above):
        faults += [fault for fault in found if fault.is_rule or not faults]
        columns = {fault.place[3] for fault in found if fault.place[2:3] == ("columns",) and len(fault.place) > 3}
        if not columns or not columns & entry["columns"].keys():
            return faults, None
        for column in columns:
            entry["columns"].pop(column, None)
    return faults, entry


def _beside_transports(data: dict[str, Any], name: str, entry: Any, text: str) -> list[FoundFault]:
    """The rules between one entity and the ways in which its source is read, whatever is wrong elsewhere."""
    ways = {
        way: data[way] if _is_well(kind, data[way]) else stand_in
        for way, (kind, stand_in) in STAND_INS.items()
        if data.get(way) is not None
    }
    first_day = {} if data.get("first_day") is None else {"first_day": "2000-01-01"}  # what is wrong with the day itself is told already
    whole = {"source": "x", "name_vi": "x", "owner": "x", "zone": "UTC"} | first_day | ways | {"entities": {name: entry}}
    return [fault for fault in faults_of(ProfileFile, whole, text) if fault.is_rule]


def _is_well(kind: Any, entry: Any) -> bool:
    try:
        adapter(kind).validate_python(entry)
    except ValidationError:
        return False
    return True
