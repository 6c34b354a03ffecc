"""The states of runs, of loads and of values: the words of the columns `status` of ops.extract, ops.load and mart.indicator_value.

They are strings, so they go into the warehouse as they are. tests/warehouse/test_states.py holds them against the warehouse.
"""

from __future__ import annotations

from enum import StrEnum


class ExtractStatus(StrEnum):
    """The state of a run of a source (ops.extract)."""

    RUNNING = "running"
    COMPLETE = "complete"
    BLOCKED = "blocked"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"  # a person took back what it had brought, and it covers nothing any more


class LoadStatus(StrEnum):
    """The state of what a run brought of one entity or file (ops.load)."""

    LANDED = "landed"
    STAGED = "staged"
    VALIDATED = "validated"
    LOADED = "loaded"
    BLOCKED = "blocked"
    FAILED = "failed"
    WAITING = "waiting"  # the file is not complete yet
    GIVEN_UP = "given_up"  # its run has ended, and no later run continues it
    WITHDRAWN = "withdrawn"  # a person took back what it had brought


class ValueStatus(StrEnum):
    """What the target says of a value (core.judged_status)."""

    MET = "met"
    MISSED = "missed"
    ON_PACE = "on_pace"
    BEHIND = "behind"
    NO_DATA = "no_data"


GOOD = (ValueStatus.MET, ValueStatus.ON_PACE)
FAILED = (ValueStatus.MISSED, ValueStatus.BEHIND)  # the judgements that somebody must act on
