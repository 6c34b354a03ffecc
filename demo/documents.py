"""Incoming and outgoing documents, with the signatures on the outgoing ones.

A document has one version when it is registered and a second one when it is finished; a few become secret later.
"""

from __future__ import annotations

import random
from typing import Any

from demo import clock, levels, people
from demo.clock import DAY, END, FOREVER
from demo.history import Entry
from demo.oddities import ODDITIES
from demo.staff import Leader
from demo.units import ABOVE, DISTRICT, UNITS, Unit, there_in
from demo.workdays import add_workdays, office_time, workdays_of_month

_TYPES = ("CV", "CV", "CV", "BC", "BC", "QĐ", "TB", "KH", "TTr", "GM", "HD", "CT")
_URGENCY = ("thuong", "thuong", "thuong", "thuong", "khan", "thuong", "thuong", "thuong_khan")
_ABSENT = "absent"


class Document:
    """One document."""

    __slots__ = (
        "number",
        "incoming",
        "sign",
        "issued",
        "kind",
        "issuer",
        "unit",
        "urgency",
        "secrecy",
        "arrived",
        "due",
        "done",
        "online",
        "signed",
        "dossier",
        "versions",
        "secret_from",
    )

    number: int
    incoming: bool
    sign: str
    issued: int
    kind: str
    issuer: str
    unit: Unit
    urgency: str
    secrecy: str | None
    arrived: int
    due: int
    done: int
    online: bool
    signed: bool
    dossier: str
    versions: list[int]
    secret_from: int

    @property
    def key(self) -> str:
        """IdVanBan."""
        return f"VB{self.number:08d}"

    def secrecy_at(self, changed_at: int) -> str | None:
        """DoMat in a version."""
        return "mat" if changed_at >= self.secret_from else self.secrecy

    def record(self, changed_at: int) -> dict[str, Any]:
        """The document on the wire: JSON types, null for missing."""
        done = self.done and changed_at >= self.versions[-1 if self.secret_from == FOREVER else 0]
        number = self.number
        fields: dict[str, Any] = {
            "IdVanBan": self.key,
            "ChieuVanBan": "den" if self.incoming else "di",
            "SoKyHieu": self.sign,
            "NgayBanHanh": clock.slashed_day(self.issued),
            "LoaiVanBan": self.kind,
            "TrichYeu": f"Giải quyết đề nghị của ông (bà) {people.name(number)}, số định danh {people.identity(number % people.COUNT)}",
            "MaDonViBanHanh": self.issuer,
            "MaDonViXuLy": self.unit.code,
            "DoKhan": self.urgency,
            "DoMat": self.secrecy_at(changed_at),
            "NgayDen": clock.iso_offset(self.arrived) if self.incoming else None,
            "HanXuLy": clock.iso_day(self.due) if self.due else None,
            "NgayHoanThanh": clock.iso(self.done) if done else None,
            "XuLyTrenMang": bool(self.online),
            "KySo": bool(self.signed),
            "MaHoSoLienQuan": self.dossier or None,
            "NgayCapNhat": clock.iso(changed_at) if number % 11 == 0 else clock.iso_offset(changed_at),
        }
        if fields["DoMat"] == _ABSENT:
            del fields["DoMat"]
        return fields


class Signature:
    """One digital signature under an outgoing document."""

    __slots__ = ("number", "document", "person", "at", "personal", "valid")

    def __init__(self, number: int, document: str, person: str, at: int, personal: bool, valid: bool) -> None:
        self.number, self.document, self.person, self.at, self.personal, self.valid = number, document, person, at, personal, valid

    @property
    def key(self) -> str:
        """IdKySo."""
        return f"KS{self.number:08d}"

    def record(self, changed_at: int) -> dict[str, Any]:
        """The signature on the wire."""
        return {
            "IdKySo": self.key,
            "IdVanBan": self.document,
            "NguoiKyId": self.person,
            "ThoiDiemKy": clock.iso_offset(self.at),
            "LoaiChungThu": "ca_nhan" if self.personal else "co_quan",
            "HopLe": self.valid,
            "NgayCapNhat": clock.iso_offset(changed_at),
        }


