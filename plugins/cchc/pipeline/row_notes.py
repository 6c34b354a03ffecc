"""What a run tells of rows and values that are not in the warehouse as they were delivered: how many, by which rule, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product, zip_longest
from typing import Any

from cchc.core.doubts import DOUBTS
from cchc.models import MODELS, Model
from cchc.profiles.personal import is_personal
from cchc.sources.left_alone import places_of_sheets, rows_in_words, valueless_in_words
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import staged_entities

MOST_FILES = 5  # as many files of an entity have a sentence of their own; where the same is told of more, one sentence is about all of them
NAMED_FILES = 3  # so many of these files are named
GONE = {
    "ended_entries": "entries of the list before are not in this one, so they end with the list before",
    "absent_keys": "dossiers that the source's own lists of months named before are not in them now, so they count as deleted",
    "lost_payments": "payments that were in force are not in the new delivery of their day, so they count no more",
    "withdrawn_figures": "figures of the workbook before are not in this one, so they count as not declared",
}


@dataclass(frozen=True)
class FileNote:
    """A sentence about a load: `words` are its pieces, between which the `counts` stand."""

    where: str
    file: str | None
    words: tuple[str, ...]
    counts: tuple[int, ...] = ()


def in_sentences(notes: Iterable[FileNote]) -> list[str]:
    """The notes as sentences, in their order. The same words about more than five files of an entity are one sentence, with the sums."""
    groups: dict[tuple[str, tuple[str, ...]], list[FileNote]] = {}
    for note in notes:
        groups.setdefault((note.where, note.words), []).append(note)
    told = []
    for (where, words), same in groups.items():
        if len(same) > MOST_FILES:
            named = ", ".join(str(note.file) for note in same[:NAMED_FILES])
            sums = [sum(counts) for counts in zip(*(note.counts for note in same), strict=True)]
            told.append(f"{where}, files {named} and {len(same) - NAMED_FILES} more: {_filled(words, sums)}")
        else:
            told += [f"{where}{f', file {note.file}' if note.file is not None else ''}: {_filled(words, note.counts)}" for note in same]
    return told


def _filled(words: tuple[str, ...], counts: Iterable[int]) -> str:
    return "".join(map(str, chain.from_iterable(zip_longest(words, counts, fillvalue=""))))


def merged_notes(profile: Profile, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences about the loads of `rows` (of the query `runs/merged_rows`) and each way in which their rows became fewer."""
    return in_sentences(note for row in rows for note in _merged(profile, staged_entities(profile).get(row["entity"]), row))


def _merged(profile: Profile, entity: Entity | None, row: Mapping[str, Any]) -> Iterator[FileNote]:
    place = _place(row)
    if row["left_out"]:
        conditions = "; ".join(condition.words for condition in entity.where) if entity is not None else ""
        why = f" delivered rows are left out, because they do not keep 'where' of the profile ({conditions})"
        if row["left_out"] == row["delivered"]:
            yield FileNote(*place, (f"all{why}",))
        else:
            yield FileNote(*place, ("", " of ", why), (row["left_out"], row["delivered"]))
    if row["merged"]:
        why = " delivered rows went into the record of their key, because the profile says rows: event"
        yield FileNote(*place, ("", " of ", why), (row["merged"], row["delivered"]))
    if row["replaced"]:
        why = _replaced(profile, entity, None if entity is None else MODELS[entity.model])
        yield FileNote(*place, ("", f" {why}"), (row["replaced"],))


def rounded_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences about the fields of `rows` (of the query `runs/rounded_field`) of which values were rounded."""
    return in_sentences(
        FileNote(
            *_place(row),
            (
                "",
                " of ",
                f" values of {row['field']} have a fraction; {row['column_name']} takes whole numbers, so they were rounded half up",
            ),
            (row["rounded_count"], row["filled_count"]),
        )
        for row in rows
    )


def left_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences about what of the loads of `rows` (of the query `runs/left_out`) is not in the warehouse."""
    return in_sentences(note for row in rows for note in _left_out(row))


def _left_out(row: Mapping[str, Any]) -> Iterator[FileNote]:
    """What of a loaded file or table is not in the warehouse, a sentence each. The names of sheets are not told: they may be a person's."""
    place = _place(row)
    left = row["left_alone"] or {}
    if row["late"]:
        again = "which reads the file again" if row["file_name"] is not None else "which reads them again"
        yield FileNote(*place, ("", f" records changed at or after T: they are left for a later T, {again}"), (row["late"],))
    if row["undated"]:
        why = (
            " keys have no time of reception, so they belong to no month: whether one of them is deleted is not seen. Ask the owner of the "
            "source for the times"
        )
        yield FileNote(*place, ("", why), (row["undated"],))
    if row["other_sheets"]:
        why = (
            f" more sheets have cells and are not read{places_of_sheets(left)}. If they hold records, name them in layout.sheets of the "
            f"entity in the profile {row['source_code']}.yaml, or have them delivered as files of their own"
        )
        yield FileNote(*place, ("", why), (row["other_sheets"],))
    if words := rows_in_words(left):
        yield FileNote(*place, (f"no records are {words}",))
    if words := valueless_in_words(left):
        yield FileNote(*place, (words,))
    for words in left.get("names", ()):
        yield FileNote(
            *place, (f"{words}, so it is not read here. If it still means that field, correct its years under 'aliases' in the profile",)
        )


