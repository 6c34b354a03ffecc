"""The columns of each model that a profile must fill; without them no row could be stored.

They are the columns of the model's table in core that cannot be null and that nothing else fills. tests/sources/test_needed_columns.py
compares them with the database.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cchc.errors import NotConfigured
from cchc.models import MODELS
from cchc.sources.name_patterns import is_shorter_than_a_day

if TYPE_CHECKING:
    from cchc.sources.profile_types import Column, Entity, Files

# by model: the columns that identify a record; a row without a value in them is not a record and is left out
IDENTITY = {
    "dossier": ("dossier_code",),
    "dossier_step": ("step_code", "dossier_code"),
    "assessment": ("assessment_code",),
    "document": ("document_code",),
    "work_file": ("work_file_code",),
    "signature": ("signature_code",),
    "feedback": ("feedback_code",),
    "survey_answer": ("answer_code",),
    "declared_figure": ("unit_code", "month_start", "indicator_code", "numerator"),
}
# by model: the columns that every row must have; if the source does not deliver one, the profile has to give a value
ALWAYS = {
    "payment": ("file_date", "file_revision"),
    "feedback": ("file_date", "file_revision"),
    "survey_answer": ("file_date", "file_revision"),
    "declared_figure": ("file_revision", "is_approved"),
}
DATED = ("file_date", "file_revision")


def check_needs(entity: Entity, files: Files | None, file: str) -> None:
    """Raise NotConfigured, which names what is missing, if the profile `file` cannot fill the columns that the entity's model needs."""
    if unmet := unmet_needs(entity, files):
        raise NotConfigured(f"{file} entity {entity.name} (model {entity.model}): {unmet[0]}")


def needed_columns(model: str) -> tuple[str, ...]:
    """The columns that a profile of the model must have."""
    return (*IDENTITY.get(model, ()), *ALWAYS.get(model, ()))


def unmet_needs(entity: Entity, files: Files | None, told: Collection[str] = ()) -> list[str]:
    """A sentence for each thing that the entity's model needs and its profile does not give; empty where nothing is missing.

    `told`: columns of which something wrong is told already.
    """
    columns = {column.name: column for column in entity.columns}
    needed = needed_columns(entity.model)
    unmet = []
    lacking = [name for name in needed if name not in columns and name not in told]
    if lacking:
        unmet.append(f"the model needs {_words(lacking)}; add it under 'columns'.{_dated_hint(lacking)}")
    unsure = [name for name in ALWAYS.get(entity.model, ()) if name in columns and not _always_filled(columns[name])]
    if unsure:
        unmet.append(
            f"every row must have {_words(unsure)}, so a field that may be empty will not do: give it 'file', 'const', 'default' "
            f"or 'present'.{_dated_hint(unsure)}"
        )
    optional = [name for name in needed if name in columns and columns[name].optional]
    if optional:
        unmet.append(f"the model needs {_words(optional)}, so it cannot be optional.")
    if (words := _other_key(entity)) is not None and IDENTITY[entity.model][0] not in told:
        unmet.append(words)
    by_name = [column.name for column in entity.columns if column.file is not None]
    if by_name and (files is None or files.name is None) and not (files is None and entity.mode == "days"):
        unmet.append(
            f"{_words(by_name)} comes from the file's name, so the source needs 'files' with 'name', a regular expression that "
            "finds (?P<date>…) and (?P<revision>…) in it."
        )
    if entity.model == "payment":
        unmet += _unmet_of_payments(files, is_by_day=entity.mode == "days")
    return unmet


def own_code(model: str) -> str | None:
    """The column by which core knows the records of a model that keeps versions; None where another thing than a code identifies them."""
    return IDENTITY[model][0] if model in IDENTITY and MODELS[model].merge in ("versions", "dated_files") else None


def code_beside_key(entity: Entity) -> Column | None:
    """The column of the code by which core knows the records of the entity, where their key is another field; None where it is that field.

    Two records may then have one code and different keys.
    """
    code = next((column for column in entity.columns if column.name == own_code(entity.model)), None)
    return None if code is None or (code.source is not None and entity.key == (code.source,)) else code


def _other_key(entity: Entity) -> str | None:
    """What is wrong where the key of the entity is another field than its code; None if it is well.

    Core knows a record by its code. Another key is well where a list of keys is not compared with the codes: staging tells codes that come
    with several keys (cchc.staging.shared_codes).
    """
    code = code_beside_key(entity)
    if code is None:
        return None
    if code.source is None:
        return f"a record is known by its code, and {code.name} is a constant: all records would become one. Give it the field of the code."
    if entity.deletions is None:
        return None
    key = ", ".join(entity.key)
    return (
        f"a record is known by its code, so the keys that 'deletions' asks for are compared with {code.name}, which is {code.source}; "
        f"the key is {key}, so every record would be missing in the list, and count as deleted. Say key: [{code.source}]; where that is "
        "missing or used twice, take another field for both, and give the code as other_dossier_code."
    )


def _unmet_of_payments(files: Files | None, *, is_by_day: bool) -> list[str]:
    """What the files of payments need: a manifest for each day, or a reason why there is none. Without files: that days are asked for."""
    if files is None and is_by_day:
        return []
    if files is None or (files.manifest is None and files.no_manifest is None):
        return [
            "a day of payments is replaced as a whole by its highest valid revision, so the source needs 'files' with 'manifest' "
            "(what the day's file must hold) and 'name' (its day and revision). Where the sender makes no manifest, say why under "
            "'no_manifest'. Over HTTP and from a database: mode: days."
        ]
    if files.manifest is None:
        return [] if files.name is not None else ["payments without a manifest need 'files.name', with the day, month or year of a file."]
    if is_shorter_than_a_day(files.name_words or ""):
        return ["a day of payments is replaced as a whole, so 'files.name' needs a day, not a year or a month alone."]
    return []


def check_dated(entity: Entity, file: str) -> None:
    """Raise NotConfigured for an entity over HTTP or from a database with columns that are filled from the name of a file.

    Payments have a day that is replaced as a whole, so without `mode: days` none of them would ever be in force.
    """
    if entity.mode == "days":
        return
    if entity.model == "payment":
        raise NotConfigured(
            f"{file} entity {entity.name} (model payment): a day of payments is replaced as a whole, so over HTTP and from a database it "
            "is asked for day by day: add mode: days, or give the connection a drop folder as host."
        )
    by_name = [column.name for column in entity.columns if column.file is not None]
    if by_name or entity.changed_by_file:
        raise NotConfigured(
            f"{file} entity {entity.name} (model {entity.model}): {_words(by_name) or 'the change time'} comes from a file's name, and "
            "over HTTP there is none. Give the connection a drop folder as host."
        )


def _always_filled(column: Column) -> bool:
    return column.file is not None or column.const is not None or column.default is not None or column.present is not None


def _words(names: list[str]) -> str:
    return ", ".join(names)


def _dated_hint(names: list[str]) -> str:
    return " Of a dated file: file_date: {file: date}, file_revision: {file: revision}." if set(names) & set(DATED) else ""
