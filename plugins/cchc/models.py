"""The models: for each, its tables in core, the key of a record, the columns that make a version, and the days on which a record counts.

An entity of a profile is mapped to a model, whatever vendor delivers it. All code that loops over models (merge, marking of months, the
warehouse as known at a past moment, reasons of restatements) loops over `MODELS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cchc.period import ZONE

Role = Literal["dossiers", "documents", "payments", "feedback", "survey", "declared"]
ROLES: tuple[Role, ...] = get_args(Role)
"""The roles that a source can fill. An indicator counts the records of a role, whichever sources fill it."""

Merge = Literal["versions", "list", "key_list", "day_files", "dated_files", "declared"]

IDS = {"dossier_id": "dossier_code", "step_id": "step_code"}
"""The columns that are made of a code, each with the column of that code: as a record is named in landing, quarantine and messages."""


@dataclass(frozen=True)
class Model:
    """One model.

    `role`: the role that a source fills by delivering it. `merge`: the way in which its staged rows are merged into core: `versions` (the
    newest change time is in force), `list` (each answer is the whole list), `key_list` (lists of keys by month), `day_files` (the highest
    revision of a day replaces the day), `dated_files` (the row of the newest file is in force), `declared` (workbooks of a unit and month).
    `table`: its version table; None if it has none. `identity`: the key columns of a record. `version`: the columns that, together with the
    known_at of the extract, make a version. `distribution`: the columns before `identity` in the primary key.
    `relation`: the view or table with one row for each record in force. `where`: the SQL condition on `{row}` for records that can count.
    `days`: the local days on which an indicator or a coverage counts a record, as SQL on `{row}`. `until`: the last day on which a record
    counts, if it counts over a range of days.
    `names_unit`: whether a record counts for the unit that it names; a signature counts for the unit of its signer instead.
    `makes_dossiers`: a change derives the dossier again, and that marks the months. `record`: the name of the kind of record in the
    catalogue. `item`: the SQL on `{row}` for the item that an indicator returns for the record. `one`, `many`: its name in messages.
    """

    name: str
    role: Role
    merge: Merge
    one: str
    many: str
    table: str | None = None
    identity: tuple[str, ...] = ()
    version: tuple[str, ...] = ("_changed_at",)
    distribution: tuple[str, ...] = ()
    relation: str | None = None
    where: str = "true"
    days: tuple[str, ...] = ()
    until: str | None = None
    names_unit: bool = True
    makes_dossiers: bool = False
    record: str | None = None
    item: str | None = None

    @property
    def versions(self) -> str:
        """Its version table. Raises TypeError if it has none."""
        if self.table is None:
            raise TypeError(f"the model {self.name} has no table of versions")
        return self.table

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key of its version table."""
        return (*self.distribution, *self.identity, *self.version, "_first_seen_at")

    @property
    def newest_first(self) -> str:
        """The SQL order in which the newest version of a key is first.

        It is the order by change time (or by date and revision of the file), then by known_at of the extract.
        """
        return ", ".join(f"{column} desc" for column in (*self.version, "_first_seen_at"))

    def days_of(self, row: str) -> tuple[str, ...]:
        """The SQL expressions of `days` for the table alias `row`."""
        return tuple(day.format(row=row) for day in self.days)


def _local(column: str) -> str:
    return f"cast({{row}}.{column} at time zone '{ZONE.key}' as date)"


# in the order in which the models of one extract are merged: a dossier depends on its steps and on the list of procedures
MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "procedure",
            "dossiers",
            "list",
            "decision on a procedure",
            "decisions on procedures",
            relation="core.procedure",
            days=("{row}.decision_date",),
            record="procedure",
        ),
        Model("leader", "documents", "list", "leader", "leaders", relation="core.leader"),
        Model(
            "dossier_step",
            "dossiers",
            "versions",
            "step",
            "steps",
            table="core.dossier_step_version",
            identity=("step_id",),
            distribution=("dossier_id",),
            relation="core.dossier_step",
            makes_dossiers=True,
        ),
        Model(
            "dossier",
            "dossiers",
            "versions",
            "dossier",
            "dossiers",
            table="core.dossier_version",
            identity=("dossier_id",),
            # a dossier counts from the day of its reception until it is finished
            relation="mart.dossier",
            where="{row}.is_counted",
            days=("{row}.received_date",),
            until="{row}.finished_date",
            makes_dossiers=True,
            record="dossier",
        ),
        Model("dossier_key", "dossiers", "key_list", "key", "keys", makes_dossiers=True),
        Model(
            "assessment",
            "dossiers",
            "versions",
            "assessment",
            "assessments",
            table="core.assessment_version",
            identity=("source_code", "assessment_code"),
            relation="core.assessment",
            days=(_local("assessed_at"),),
            record="opinion",
            item="{row}.assessment_code",
        ),
        Model(
            "document",
            "documents",
            "versions",
            "document",
            "documents",
            table="core.document_version",
            identity=("source_code", "document_code"),
            relation="core.document",
        ),
        Model(
            "work_file",
            "documents",
            "versions",
            "work file",
            "work files",
            table="core.work_file_version",
            identity=("source_code", "work_file_code"),
            relation="core.work_file",
            days=(_local("closed_at"),),
            record="work_file",
            item="{row}.work_file_code",
        ),
        Model(
            "signature",
            "documents",
            "versions",
            "signature",
            "signatures",
            table="core.signature_version",
            identity=("source_code", "signature_code"),
            relation="core.signature",
            days=(_local("signed_at"),),
            names_unit=False,
            record="signature",
        ),
        Model(
            "payment",
            "payments",
            "day_files",
            "payment",
            "payments",
            table="core.payment_version",
            identity=("source_code", "_key"),
            version=("file_date", "file_revision"),
            relation="core.payment",
            days=(_local("paid_at"), "{row}.file_date"),
            record="payment",
        ),
        Model(
            "feedback",
            "feedback",
            "dated_files",
            "item of feedback",
            "items of feedback",
            table="core.feedback_version",
            identity=("source_code", "feedback_code"),
            version=("file_date", "file_revision"),
            relation="core.feedback",
            days=(_local("answered_at"), _local("due_at"), _local("received_at")),
            record="feedback",
            item="{row}.feedback_code",
        ),
        Model(
            "survey_answer",
            "survey",
            "dated_files",
            "survey sheet",
            "survey sheets",
            table="core.survey_answer_version",
            identity=("source_code", "answer_code"),
            version=("file_date", "file_revision"),
            relation="core.survey_answer",
            days=("{row}.surveyed_date",),
            record="opinion",
            item="'survey ' || {row}.answer_code",
        ),
        Model(
            "declared_figure",
            "declared",
            "declared",
            "declared figure",
            "declared figures",
            relation="core.declared_figure",
            days=("{row}.month_start",),
            record="declared",
        ),
    )
}
VERSIONED: tuple[Model, ...] = tuple(model for model in MODELS.values() if model.table is not None)
"""The models that keep versions, in the order of `MODELS`."""