def doubt_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences about the loads of `rows` (of the query `runs/doubt`) that may be wrong, though no rule is broken."""
    return in_sentences(FileNote(*_place(row), *said) for row in rows for said in _doubts(row))


def standing_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same about the loads of `rows` (of `cchc.core.doubts.standing`), for those who look later: one for each entity and doubt."""
    told = []
    entities = dict.fromkeys((row["source_code"], row["entity"]) for row in rows)
    for (source, entity), doubt in product(entities, DOUBTS):
        loads = [row for row in rows if (row["source_code"], row["entity"]) == (source, entity) and row[doubt]]
        if loads:
            newest = max(loads, key=lambda row: row["load_id"])
            file = f" (file {newest['file_name']})" if newest["file_name"] is not None else ""
            which = f"load {newest['load_id']}{file}"
            when = f"when {which} was loaded" if len(loads) == 1 else f"when {len(loads)} loads were loaded, the newest of them {which}"
            counts = {name: sum(row[doubt][name] for row in loads) for name in newest[doubt] if name != "example"}
            summed = dict.fromkeys(DOUBTS) | {"source_code": source, doubt: counts | {"example": newest[doubt]["example"]}}
            told += in_sentences(FileNote(f"{source} {entity}, {when}", None, *said) for said in _doubts(summed))
    return told


def _doubts(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """What a load doubts of itself: the pieces of each sentence, and the counts between them."""
    profile = f"the profile {row['source_code']}.yaml"
    if steps := row["strange_steps"]:
        why = (
            f" steps that were looked at name dossiers that are not stored{_such_as(steps['example'])}. A step counts for the dossier of "
            f"its dossier_code alone; if that is another number than the dossier_code of dossiers in {profile}, no pause and no end by "
            "steps is seen"
        )
        yield ("", " of ", why), (steps["strange"], steps["looked_at"])
    if codes := row["reused_codes"]:
        why = (
            f"{_such_as(codes['example'])}. If the source uses codes again, the earlier dossier counts nowhere any more: take a number "
            f"that is used once as key and dossier_code in {profile}, and the code as other_dossier_code"
        )
        yield ("dossiers that were received after an earlier version of them had ended: ", why), (codes["dossiers"],)
    versions = (
        "A record is known by its code, so they are taken as versions of one record. Where they are not, take a field that is used once "
        f"for both key and code in {profile}; where they are, take the field of the code as key"
    )
    if shared := row["shared_codes"]:
        why = f"{_such_as(shared['example'])}. {versions}"
        yield ("records whose code another record has with another key: ", why), (shared["records"],)
    if others := row["other_keys"]:
        words = (
            "dossiers whose code is stored under another key: ",
            f"{_such_as(others['example'])} (keys that came: ",
            "; keys that are stored: ",
            f"). {versions}",
        )
        yield words, (others["dossiers"], others["keys"], others["stored_keys"])
    yield from _gone(row)


def _gone(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """What an earlier list, day or workbook had and this one lacks. It is taken at its word, so each number without it moves."""
    mend = f"If the delivery was cut off, have it sent again whole; `cchc withdraw {row['source_code']}` takes this one back"
    for doubt, what in GONE.items():
        if gone := row[doubt]:
            yield ("", " of ", f" {what}{_such_as(gone['example'])}. {mend}"), (gone["gone"], gone["before"])


def _such_as(code: str) -> str:
    """A code as an example, in words; nothing where it has the shape of personal data, because a profile may have taken a wrong field."""
    return "" if is_personal(code) else f", such as {code}"


def _place(row: Mapping[str, Any]) -> tuple[str, str | None]:
    return f"{row['source_code']} {row['entity']}", row["file_name"]


def _replaced(profile: Profile, entity: Entity | None, model: Model | None) -> str:
    """Why rows of one key count as one, by the way in which the model is merged."""
    if entity is None or model is None:
        return "rows have the key of a later row of this run; the later one is kept"
    if model.merge == "list":
        return "rows have the key of a later row of the list; an item stands in a list once, so the later one is kept"
    if model.merge != "versions":
        return "rows have the key of a later row of the same file; the file's day orders its rows, so the later one is kept"
    if entity.changed_at is None:
        return (
            f"rows have the key of a later row of this run, and the profile {profile.source}.yaml names no change time for {entity.name}: "
            "the later one is kept, and no version of the others. If each is a version, name the field of its change time in changed_at"
        )
    return f"rows have key and change time ({entity.changed_at}) of a later row of this run; the later one is kept"