class Registry:
    """Collects the documents and signatures while they are generated."""

    def __init__(self, leaders: list[Leader], dossier_keys: list[str], scale: float, seed: int) -> None:
        self.documents: list[Document] = []
        self.signatures: list[Signature] = []
        self.planted: dict[str, list[str]] = {}
        self._leaders: dict[str, list[Leader]] = {}
        for leader in leaders:
            self._leaders.setdefault(leader.unit, []).append(leader)
        self._dossier_keys = dossier_keys
        self._scale, self._seed = scale, seed
        self._signs: dict[tuple[str, int], int] = {}

    def new(self, unit: Unit, at: int, incoming: bool, kind: str) -> Document:
        """An ordinary document registered at `at`, not finished yet."""
        day = at // DAY
        document = Document()
        document.number = len(self.documents) + 1
        document.incoming, document.kind, document.unit = incoming, kind, unit
        document.issuer = unit.code if not incoming else DISTRICT if unit.code != DISTRICT else ABOVE
        document.issued = day - (document.number % 4 if incoming else 0)
        year = clock.as_date(day).year
        serial = self._signs[(document.issuer, year)] = self._signs.get((document.issuer, year), 0) + 1
        document.sign = f"{serial}/{kind}-{unit.short}" if kind != "CV" else f"{serial}/{unit.short}-VP"
        document.urgency, document.secrecy = _URGENCY[document.number % 8], "thuong"
        document.arrived, document.due, document.done = at, 0, 0
        document.online, document.signed, document.dossier = True, False, ""
        document.versions, document.secret_from = [at], FOREVER
        self.documents.append(document)
        return document

    def signers(self, unit: Unit, day: int) -> list[Leader]:
        """Leaders of the unit who are in post and do sign on that day."""
        return [leader for leader in self._leaders[unit.code] if leader.first <= day <= leader.last and leader.signs_from <= day]

    def month(self, year: int, month: int) -> None:
        """A month's documents of all units."""
        rnd = random.Random(f"{self._seed}/documents/{year}-{month:02d}")
        draw = rnd.random
        whole = workdays_of_month(year, month)
        volume = levels.DOCUMENTS_A_YEAR / 12 * levels.YEAR_VOLUME[year] * levels.MONTH_VOLUME[month - 1] * self._scale
        for unit, days in there_in(whole):
            share = 0.12 if unit.code == DISTRICT else 0.0283 if unit.is_local else 0.045
            count = int(volume * share * (len(days) / len(whole)) + draw())
            e_work = levels.LEVELS[unit.code].e_work if unit.code in levels.LEVELS else 0.9
            signers = self.signers(unit, days[0])
            for at in sorted(office_time(days[int(draw() * len(days))], draw()) for _ in range(count)):
                incoming = draw() < 0.58
                document = self.new(unit, at, incoming, _TYPES[int(draw() * len(_TYPES))])
                document.online = draw() < levels.better(e_work, at)
                if draw() < 0.06 and self._dossier_keys:
                    document.dossier = self._dossier_keys[int(draw() * len(self._dossier_keys))]
                if incoming:
                    if draw() < 0.6:
                        document.due = add_workdays(at // DAY, 2 + int(draw() * 8))
                    if draw() < 0.93:
                        document.done = office_time(add_workdays(at // DAY, int(draw() * 9)), draw())
                        if document.done <= at:
                            document.done = at + 1_234
                        known = document.done + (0 if draw() < 0.95 else 2 * DAY)
                        if known < END:
                            document.versions.append(known)
                        else:
                            document.done = 0
                else:
                    document.signed = bool(signers) and draw() < levels.better(0.92, at)
                    document.done = at
                    if document.signed:
                        self.sign(document, signers[int(draw() * len(signers))], at, draw() < 0.55)

    def sign(self, document: Document, leader: Leader, at: int, organisation_too: bool) -> None:
        """A leader's signature and often the organisation's own, some minutes before registration."""
        self.signatures.append(Signature(len(self.signatures) + 1, document.key, leader.person, at - 900, True, True))
        if organisation_too:
            self.signatures.append(Signature(len(self.signatures) + 1, document.key, leader.person, at - 300, False, True))

    # --- oddities --------------------------------------------------------------------------------------------------------------
    def plant(self, times: list[int]) -> None:
        """Plant secret documents, documents without a secrecy or that become secret, invalid signatures. `times`: in order."""
        at = iter(times)

        def secret(code: str, secrecy: str | None) -> Document:
            number = len(self.planted.get(code, []))
            document = self.new(UNITS[number % len(UNITS)], next(at), number % 2 == 0, "CV")
            document.secrecy = secrecy
            self.planted.setdefault(code, []).append(document.key)
            return document

        for secrecy, count in (("mat", 30), ("toi_mat", 8), ("tuyet_mat", 2)):
            for _number in range(count):
                secret("secret-documents", secrecy)
        for number in range(ODDITIES["unmarked-documents"].how_many):
            secret("unmarked-documents", None if number else _ABSENT)
        for turned in (clock.moment(2023, 8, 15, 9, 12), clock.moment(2024, 1, 11, 9, 12)):
            document = secret("turned-secret-document", "thuong")
            document.versions.append(turned)
            document.secret_from = turned
        for number in range(ODDITIES["invalid-signature"].how_many):
            unit = UNITS[number % len(UNITS)]
            moment = next(at)
            document = self.new(unit, moment, False, "CV")
            document.signed = True
            signature = Signature(len(self.signatures) + 1, document.key, self._leaders[unit.code][0].person, moment - 900, True, False)
            self.signatures.append(signature)
            self.planted.setdefault("invalid-signature", []).append(signature.key)


def entries(documents: list[Document]) -> list[Entry]:
    """All versions of all documents."""
    versions: list[Entry] = []
    for document in documents:
        times = document.versions
        if len(times) == 1:
            versions.append((times[0], document.key, document, FOREVER))
        else:
            versions.extend((at, document.key, document, until) for at, until in zip(times, [*times[1:], FOREVER], strict=True))
    return versions


def signature_entries(signatures: list[Signature]) -> list[Entry]:
    """The entries of the timeline: one version for each signature, known ten seconds after the signing."""
    return [(signature.at + 10, signature.key, signature, FOREVER) for signature in signatures]
