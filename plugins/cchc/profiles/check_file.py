"""Judge the file of a profile alone: every mistake at once, each with its line. It needs neither a warehouse nor the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cchc.errors import NotConfigured, WrongUse
from cchc.near import or_known
from cchc.profiles.entity_faults import EntityFaults, Known, Ways
from cchc.profiles.file_faults import form_faults, unfilled
from cchc.profiles.layouts import read_layouts
from cchc.reference.unit_list import read_units
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, parts_of, read_profile
from cchc.sources.profile_file import EntityFile, FilesFile
from cchc.sources.sql_files import read_query
from cchc.typed import FoundFault, adapter, line_of
from cchc.yaml_text import read_text


@dataclass
class Verdict:
    """What was found in a profile file.

    `mistakes`: one sentence each, in the order of the file. `profile`: None where there are mistakes. `text`: the YAML of the file.
    """

    path: Path
    mistakes: list[str] = field(default_factory=list)
    profile: Profile | None = None
    text: str = ""

    def line(self, *place: Any) -> str:
        """The file and the line of a place in it, for messages."""
        return f"{self.path.name} line {line_of(self.text, *place)}"


def path_of(settings: Settings, name: str) -> Path:
    """The file of a profile, by its path or by the name of its source. Raises WrongUse where there is neither."""
    path = Path(name)
    if path.suffix == ".yaml":
        if not path.is_file():
            raise WrongUse(f"there is no file {name}")
        return path
    known = list_profiles(settings.sources_dir)
    if name not in known:
        raise WrongUse(f"there is no source {name!r}{or_known(name, known)}, in {settings.sources_dir}; a file is named with its .yaml")
    return settings.sources_dir / f"{name}.yaml"


def check_file(settings: Settings, path: Path) -> Verdict:
    """Judge the profile in `path`. All mistakes that can be told beside one another are told at once."""
    verdict = Verdict(path)
    try:
        verdict.text, data = read_text(path)
    except NotConfigured as error:
        verdict.mistakes.append(str(error))
        return verdict
    faults, entities = form_faults(path, verdict.text, data)
    faults += unfilled(data, verdict.text)
    faults += _of_entities(settings, verdict, data, entities, faults)
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.line or 0)
    verdict.mistakes += [fault.told(path.name) for fault in ordered]
    if not verdict.mistakes:
        try:
            verdict.profile = read_profile(path)
        except NotConfigured as error:  # a rule that only the reader knows
            verdict.mistakes += str(error).split("\n")
    return verdict


def known_of(settings: Settings, data: Any) -> Known:
    """What a profile is compared with. `data`: what its YAML says."""
    units = data.get("units") if isinstance(data, dict) else None
    own = [unit.get("unit_code") for unit in units or [] if isinstance(unit, dict)] if isinstance(units, list) else []
    codes = {*read_units(settings.authority_dir / "units.csv"), *(code for code in own if isinstance(code, str))}
    layouts = {model: layout for model, layout in read_layouts(settings.sql_dir).items() if not model.endswith("_key")}
    return Known(layouts, frozenset(codes), settings.expectations_dir / "staging")


def _of_entities(
    settings: Settings, verdict: Verdict, data: Any, entities: dict[str, EntityFile], faults: list[FoundFault]
) -> Iterator[FoundFault]:
    if not entities:
        return
    known = known_of(settings, data)
    files = _valid(FilesFile, data.get("files"))
    for name, entry in entities.items():
        entity, read_files = parts_of(name, entry.model_copy(update={"query": None}), files, verdict.path)

        def line(*place: str, above: tuple[str, ...] = ("entities", name)) -> int | None:
            return line_of(verdict.text, *above, *place)

        if entry.query is not None:
            yield from _query_fault(verdict.path, name, entry.query, line("query"))
        lost = {str(fault.place[3]) for fault in faults if fault.place[:3] == ("entities", name, "columns") and len(fault.place) > 3}
        ways = Ways(read_files, data.get("http") is not None, data.get("files") is not None, frozenset(lost))
        yield from EntityFaults(entity, ways, known, line).all()


def _query_fault(path: Path, name: str, query: str, line: int | None) -> Iterator[FoundFault]:
    try:
        read_query(path.parent, query, "")
    except NotConfigured as error:
        yield FoundFault(line, ("entities", name, "query"), str(error).removeprefix(": "))


def _valid(kind: Any, entry: Any) -> Any:
    """A part of a profile; None where it is not there, or is wrong, which is told already."""
    try:
        return None if entry is None else adapter(kind).validate_python(entry)
    except ValidationError:
        return None
