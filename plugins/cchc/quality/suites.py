"""The suites in expectations/staging, one for each model, in the file format of Great Expectations (GX), read strictly.

A suite names the columns of its model and never the fields of a vendor, so it is valid for every source that delivers the model.
Every expectation carries in `meta`: `rule_id` (unique in its suite), `action` (`quarantine`: the row is set aside; `warn`: loaded and
listed; `block`: one such row stops the load), `judged` (`load`: by the row alone; `always`: by what else is known, so the verdict may
change later), `reason` and `reason_vi` (the rule in words, for people; `{due_at}` in them becomes the field that the source fills the
column with, `{_key}` those of its key). In queries the token `:zone` stands for the source's time zone, and `:known_end` for the table of
the ends of the dossiers in work (cchc.quality.dossier_ends).

GX only logs an expectation that it does not know and continues without it; here that is an error.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cchc.errors import NotConfigured
from cchc.sources.needs import IDENTITY
from cchc.sources.profile import Entity

ACTIONS = ("quarantine", "warn", "block")
JUDGED = ("load", "always")
SEVERITIES = {"quarantine": "critical", "block": "critical", "warn": "warning"}
META = {"rule_id", "action", "judged", "reason", "reason_vi"}
NAME = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
ZONE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True)
class Rule:
    """One rule of a suite with its expectation (an object of Great Expectations)."""

    rule_id: str
    action: str
    judged: str
    reason: str
    reason_vi: str
    expectation: Any

    @property
    def words(self) -> str:
        """The rule in English and Vietnamese, as it is stored in ops.quarantine."""
        return f"{self.reason} · {self.reason_vi}"


@dataclass(frozen=True)
class Suite:
    """The rules of one model."""

    name: str
    rules: tuple[Rule, ...]

    def without(self, waived: dict[str, str]) -> Suite:
        """The suite without the rules that a profile waives. Raises NotConfigured if a waived rule does not exist."""
        known = [rule.rule_id for rule in self.rules]
        for rule_id in waived:
            if rule_id not in known:
                raise NotConfigured(f"Suite {self.name} has no rule {rule_id} to waive. It has: {', '.join(known)}.")
        return replace(self, rules=tuple(rule for rule in self.rules if rule.rule_id not in waived))

    def worded(self, entity: Entity) -> Suite:
        """The suite with the field names of a source in its reasons: for example `{due_at}` becomes `NgayHenTra (due_at)`."""

        def with_field_names(reason: str, otherwise: str) -> str:
            return NAME.sub(lambda match: _named_with_field(match.group(1), entity, otherwise), reason)

        rules = tuple(
            replace(rule, reason=with_field_names(rule.reason, "or"), reason_vi=with_field_names(rule.reason_vi, "hoặc"))
            for rule in self.rules
        )
        return replace(self, rules=rules)

    def with_actions(self, *actions: str) -> Suite:
        """The suite with only the rules that have one of these actions."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.action in actions))

    def expectation_suite(self) -> Any:
        """The rules as a suite of Great Expectations."""
        from great_expectations.core import ExpectationSuite

        return ExpectationSuite(name=self.name, expectations=[rule.expectation for rule in self.rules])


def suite_path(expectations_dir: Path, name: str) -> Path:
    """The path of a suite. Raises NotConfigured if it does not exist, because a table without rules is never loaded."""
    path = expectations_dir / "staging" / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.json")))
        raise NotConfigured(
            f"There is no suite {path.name} in {path.parent}. A suite belongs to a model and has its name: take the key `suite` out of the "
            f"profile, or name one that is there: {known or 'none'}."
        )
    return path


