"""How old the known_at of a source may be before somebody must look: by the schedule of its profile."""

from __future__ import annotations

from datetime import timedelta

from cchc.sources.profile import Profile

LONG_RUN = timedelta(hours=6)  # a run has three long tasks of at most two hours each


def allowed_age(profile: Profile) -> timedelta | None:
    """The greatest allowed age of known_at by the profile's schedule, plus one day for late data; None for a source without a schedule."""
    if profile.schedule is None:
        return None
    _minute, _hour, day, month, weekday = profile.schedule.split()
    if month != "*":
        return timedelta(days=367)
    if day not in ("*", "?"):
        return timedelta(days=33)
    return timedelta(days=2) if weekday in ("*", "?", "1-5", "0-6") else timedelta(days=9)
