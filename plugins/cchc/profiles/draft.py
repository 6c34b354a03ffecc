"""Propose a profile from a sample of the source, from a table of its database, or from the description of its service.

Every guess is marked, and `TODO` stands where a person must fill in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from pathlib import Path

from cchc.errors import WrongUse
from cchc.models import IDS
from cchc.near import or_known
from cchc.period import ZONE
from cchc.profiles.dated_names import name_pattern, years_of
from cchc.profiles.draft_entity import EntityDraft
from cchc.profiles.encodings import UNICODE
from cchc.profiles.entity_faults import OWN_PREFIX, Known
from cchc.profiles.file_faults import TODO
from cchc.profiles.guesses import PIVOT, Field, Guess, guess
from cchc.profiles.hints import vendor_words
from cchc.profiles.material import Material
from cchc.profiles.other_names import Finder, OtherNames, told_of_headers
from cchc.profiles.yaml_words import comment, flow, quoted
from cchc.sources.needs import DATED, IDENTITY, needed_columns
from cchc.sources.profile import Files

MOST_PLACES = 12
MOST_NAMES = 8
IDENTITY_COUNTS = 3.0  # a place without the identity of a model is hardly one of its records


@dataclass(frozen=True)
class Drafted:
    """The place whose records may fill a model, and which of its fields may fill which column."""

    model: str
    material: Material
    guess: Guess
    layout: dict[str, str]
    names: OtherNames = dataclass_field(default_factory=OtherNames)

    @property
    def score(self) -> tuple[float, int, int]:
        """How well the records fit the model; of what fits equally well, the place with more records, then with more fields."""
        known = IDENTITY.get(self.model, ())
        near = sum(score * (IDENTITY_COUNTS if column in known else 1.0) for column, (_, score) in self.guess.columns.items())
        is_known = (0.5 if self.guess.changed else 0.0) + (0.2 if self.material.key else 0.0)  # of a table and a view of it, the table
        return (near + is_known, self.material.records, len(self.material.fields))

    @property
    def clocks(self) -> list[Field]:
        """The fields whose times are read."""
        used = [each for column, (each, _) in self.guess.columns.items() if self.layout[column].startswith(("timestamp", "date"))]
        found = [*used, *([self.guess.changed] if self.guess.changed else [])]
        return [*found, *(other for each in found for other in self.names.values.get(each.name, []))]


class Draft:
    """A profile that is drafted: for each model the place whose records fit it best.

    `materials`: the places; `models`: the models to fill; `source`: the name of the source; `known`: models and units; `sources_dir`: the
    profiles whose names of fields are hints. Raises WrongUse for a model that there is not, or that these materials cannot fill.
    """

    def __init__(self, materials: list[Material], models: list[str], source: str, known: Known, sources_dir: Path) -> None:
        self.materials, self.source, self.known = materials, source, known
        self.chosen: list[Drafted] = []
        for model in dict.fromkeys(models):
            self._check(model)
            best = self._best(model, sources_dir)
            finder = Finder(best.material.headers, best.guess, model, best.layout, vendor_words(sources_dir, model))
            self.chosen.append(replace(best, names=finder.find()))
        # what is not said of an entity is said once for the source, in the way of the first one
        self.first = self.chosen[0].material
        self.file_name = self._file_name()

    def _file_name(self) -> str | None:
        """The pattern for the names of files, where a model needs the day in them, or other names of a field hold for some years."""
        is_asked = any(is_dated(each.model) for each in self.chosen)
        pattern = name_pattern(self.first.plain) if is_asked or any(each.names.names for each in self.chosen) else None
        known = [name for each in self.chosen for name in each.material.headers.names or (each.material.file,)]
        years = years_of(known, pattern) if pattern is not None else None
        for each in self.chosen:
            each.names.years = years
        return pattern or TODO if is_asked else pattern if years is not None else None

    @cached_property
    def told(self) -> list[str]:
        """What is to be said of files with like names whose headers are not all the same one."""
        return [f"{self.source} {words}" for each in self.chosen for words in told_of_headers(each.material, each.names)]

    def _check(self, model: str) -> None:
        layouts = self.known.layouts
        if model not in layouts or model == "declared_figure":
            raise WrongUse(f"there is no model {model!r} to draft a profile for{or_known(model, set(layouts) - {'declared_figure'})}")
        if self.materials[0].files is None and is_dated(model):
            way = "over HTTP" if self.materials[0].service is not None else "from a database"
            raise WrongUse(f"the model {model} is filled from dated files alone, not {way}")

    def _best(self, model: str, sources_dir: Path) -> Drafted:
        layout = {name: kind for name, kind in self.known.layouts[model].items() if not name.startswith(OWN_PREFIX) and name not in IDS}
        words = vendor_words(sources_dir, model)
        taken = [each.material for each in self.chosen]
        free = [each for each in self.materials if not any(each is other for other in taken)] or self.materials
        return max((Drafted(model, each, guess(each.fields, model, layout, words), layout) for each in free), key=lambda each: each.score)

    def text(self) -> str:
        """The YAML of the profile."""
        lines = [*self._top(), "entities:"]
        for each in self.chosen:
            lines += EntityDraft(each.material, each.model, each.guess, each.layout, self.known, each.names).lines()
        return "\n".join([*lines, *self._others()]) + "\n"

    @cached_property
    def _origin(self) -> str:
        material = self.first
        if material.service is not None:
            return f"{material.records} records of the answer {material.name}" if material.records else f"the description {material.file}"
        return f"the table {material.name}" if material.files is None else f"{material.records} records of {material.name}"

    def _top(self) -> Iterator[str]:
        delivery = f" --delivery {self.first.delivery}" if self.first.files is not None else ""
        yield f"# Drafted from {self._origin}."
        yield f"# Look at each line marked 'guess', fill in each {TODO}, then:"
        yield f"# cchc profile check {self.source}.yaml{delivery}"
        yield from (f"# LOOK {words}" for words in self.told)
        yield f"source: {self.source}"
        yield f"name_vi: {TODO}  # its name for people"
        yield f"owner: {TODO}  # the office that answers for it"
        yield f"zone: {ZONE.key}  # guess: the zone of times without an offset"
        yield "unreadable: counted  # a value that cannot be read, in a column that an indicator counts by, sets its record aside"
        if self.first.files is None and not self.first.records:
            yield from self.first.service.lines() if self.first.service is not None else ["database: {}"]
            return
        missing = list(dict.fromkeys(word for each in self.chosen for word in each.material.missing))
        yield f"missing: {flow(['', *missing])}  # guess: what means that a value is missing"
        yield from self._of_times()
        if self.first.service is not None:
            yield from self.first.service.lines()
        elif self.first.files is not None:
            yield from self._of_files(self.first.files)

    def _of_times(self) -> Iterator[str]:
        clocks = [clock for each in self.chosen for clock in each.clocks]
        formats = [each.time_format for each in clocks if each.time_format]
        with_days = [each for each in clocks if (each.time_format or "").startswith("dd/MM")]
        is_doubtful = bool(with_days) and all(each.may_be_month_first for each in with_days)
        doubt = "; the month may also stand before the day" if is_doubtful else ""
        yield f"time_formats: {flow(list(dict.fromkeys(formats)) or ['iso'])}  # guess{doubt}"
        if any(each.has_two_digits for each in clocks):
            yield f"two_digit_years_from: {PIVOT}  # guess: the hundred years that two digits mean begin with this one"

    def _of_files(self, files: Files) -> Iterator[str]:
        yield "files:"
        models = [each.model for each in self.chosen]
        if self.file_name is not None:
            is_asked = any(is_dated(model) for model in models)
            what = "the day, and the revision, stand" if is_asked else "the year, by which names of fields hold, stands"
            yield f"  name: {quoted(self.file_name)}  # guess: how {what} in a file's name"
        if "payment" in models:
            yield f"  manifest: {{amount_field: {TODO}}}  # beside each file; where there is none: no_manifest, with the reason"
        is_one = files.encoding != UNICODE[0] and not any(each.material.headers.encodings for each in self.chosen)
        said = {"delimiter": files.delimiter, "encoding": files.encoding if is_one else None}
        given = ", ".join(f"{key}: {quoted(value)}" for key, value in said.items() if value is not None)
        if files.archives:
            yield "  archives: true"
        if any("/" in each.material.file.partition(".zip/")[0] for each in self.chosen):
            yield "  subfolders: true"
        look = ": look at the letters of the names, other encodings may fit too" if said["encoding"] else ""
        yield f"  formats: {{{given}}}  # guess{look}" if given else "  full: true"

    def _others(self) -> Iterator[str]:
        """The places that no entity reads, so that nobody thinks they were not seen."""
        rest = [each for each in self.materials if not any(each is one.material for one in self.chosen) and each.fields]
        if rest:
            yield "# places that no entity reads; with another --model they may be one:"
        for each in rest[:MOST_PLACES]:
            names = [comment(name) for name in each.fields if not name.startswith("parent.")]
            more = " …" if len(names) > MOST_NAMES else ""
            yield f"#   {comment(each.name)}: {', '.join(names[:MOST_NAMES])}{more}"
        if len(rest) > MOST_PLACES:
            yield f"#   and {len(rest) - MOST_PLACES} more"


def is_dated(model: str) -> bool:
    """Whether records of a model come from dated files alone."""
    return any(name in DATED for name in needed_columns(model))
