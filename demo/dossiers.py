"""Dossiers as histories: a list of events, and the state that the events up to a moment add up to.

An event is a tuple (known_at, kind, happened_at, argument, step):

* `known_at`: the second in which the one-stop learnt of it: it becomes NgaySuaCuoi of the dossier and of the step;
* `happened_at`: the time that is written into the record (reception, end, …), often earlier: offices enter things late;
* `argument`: the due time, the outcome or the raw values that the event brings;
* `step`: SHOWN, NO_STEP, HIDDEN (written already deleted), or the later second in which the step was hidden.

Events are kept in the order of `known_at`. `state` folds them; nothing else knows how a dossier moves.
"""

from __future__ import annotations

from typing import Any

from demo.catalogue import Procedure
from demo.clock import END, FOREVER
from demo.history import Entry
from demo.units import Unit

(
    SUBMIT,
    ACCEPT,
    FORWARD,
    APPRAISE,
    ASK,
    BACK,
    FEE,
    PAID,
    FINISH,
    HANDOVER,
    REFUSE,
    STOP,
    WITHDRAW,
    MOVE_DUE,
    MOVE_END,
    REOPEN,
    UNDO_HANDOVER,
    APOLOGY,
    RESYNC,
    TOUCH,
    DELETE,
    VANISH,
    RESTORE,
    RAW,
) = range(24)

SHOWN, NO_STEP, HIDDEN = 0, 1, 2

Event = tuple[int, int, int, Any, int]


class Dossier:
    """What never changes about a dossier, and its events."""

    __slots__ = (
        "number",
        "key",
        "second_key",
        "procedure",
        "code",
        "unit",
        "receiving_unit",
        "channel",
        "level",
        "person",
        "applicant",
        "submitted",
        "received",
        "accept_by",
        "papers",
        "digitised",
        "reused",
        "from_store",
        "verified",
        "population",
        "result",
        "fee",
        "fee_when",
        "paid_online",
        "by_post",
        "portal",
        "iso",
        "nfd",
        "same_paper",
        "events",
    )

    number: int
    key: str
    second_key: str
    procedure: Procedure
    code: str
    unit: Unit
    receiving_unit: str
    channel: int
    level: int
    person: int
    applicant: int
    submitted: int
    received: int
    accept_by: int
    papers: int
    digitised: int
    reused: int
    from_store: bool
    verified: bool
    population: bool
    result: int
    fee: int
    fee_when: int
    paid_online: int
    by_post: bool
    portal: int
    iso: int
    nfd: bool
    same_paper: bool
    events: list[Event]

    def versions(self) -> list[tuple[int, int]]:
        """(changed_at, until) of every version that anybody could ever be sent."""
        found: list[tuple[int, int]] = []
        gone = False
        for event in self.events:
            known = event[0]
            if found and not gone:
                if known == found[-1][0]:
                    continue
                found[-1] = (found[-1][0], known)
            gone = event[1] == VANISH
            if not gone:
                found.append((known, FOREVER))
        return found


GONE_FOR_GOOD = 1
"""Argument of a VANISH event: not even /keys knows the dossier any more."""

RESULT_NONE, RESULT_PAPER, RESULT_FILE, RESULT_SIGNED = range(4)
"""What the applicant gets: nothing written, paper only, an unsigned file, a digitally signed file."""


class State:
    """A dossier at a moment: plain values, times as local seconds, 0 = missing."""

    __slots__ = (
        "status",
        "received",
        "due",
        "ended",
        "returned",
        "refused",
        "outcome",
        "rounds",
        "apologies",
        "deleted",
        "gone",
        "raw",
        "changed_at",
    )

    def __init__(self) -> None:
        self.status = 1
        self.received = self.due = self.ended = self.returned = self.refused = 0
        self.outcome = ""
        self.rounds: list[list[int]] = []
        self.apologies = 0
        self.deleted = 0
        self.gone = False
        self.raw: dict[str, Any] | None = None
        self.changed_at = 0


def state(dossier: Dossier, upto: int) -> State:
    """The state after all events known at `upto` or before. For the view at clock t pass t - 1."""
    now = State()
    for known, kind, happened, argument, _step in dossier.events:
        if known > upto:
            break
        now.changed_at = known
        if kind == ACCEPT:
            now.status, now.received, now.due = 2, happened, argument
        elif kind in (FORWARD, APPRAISE, PAID):
            now.status = 4
        elif kind == FINISH:
            now.status, now.ended, now.outcome = 9, happened, argument
        elif kind == HANDOVER:
            now.status, now.returned = 10, happened
        elif kind == SUBMIT:
            now.status = 1
        elif kind == ASK:
            now.status = 5
            now.rounds.append([happened, 0, now.due, 0])
        elif kind == BACK:
            now.status = 4
            now.rounds[-1][1], now.rounds[-1][3] = happened, argument
            if argument:
                now.due = argument
        elif kind == FEE:
            now.status = 6
        elif kind == APOLOGY:
            now.apologies += 1
        elif kind == REFUSE:
            now.status, now.refused, now.ended = 3, happened, argument
        elif kind == STOP:
            now.status, now.ended = 8, argument
        elif kind == WITHDRAW:
            now.status, now.ended, now.outcome = 7, happened, "xin_rut"
        elif kind == MOVE_DUE:
            now.due = argument
        elif kind == MOVE_END:
            now.ended = argument
        elif kind == REOPEN:
            now.status, now.ended, now.returned, now.outcome = 4, 0, 0, ""
        elif kind == UNDO_HANDOVER:
            now.status, now.returned = 9, 0
        elif kind == DELETE:
            now.deleted, now.gone = happened, False
        elif kind == VANISH:
            now.deleted, now.gone = happened, True
        elif kind == RESTORE:
            now.deleted, now.gone = 0, False
        elif kind == RAW:
            now.raw = argument
    return now


def cut(events: list[Event]) -> list[Event]:
    """The events that become known before the end of the demo; those before it stay in order."""
    return events if events[-1][0] < END else [event for event in events if event[0] < END]


def entries(dossiers: list[Dossier]) -> list[Entry]:
    """All versions of all dossiers, for the timeline."""
    return [(changed, dossier.key, dossier, until) for dossier in dossiers for changed, until in dossier.versions()]
