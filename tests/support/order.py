"""What is handed to the workers of pytest-xdist as a whole, and in which order."""

from __future__ import annotations

# Folders and files that share what a fixture of the session makes, a loaded warehouse or a running Airflow: one worker runs all of a
# group, so that it is made once. A group has the name of its first.
TOGETHER = (
    ("dags",),
    ("dashboard",),
    ("plans",),
    ("explain", "analysts", "bundle", "cli/test_reading_commands.py", "forms", "indicators"),  # `month_template`
)
# what takes longest comes first, files and such folders; what is not named here is run after these
LONGEST_FIRST = (
    "end_to_end/test_airflow.py",
    "dags",
    "oracle/test_product.py",
    "explain",
    "dashboard",
    "plans",
    "roles/test_two_vendors.py",
    "end_to_end/test_killed_stack.py",
    "runs/test_overlapping.py",
    "runs/test_any_order.py",
    "sql/test_mutants.py",
    "secondary/test_withdraw.py",
    "runs/test_clocks.py",
    "runs/test_withdraw.py",
    "embedded/test_access.py",
    "reference/test_refresh_after_change.py",
    "publication/test_publication.py",
    "bench/test_bench.py",
    "reference/test_init_reports_changes.py",
    "declared/test_load.py",
    "cli/test_personal_words.py",
    "runs/test_erasure.py",
    "runs/test_pairs.py",
    "sources/test_remote_folders.py",
    "embedded/test_backup.py",
    "declared/test_values.py",
    "sources/test_database.py",
    "runs/test_rebuild.py",
    "runs/test_withdraw_database.py",
    "cli/test_absent_fields.py",
    "runs/test_privacy_key.py",
    "authorities/test_commune_alone.py",
    "sources/test_limits.py",
    "indicators/test_half_months.py",
    "indicators/test_open_dossiers.py",
    "secondary/test_dated_files.py",
    "sql/test_sql.py",
    "runs/test_doctor.py",
    "warehouse/test_states.py",
    "warehouse/test_sql_files.py",
    "faults/test_faults.py",
    "upgrade/test_first_release.py",
)


_GROUP = {member: group[0] for group in TOGETHER for member in group}


def unit_of(nodeid: str) -> str:
    """What is handed to a worker as a whole: the file of a test, or the group of TOGETHER to which it or its folder belongs."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    return _GROUP.get(file) or _GROUP.get(file.partition("/")[0], file)