def load_suite(path: Path, zone: str, ends_table: str = "staging.known_end") -> Suite:
    """Read the suite in the file `path`.

    Arguments: `zone`, the time zone of the source; `ends_table`, the table with the ends of the staged dossiers. Raises NotConfigured and
    says what is wrong in the file.
    """
    from great_expectations.core import ExpectationSuite

    import cchc.quality.expectations  # noqa: F401  registers our own expectations

    if not ZONE.fullmatch(zone):
        raise NotConfigured(f"{zone!r} is no time zone.")
    try:
        data = json.loads(path.read_text(encoding="utf-8").replace(":zone", zone).replace(":known_end", ends_table))
    except json.JSONDecodeError as error:
        raise NotConfigured(f"{path.name} is not JSON: {error}.") from error
    if data.get("name") != path.stem:
        raise NotConfigured(f"{path.name}: the suite's name is {data.get('name')!r}; it must be {path.stem!r}.")
    written = data.get("expectations") or []
    for number, expectation in enumerate(written, 1):
        _check_expectation(expectation, f"{path.name} expectation {number}")
    try:
        suite = ExpectationSuite(**data)
    except Exception as error:  # GX raises errors of many kinds here, all about what the file says
        raise NotConfigured(f"{path.name}: Great Expectations refuses it: {error}") from error
    if len(suite.expectations) != len(written):
        known = {expectation.meta["rule_id"] for expectation in suite.expectations}
        lost = [expectation["meta"]["rule_id"] for expectation in written if expectation["meta"]["rule_id"] not in known]
        raise NotConfigured(f"{path.name}: Great Expectations does not know the type of {', '.join(lost)} and would go on without them.")
    rules = tuple(_rule(expectation) for expectation in suite.expectations)
    ids = [rule.rule_id for rule in rules]
    twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if twice or not ids:
        raise NotConfigured(f"{path.name}: {'rule ids must be unique: ' + ', '.join(twice) if twice else 'there is no expectation in it'}.")
    return Suite(path.stem, rules)


def _check_expectation(expectation: Any, where: str) -> None:
    """Raise for what GX accepts but is wrong here: a missing reason, an unknown action, a severity that contradicts it, or `mostly`."""
    if not isinstance(expectation, dict) or not isinstance(expectation.get("meta"), dict):
        raise NotConfigured(f"{where}: it needs `type`, `kwargs`, `severity` and `meta`.")
    meta = expectation["meta"]
    where = f"{where} ({meta.get('rule_id')})"
    if set(meta) != META or not all(isinstance(value, str) and value for value in meta.values()):
        raise NotConfigured(f"{where}: `meta` must have exactly {', '.join(sorted(META))}, each a text.")
    if meta["action"] not in ACTIONS or meta["judged"] not in JUDGED:
        raise NotConfigured(f"{where}: action is one of {', '.join(ACTIONS)}; judged is one of {', '.join(JUDGED)}.")
    if expectation.get("severity") != SEVERITIES[meta["action"]]:
        raise NotConfigured(f"{where}: the severity of a rule to {meta['action']} is {SEVERITIES[meta['action']]}.")
    if "mostly" in expectation.get("kwargs", {}):
        raise NotConfigured(f"{where}: `mostly` would let bad rows pass; a rule holds for every row.")


def _named_with_field(column: str, entity: Entity, otherwise: str) -> str:
    """The name of a column in a reason, with the field of the source."""
    if column == "_key":
        parts = {*entity.key, *(entity.key_else or ())}
        # columns that identify the record in its model, where they are made of other fields than the key
        made = [name for name in IDENTITY.get(entity.model, ())[:1] if entity.vendor_fields.get(name, name) not in parts]
        named = [_named_with_field(name, entity, otherwise) for name in made]
        return f"; {otherwise} ".join(", ".join(names) for names in (entity.key, entity.key_else or (), named) if names)
    field = entity.vendor_fields.get(column)
    ours = "change time" if column == "_changed_at" else column
    return ours if field in (None, ours) else f"{field} ({ours})"


def _rule(expectation: Any) -> Rule:
    meta = expectation.meta
    return Rule(meta["rule_id"], meta["action"], meta["judged"], meta["reason"], meta["reason_vi"], expectation)
