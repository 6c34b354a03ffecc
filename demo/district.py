"""The whole district: builds every history once, and returns the records that are known at a clock.

Tests compare with a `District`, which is plain Python, and not with the HTTP interface.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from demo import (
    assessments,
    catalogue,
    clock,
    declared,
    deliveries,
    documents,
    dossier_wire,
    dossiers,
    drops,
    feedback,
    filing,
    oddities,
    payments,
    planting,
    staff,
    steps,
    survey,
    work_files,
)
from demo.authority import read
from demo.clock import DAY, FOREVER
from demo.history import Timeline
from demo.workdays import WORKDAYS

ENTITIES = ("dossiers", "dossier_steps", "procedures", "assessments", "documents", "work_files", "signatures", "leaders")


def _spread(count: int) -> list[int]:
    """Times of working days, evenly over March 2022 to November 2023."""
    days = [day for day in WORKDAYS if clock.moment(2022, 3, 1) <= day * DAY < clock.moment(2023, 12, 1)]
    return [days[(2 * number + 1) * len(days) // (2 * count)] * DAY + 35_000 + number * 7 for number in range(count)]


class District:
    """All histories of the made-up district (or of the authority of this process) for one seed and scale."""

    def __init__(self, seed: int = 53, scale: float = 1.0) -> None:
        self.seed, self.scale = seed, scale
        collecting = gc.isenabled()
        gc.disable()  # a million small objects stay until the end; garbage collections in between would double the time
        try:
            self._build()
        finally:
            if collecting:
                gc.enable()

    def _build(self) -> None:
        """Make everything. Where nothing is planted, the ordinary records are the same as beside planted ones."""
        seed, scale = self.seed, self.scale
        plants = read().is_vinh_cuu
        self.planted: dict[str, list[str]] = {}
        self.offers = catalogue.build(seed)
        registry = filing.Registry()
        filing.file_all(registry, self.offers, scale, seed)
        ordinary = len(registry.dossiers)
        planter = planting.Planter(registry, self.offers)
        if plants:
            planter.all()
        self.dossiers = registry.dossiers
        self.planted |= planter.planted

        self.payments = payments.Payments(seed)
        self.payments.ordinary(self.dossiers[:ordinary], planter.unpaid)
        self.assessments = assessments.build(self.dossiers[:ordinary], seed)
        if plants:
            self._plant_payments(planter)
            self._plant_assessments()
            self._vanish_a_procedure()

        self.leaders = staff.build(seed)
        register = documents.Registry(self.leaders, [dossier.key for dossier in self.dossiers[:ordinary:9]], scale, seed)
        for year, month in filing.MONTHS:
            register.month(year, month)
        if plants:
            register.plant(_spread(80))
            self._plant_leaders()
        self.declared = declared.build(register, seed)
        self.documents, self.signatures = register.documents, register.signatures
        self.planted |= self.declared.planted | register.planted

        self.work_files = work_files.build(scale, seed)
        known = sorted((dossier.received, dossier.key) for dossier in self.dossiers[:ordinary:5] if dossier.received)
        self.feedback = feedback.build(known, seed)
        self.survey = survey.build(known, seed)
        if plants:
            self._plant_files()
            oddities.check(self.planted)
        self._make_timelines()

    def _plant_payments(self, planter: planting.Planter) -> None:
        self.payments.plant(planter.paying)
        self.payments.plant_days(deliveries.FILLED_DAYS, deliveries.GOOD_REVISIONS, planter.paying["unknown-method"][0])
        self.planted |= self.payments.planted

    def _plant_assessments(self) -> None:
        answers, units = assessments.planted(
            oddities.ODDITIES["unknown-answer"].how_many, oddities.ODDITIES["unknown-unit-answer"].how_many
        )
        self.planted["unknown-answer"] = [answer.key for answer in answers]
        self.planted["unknown-unit-answer"] = [answer.key for answer in units]
        self.assessments += answers + units

    def _plant_leaders(self) -> None:
        """Leaders of a unit that nobody knows. They sign nothing, so they come after the documents."""
        strangers = staff.planted()
        self.planted["unknown-unit-leader"] = [leader.person for leader in strangers]
        self.leaders += strangers

    def _plant_files(self) -> None:
        """Odd work files, feedback and forms; and the days of odd files, which `demo.drops` and `demo.deliveries` know."""
        self.planted |= work_files.plant(self.work_files, _spread(15))
        odd_items, planted_keys = feedback.planted()
        self.feedback += odd_items
        self.planted |= planted_keys
        odd_forms, planted_keys = survey.planted(drops.SURVEY_REVISED[0] - 10)
        self.survey += odd_forms
        self.planted |= planted_keys
        self.planted |= {
            "feedback-xlsx": [clock.compact_day(day) for day in drops.FEEDBACK_XLSX],
            "feedback-revision": [clock.compact_day(day) for day in drops.FEEDBACK_REVISED],
            "feedback-late-file": [clock.compact_day(day) for day in drops.FEEDBACK_LATE],
            "feedback-cut": [clock.compact_day(drops.FEEDBACK_CUT)],
            "feedback-blocked": [clock.compact_day(drops.FEEDBACK_BLOCKED)],
            "survey-xlsx": [clock.compact_day(day) for day in drops.SURVEY_XLSX],
            "survey-revision": [clock.compact_day(day) for day in drops.SURVEY_REVISED],
            "survey-late-file": [clock.compact_day(day) for day in drops.SURVEY_LATE],
            "survey-cut": [clock.compact_day(drops.SURVEY_CUT)],
            "manifest-rows": [clock.compact_day(deliveries.MANIFEST_ROWS)],
            "trailer-amount": [clock.compact_day(deliveries.TRAILER_AMOUNT)],
            "bad-revision": [clock.compact_day(deliveries.BAD_REVISION)],
            "good-revision": [clock.compact_day(day) for day in deliveries.GOOD_REVISIONS],
            "late-manifest": [clock.compact_day(day) for day in deliveries.LATE_MANIFESTS],
            "late-file": [clock.compact_day(day) for day in deliveries.LATE_FILES],
        }

    def _make_timelines(self) -> None:
        self.timelines: dict[str, Timeline] = {
            "dossiers": Timeline(dossiers.entries(self.dossiers)),
            "dossier_steps": Timeline(steps.entries(self.dossiers)),
            "procedures": Timeline(catalogue.entries(self.offers)),
            "assessments": Timeline(assessments.entries(self.assessments)),
            "documents": Timeline(documents.entries(self.documents)),
            "work_files": Timeline(work_files.entries(self.work_files)),
            "signatures": Timeline(documents.signature_entries(self.signatures)),
            "leaders": Timeline(staff.entries(self.leaders)),
        }
        by_month: dict[tuple[int, int], list[dossiers.Dossier]] = {}
        for dossier in self.dossiers:
            if dossier.received:
                date = clock.as_date(dossier.received // DAY)
                by_month.setdefault((date.year, date.month), []).append(dossier)
        self._by_month = by_month

    def _vanish_a_procedure(self) -> None:
        """One rarely used row of the catalogue disappears from the list one morning."""
        rows = self.offers["H19.16.5"].procedures[-1]
        row = rows[-1]
        row.gone_at = catalogue.VANISHES_AT
        row.abolished, row.valid_to = False, FOREVER
        self.planted["procedure-vanishes"] = [f"{row.code}/{row.unit.code}/{clock.compact_day(row.valid_from)}"]

    def render(self, entity: str) -> Callable[[Any], Any]:
        """The function that makes the wire record of an entry of the entity's timeline."""
        if entity == "dossiers":
            return lambda entry: dossier_wire.record(entry[2], entry[0])
        if entity == "dossier_steps":
            return lambda entry: steps.record(entry[2], entry[1], entry[0])
        return lambda entry: entry[2].record(entry[0])

    def records(self, entity: str, at: int) -> list[Any]:
        """All wire records of an entity as known at clock `at`, in the order of the wire."""
        render = self.render(entity)
        return [render(entry) for entry in self.timelines[entity].view(at)]

    def state(self, dossier: dossiers.Dossier, at: int) -> dossiers.State | None:
        """What is known of a dossier at clock `at`; None before it exists."""
        if dossier.events[0][0] >= at:
            return None
        return dossiers.state(dossier, at - 1)

    def keys(self, year: int, month: int, at: int) -> list[dict[str, str]]:
        """The answer of /keys: every dossier received in the month that exists or was deleted, as known at clock `at`."""
        listed_keys: list[dict[str, str]] = []
        for dossier in self._by_month.get((year, month), []):
            if dossier.events[0][0] >= at:
                continue
            now = dossiers.state(dossier, at - 1)
            if not now.received or (now.raw is not None and not now.raw.keys().isdisjoint(("", "MaHoSo", "NgayTiepNhan"))):
                continue
            if now.gone and any(
                event[1] == dossiers.VANISH and event[3] == dossiers.GONE_FOR_GOOD for event in dossier.events if event[0] < at
            ):
                continue
            listed_keys.append({"MaHoSo": dossier.key, "DeletedOn": clock.compact(now.deleted) if now.deleted else ""})
        return listed_keys

    def payment_rows(self, at: int) -> list[payments.Payment]:
        """The rows of the first revisions delivered before clock `at`, in the order of days."""
        days = sorted(delivery.day for delivery in deliveries.schedule() if delivery.revision == 1 and delivery.data_at < at)
        return [row for day in days for row in self.payments.rows(day, 1)]
