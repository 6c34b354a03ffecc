"""The suite of one entity of a source: that of its model, with what the profile of the source adds, waives and names."""

from __future__ import annotations

from pathlib import Path

from cchc.quality.file_time import with_file_time
from cchc.quality.suites import Suite, load_suite, suite_path
from cchc.quality.unreadable import with_unreadable
from cchc.sources.profile import Entity, Profile


def suite_of(expectations_dir: Path, profile: Profile, entity: Entity, ends: str) -> Suite:
    """The rules by which the rows of an entity are judged, in the words of its source. `ends`: the table with the ends of the dossiers.

    Raises as `load_suite`.
    """
    suite = load_suite(suite_path(expectations_dir, entity.suite), profile.zone_of_days.key, ends)
    # the profile's rules come before the words, because their reasons get the names of the source, too
    suite = with_unreadable(with_file_time(suite, profile, entity), profile, entity)
    return suite.without(entity.waived_rules).worded(entity)
