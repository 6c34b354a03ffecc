"""Guess which other names a field has in files with other headers, and in which years.

A name is proposed where the records of such a file show what the column wants, or where it stands in the place of the field. It is never a
name that the newest file has too, because then it is another field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cchc.profiles.guesses import Field, Guess, guess
from cchc.profiles.headers import Headers, Variant
from cchc.profiles.hints import letters
from cchc.profiles.material import Material, pattern_of
from cchc.profiles.yaml_words import comment, quoted

NAMES_SHOWN = 8
HEADER_SHARE = 0.5  # a first row with fewer of the fields in use may be a title or a record, so it is not repeated


@dataclass
class OtherName:
    """Another name of a field. `files`: those that have it; `fields`: what was met under it; `is_by_place`: nothing but its place fits."""

    name: str
    files: list[str]
    fields: list[Field]
    is_by_place: bool


@dataclass
class Lack:
    """Files that have no name of a field. `new`: the names that the newest file does not have and that were taken for no field."""

    files: list[str]
    new: list[str]


@dataclass
class OtherNames:
    """By field of the newest file its other names, and the files that have no name of it. `years`: of each file, or None without years.

    `strange`: files whose first row is no header like the others. `values`: by field what was met of it in files with other headers.
    """

    names: dict[str, list[OtherName]] = field(default_factory=dict)
    lacking: dict[str, list[Lack]] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    values: dict[str, list[Field]] = field(default_factory=dict)
    years: dict[str, int] | None = None

    def source(self, each: Field) -> tuple[str, list[str]]:
        """What stands under `from` for a field, and further keys of the column."""
        others = self.names.get(each.name, [])
        if not others:
            return quoted(each.name), []
        if self.years is None:
            return f"[{', '.join(quoted(name) for name in (each.name, *(other.name for other in others)))}]", []
        return quoted(each.name), [f"aliases: [{', '.join(entry for other in others for entry in self._dated(other))}]"]

    def _dated(self, other: OtherName) -> Iterator[str]:
        """One entry a run of years; what began with the first year has no `from`."""
        for first, last in self.runs(other.files):
            since = "" if self.years is None or first == min(self.years.values()) else f", from: {first}"
            yield f"{{name: {quoted(other.name)}{since}, to: {last}}}"

    def runs(self, files: list[str]) -> list[tuple[int, int]]:
        """The first and the last year of each run of years of some files, among the years of all files."""
        years = self.years or {}
        known, runs = sorted(set(years.values())), list[tuple[int, int]]()
        for year in sorted({years[name] for name in files}):
            if runs and known.index(year) == known.index(runs[-1][1]) + 1:
                runs[-1] = (runs[-1][0], year)
            else:
                runs.append((year, year))
        return runs

    def when(self, files: list[str]) -> str:
        """Some files in words: their number, and their years or one of their names."""
        count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
        if self.years is None:
            return f"{count}, such as {files[0]}"
        return f"{count} of {', '.join(str(first) if first == last else f'{first} to {last}' for first, last in self.runs(files))}"

    def remarks(self, each: Field) -> Iterator[str]:
        """What is to be said of the names of a field beside the guess itself."""
        for other in self.names.get(each.name, []):
            if other.is_by_place:
                yield f"{comment(other.name)} is guessed by its place in the header alone; look at it"
        for lack in self.lacking.get(each.name, []):
            new = ", ".join(comment(name) for name in lack.new[:NAMES_SHOWN]) or "none"
            more = " …" if len(lack.new) > NAMES_SHOWN else ""
            yield (
                f"the header of {self.when(lack.files)} has no field for it: name it under 'aliases', or optional: true with a reason; "
                f"new names there: {new}{more}"
            )


def told_of_headers(material: Material, names: OtherNames) -> Iterator[str]:
    """What is to be said of the headers of files with like names: where looking stopped, what differs, and what is not known."""
    headers = material.headers
    those = f"the files named {pattern_of(material.plain)}"
    is_below_titles = any(line.startswith("layout:") for line in material.place)
    if "" in material.fields and not is_below_titles:
        yield (
            f"{material.file}: the first row has cells without a name, so it may be a title above the header; draft from a copy without "
            "the titles, and say the row of the header by layout (docs/guides/table_files.md)"
        )
    if len(headers.names) > headers.looked_at:
        seen = f"the headers of {headers.looked_at} of {len(headers.names)} were looked at"
        yield f"{those}: {seen}, the newest first, down to {headers.names[headers.looked_at - 1]}; of the others nothing is known"
    if headers.variants:
        count = sum(len(each.files) for each in headers.variants)
        yield f"{those}: {count} of {headers.looked_at} have another header than {material.file}"
    for file, why in headers.unread:
        yield f"{file}: its header cannot be read: {why}"
    if names.strange:
        what = f"the first row of {names.when(names.strange)} is no header like the others, and is not repeated here"
        yield f"{those}: {what}; titles above a header are said by layout (docs/guides/table_files.md)"
    if headers.delimiters:
        marks = " and ".join(map(repr, headers.delimiters))
        yield f"{those}: not all have the same character between columns ({marks}); convert some of them"


@dataclass(frozen=True)
class Finder:
    """Finds the other names of the fields that a guess uses.

    `headers`: those of the files; `guessed`: the guess by the newest file; `model`, `layout`, `words`: the model, its columns with their
    SQL types, and what vendors call them.
    """

    headers: Headers
    guessed: Guess
    model: str
    layout: dict[str, str]
    words: dict[str, set[str]]

    def find(self) -> OtherNames:
        """The other names, and what is not known of a file."""
        found = OtherNames()
        used = {each.name: column for column, (each, _) in self.guessed.columns.items()}
        if self.guessed.changed is not None:
            used.setdefault(self.guessed.changed.name, "changed_at")
        for variant in self.headers.variants:
            self._look(variant, used, found)
        for name, others in found.names.items():
            found.values.setdefault(name, []).extend(each for other in others for each in other.fields)
        return found

    def _look(self, variant: Variant, used: dict[str, str], found: OtherNames) -> None:
        lacking = {name: column for name, column in used.items() if name not in variant.header}
        free = {name: each for name, each in variant.fields.items() if name not in self.headers.header}
        met = self._by_words(free, lacking)
        if len(used) - len(lacking) + len(met) < HEADER_SHARE * len(used):
            found.strange += variant.files
            return
        for name in used.keys() - lacking.keys():
            found.values.setdefault(name, []).append(variant.fields[name])
        for name, column in lacking.items():
            by_place = None if name in met else self._by_place(name, column, variant, free, set(met.values()))
            other = met.get(name) or by_place
            if other is None or column not in self.layout or self._is_another_field(other, name, found):
                new = [each for each in free if each not in met.values()]
                found.lacking.setdefault(name, []).append(Lack(list(variant.files), new))
            else:
                _add(found.names.setdefault(name, []), OtherName(other, list(variant.files), [free[other]], by_place is not None))

    def _by_words(self, free: dict[str, Field], lacking: dict[str, str]) -> dict[str, str]:
        """By lacking field: the name that is near to it or to its column, and whose values can be of the column's type."""
        columns = {column: self.layout[column] for column in lacking.values() if column in self.layout}
        more = {column: self.words.get(column, set()) | {letters(name)} for name, column in lacking.items()}
        near = guess(free, self.model, columns, more)
        return {name: near.columns[column][0].name for name, column in lacking.items() if column in near.columns}

    def _by_place(self, name: str, column: str, variant: Variant, free: dict[str, Field], used: set[str]) -> str | None:
        """The name in the place of a field, in a header with as many names, if its values can be of the column's type."""
        header = self.headers.header
        if len(header) != len(variant.header) or column not in self.layout:
            return None
        other = variant.header[header.index(name)]
        if other not in free or other in used or free[other].personal is not None or not free[other].values:
            return None
        return other if free[other].fits(self.layout[column], None) else None

    def _is_another_field(self, other: str, name: str, found: OtherNames) -> bool:
        """Whether a name is one of another field already, or stands beside the field in a header: a profile may say neither."""
        is_taken = any(each.name == other for known, others in found.names.items() if known != name for each in others)
        return is_taken or any(name in variant.header and other in variant.header for variant in self.headers.variants)


def _add(others: list[OtherName], new: OtherName) -> None:
    for known in others:
        if known.name == new.name:
            known.files += new.files
            known.fields += new.fields
            return
    others.append(new)
