"""Count the fields of a delivery by name while it lands, so that a missing field is not confused with an empty one.

Used and unused fields are counted. Of unused fields only the name and the number are stored, never a value. A name that may itself be
personal data (digits of an identity number, an e-mail address, a whole sentence) is not stored either.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from typing import Any

from cchc.sources.profile import Entity

NAMES_KEPT = 100
NAMES_SHOWN = 10
SINGLE_NAMES = 20
NAMES_HELD = 10_000
LONGEST_NAME = 60
PERSONAL = re.compile(r"\d{5}|@|[\n\r\t]")


@dataclass(frozen=True)
class Share:
    """How many records of the earlier deliveries of an entity had a field.

    `shown`: the number of records that show that the field is delivered. In JSON these are the records that have the field. In tables,
    where every record has all columns, these are the records with a value.
    """

    records: int
    present: int
    shown: int


@dataclass(frozen=True)
class Earlier:
    """The loaded deliveries of an entity: how many there are, the share of each field, and the names of their files."""

    loads: int = 0
    fields: dict[str, Share] = field(default_factory=dict)
    files: frozenset[str] = frozenset()

    def had(self, name: str) -> bool:
        """Whether an earlier delivery had the field."""
        return name in self.fields and self.fields[name].present > 0

    def with_delivery(self, counted: dict[str, Any]) -> Earlier:
        """A copy with one more JSON delivery, of the same run and not yet published. `counted`: the value `fields` of its manifest."""
        fields = dict(self.fields)
        for name in {*counted["mapped"], *counted["present"]}:
            records = int(counted["objects"].get(name.rpartition(".")[0], counted["records"]))
            present, share = counted["present"].get(name, 0), fields.get(name, Share(0, 0, 0))
            fields[name] = Share(share.records + records, share.present + present, share.shown + present)
        return replace(self, fields=fields)


class FieldCounts:
    """Counts the fields in the landing records of one delivery, and in the objects of its list fields (`list.field`).

    Most records of a source have the same fields in the same order, so whole sequences of names are counted first and split at the end.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.is_table = False
        self.lists = tuple(column.source for column in entity.columns if column.items is not None and column.source is not None)
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("", *self.lists)}
        self._totals: Counter[str] = Counter()
        self._mapped = entity.fields.keys()
        self._labelled = self._unlabelled = 0
        self._filtered: dict[str, list[int]] = {condition.field: [0, 0] for condition in entity.where}

    def see(self, records: list[dict[str, Any]], landed: list[dict[str, Any]], *, lists_are_text: bool) -> None:
        """Count the delivered `records`, which landed as `landed`. Lists that came as text are counted as they landed."""
        self._add("", records)
        for name in self.lists:
            # a landed list contains only objects
            if lists_are_text:
                lists = [items for out in landed if type(items := out.get(name)) is list]
            else:
                lists = [record[name] for record, out in zip(records, landed, strict=True) if type(out.get(name)) is list]
            self._add(name, chain.from_iterable(lists))

    def _add(self, place: str, objects: Iterable[dict[str, Any]]) -> None:
        counts = self._counts[place]
        for names, times in Counter(map(tuple, objects)).items():
            self._totals[place] += times
            for name in names:
                if name in counts or len(counts) < NAMES_HELD or (f"{place}.{name}" if place else name) in self._mapped:
                    counts[name] += times

    def see_secrecy(self, record: dict[str, Any]) -> None:
        """Note whether a delivered record, open or secret, has the field of secrecy. If no record has it, all are dropped as secret."""
        if self.entity.secret is not None and self.entity.secret.field in record:
            self._labelled += 1
        else:
            self._unlabelled += 1

    def see_filter(self, record: dict[str, Any]) -> None:
        """Note whether a delivered record, left out or not, has the fields of the row filter."""
        for name, counts in self._filtered.items():
            counts[name in record] += 1

    def table(self, header: list[str]) -> None:
        """Note that the records are rows of a table, so each of them has all columns of the header."""
        self.is_table = True
        self._counts[""] = Counter(dict.fromkeys(header, self._totals[""]))

    def manifest(self) -> dict[str, Any]:
        """The counts for the manifest: `records`, `objects` (by list), `present` (by field, the records or objects that have it), `mapped`.

        `mapped`: the fields that the profile of the extract uses, which are all that can land; `picked`: those of an event log that landed
        for `pick`; `hashed`: those that landed as keyed hashes. `table`: the delivery is a table; then a column that is not in `present`
        does not exist, and an existing column without records has 0. `unlabelled`: the number of records of a delivery in which no record
        has the field of secrecy; `unfiltered`: the same for each field of the row filter.
        """
        mapped = self.entity.fields
        every = {name: times for name, times in self._counts[""].items() if name.partition(".")[0] not in self.lists or "." not in name}
        for place in self.lists:
            every |= {f"{place}.{name}": times for name, times in self._counts[place].items()}
        unused = sorted((-times, name) for name, times in every.items() if times and name not in mapped and is_name(name))
        # many names that occur in one record each are data and not names of fields
        if self._totals[""] > 1 and sum(times == -1 for times, _ in unused) > SINGLE_NAMES:
            unused = [pair for pair in unused if pair[0] < -1]
        return {
            "records": self._totals[""],
            "table": self.is_table,
            "objects": {name: self._totals[name] for name in self.lists},
            "present": {name: every[name] for name in mapped if name in every} | {name: -times for times, name in unused[:NAMES_KEPT]},
            "mapped": sorted(mapped),
            "picked": sorted(self.entity.picked),
            "hashed": sorted(self.entity.hashed),
            "unlabelled": 0 if self._labelled else self._unlabelled,
            "unfiltered": {name: without for name, (without, having) in self._filtered.items() if without and not having},
        }


def named(names: Iterable[str], entity: Entity) -> str:
    """Fields with the columns that they fill: `Ngày hẹn trả (due_at), Kênh (channel_code)`."""
    uses, others = entity.fields, entity.aliases

    def told(name: str) -> str:
        shown = " or ".join([name, *(alias for alias, known in others.items() if known == name)])
        return f"{shown} ({uses[name]})" if name in uses else shown

    return ", ".join(told(name) for name in names)


def new_names(new: Collection[str], missing: Iterable[str]) -> str:
    """Sentences that name the fields that no column uses, and which of them are most similar to the missing ones."""
    shown = sorted(name for name in new if is_name(name))
    if not shown:
        return ""
    more = f" and {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
    plain = {_plain(name): name for name in shown}
    nearest = [(name, plain[close[0]]) for name in missing if (close := get_close_matches(_plain(name), plain, 1, cutoff=0.5))]
    words = f" New here, and used by no column: {', '.join(shown[:NAMES_SHOWN])}{more}."
    return words + (f" Nearest in name: {', '.join(f'{old} → {other}' for old, other in nearest)}." if nearest else "")


def _plain(name: str) -> str:
    """A name in lower case without accents and punctuation, so that `NgayHenTra` is similar to `Ngày hẹn trả`."""
    letters = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D")).casefold()
    return "".join(letter for letter in letters if letter.isalnum() or letter == ".")


def is_name(text: str) -> bool:
    """Whether a delivered text may be shown and stored as the name of a field because it does not look like data."""
    return 0 < len(text) <= LONGEST_NAME and PERSONAL.search(text) is None
