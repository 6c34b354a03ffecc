"""Each model once: in which tables of core it is, what identifies a record, what makes a version, by which days it counts.

A model is what an entity of a profile is mapped to, whatever vendor delivers it. Everything that loops over models (merge, marks of months,
replay of an earlier moment, reasons of restatements) loops over `MODELS`; docs/architecture.md lists the files that a new model takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cchc.period import ZONE

Role = Literal["dossiers", "documents", "payments", "feedback", "survey", "declared"]
ROLES: tuple[Role, ...] = get_args(Role)
"""What a source can be to the indicators: they count a role, whichever sources fill it."""

Merge = Literal["versions", "list", "key_list", "day_files", "dated_files", "declared"]


@dataclass(frozen=True)
class Model:
    """One model.

    `role`: what a source that delivers it is to the indicators. `merge`: how its staged rows come into core: `versions` (the newest change
    time wins), `list` (each answer is the whole list), `key_list` (answers of /keys), `day_files` (the highest revision of a day replaces
    the day), `dated_files` (of one key the row of the newest file wins), `declared` (a workbook of a unit and month).
    `table`: its table of versions; None where it has none. `identity`: the columns of a record's key; `version`: those that, with the T of
    the extract, make one version; `distribution`: what stands before them in the primary key.
    `relation`: what is in force, one row a record; `where`: which of them can count. `days`: the local days by which an indicator or a
    coverage counts a record, as SQL over `{row}`; `until`: the day until which it is felt, where that is another one.
    `names_unit`: whether a record counts at the unit that it names; a signature counts where its signer is in post.
    `makes_dossiers`: a change derives the dossier again, which marks its months itself. `record` and `item`: how the catalogue names what
    stands behind an item, and how an indicator names the record's key, over `{row}`. `one`, `many`: the word for people.
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
        """Its table of versions. Raises TypeError where it has none."""
        if self.table is None:
            raise TypeError(f"the model {self.name} has no table of versions")
        return self.table

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key of its table of versions."""
        return (*self.distribution, *self.identity, *self.version, "_first_seen_at")

    @property
    def newest_first(self) -> str:
        """The order that puts the newest version of a key first: by change time (or date and revision of the file), then by delivery."""
        return ", ".join(f"{column} desc" for column in (*self.version, "_first_seen_at"))

    def days_of(self, row: str) -> tuple[str, ...]:
        """`days` over the alias `row` of a relation."""
        return tuple(day.format(row=row) for day in self.days)


def _local(column: str) -> str:
    return f"cast({{row}}.{column} at time zone '{ZONE.key}' as date)"


# in the order in which the models of one extract are merged: a dossier is judged by its steps and by the list of procedures
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
            # a dossier counts by its reception for as long as it is open
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
