"""Which tests `make test` leaves out and `make test-all` runs (the mark `long`), by which rule, and what stands for each in `make test`.

The mark is given by this list alone (tests/conftest.py), so that it grows in one place; tests/test_long.py holds the list against the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

RULES = {
    "stack": "starts a whole Airflow or a server beside that of the session, runs the whole product in processes of its own, or kills them",
    "again": "gives the proof of another test again: for another world, order, vendor or transport, or in a longer story",
    "defects": "plants defects to see that other tests notice them",
    "program": "opens what we write in another program: a browser, an office program",
    "measures": "measures how fast or how large something is, and proves nothing of what is computed",
}


@dataclass(frozen=True)
class Long:
    """A long test: a file, a test in it, or the beginning of the names of its cases.

    `rule`: a key of RULES. `instead`: what `make test` runs in its place; a test that only measures needs nothing.
    """

    test: str
    rule: str
    instead: str = ""

    def covers(self, nodeid: str) -> bool:
        """Whether this entry names the test of a node id."""
        rest = nodeid.removeprefix(self.test) if nodeid.startswith(self.test) else None
        return rest is not None and (rest == "" or "[" in self.test or rest.startswith(("::", "[")))


_VENDORS = (
    "test_the_district_is_split",
    "test_every_value_is_the_same",
    "test_the_scorecard_is_the_same",
    "test_form_06a_is_the_same",
    "test_the_score_is_the_same",
    "test_findings_are_the_same_but_for_what_lies_between_two_sources",
    "test_reconciliation_is_the_same",
    "test_what_stands_behind_a_number_is_its_sum",
    "test_the_publication_and_its_restatements_are_the_same",
    "test_as_known_at_an_earlier_moment_is_the_same",
    "test_t_of_a_value_is_the_earliest_and_each_source_is_cut_at_its_own",
    "test_a_second_run_changes_nothing",
)
_PLANTED = ("test_the_cases_notice", "test_the_cases_notice_in_a_function", "test_the_cases_notice_in_what_is_made")
_TRANSPORTS = ("S3", "SFTP", "WebDAV", "database")

LONG = (
    Long("tests/end_to_end/test_airflow.py", "stack", "tests/dags/test_runs.py"),
    Long("tests/end_to_end/test_killed_stack.py", "stack", "tests/embedded/test_processes.py"),
    Long("tests/embedded/test_access.py::test_airflow_works_on_the_embedded_installation", "stack", "tests/embedded/test_launch.py"),
    Long("tests/embedded/test_postgres.py", "stack", "tests/embedded/test_logins.py"),
    Long(
        "tests/forms/test_form_06a_groups.py::test_a_group_that_mixes_dossiers_is_told[",
        "defects",
        "tests/forms/test_form_06a_groups.py::test_groups_say_what_each_dossier_says",
    ),
    Long("tests/dags/test_lineage.py", "stack", "tests/dags/test_runs.py"),
    Long("tests/dags/test_loader_login.py", "stack", "tests/warehouse/test_roles.py"),
    Long("tests/authorities/test_another_authority.py", "stack", "tests/authorities/test_catalogue.py"),
    Long("tests/demo/test_demo_another_authority.py", "stack", "tests/demo/test_demo_running.py"),
    Long(
        "tests/oracle/test_product.py::test_every_number_equals_the_oracle[29]",
        "again",
        "tests/oracle/test_product.py::test_every_number_equals_the_oracle",
    ),
    Long(
        "tests/oracle/test_product.py::test_any_order_of_loads_ends_in_the_same_state",
        "again",
        "tests/runs/test_any_order.py::test_any_order_and_repetition",
    ),
    Long(
        "tests/oracle/test_product.py::test_a_second_load_of_the_same_changes_nothing",
        "again",
        "tests/cli/test_reading_commands.py::test_ingest_again_changes_nothing",
    ),
    *(Long(f"tests/roles/test_two_vendors.py::{name}", "again", "tests/secondary/test_shared_indicator.py") for name in _VENDORS),
    Long(
        "tests/runs/test_overlapping.py::test_windows_in_any_order_with_holes_between",
        "again",
        "tests/runs/test_any_order.py::test_one_delivery_in_two_windows",
    ),
    Long(
        "tests/publication/test_replay.py",
        "again",
        "tests/publication/test_publication.py::test_as_known_at_is_what_was_computed_then_for_every_period",
    ),
    Long(
        "tests/reference/test_refresh_after_change.py",
        "again",
        "tests/oracle/test_product.py::test_a_unit_that_is_added_brings_its_rows_back",
    ),
    Long(
        "tests/cli/test_months_to_refresh.py",
        "again",
        "tests/oracle/test_product.py::test_a_day_later_only_what_changed_is_pulled_and_computed",
    ),
    Long(
        "tests/forms/test_outlook.py::test_back_test_of_the_demo",
        "again",
        "tests/forms/test_outlook.py::test_pace_alone_where_there_is_no_year_before",
    ),
    Long("tests/forms/test_outlook.py::test_the_command_names_who_will_miss", "again", "tests/cli/test_reading_commands.py"),
    Long(
        "tests/plans/test_two_plans.py::test_the_story_of_a_new_year",
        "again",
        "tests/plans/test_two_plans.py::test_the_past_is_judged_by_the_plan_of_its_period",
    ),
    Long(
        "tests/plans/test_two_plans.py::test_a_plan_that_is_gone_has_ended_and_its_publications_stay",
        "again",
        "tests/plans/test_two_plans.py::test_what_is_taken_out_has_ended_and_what_was_published_with_it_stays",
    ),
    Long(
        "tests/plans/test_formula_by_date.py::test_the_months_before_stay_and_the_months_after_are_counted_anew",
        "again",
        "tests/plans/test_reference_changes.py::test_another_version_of_a_formula_is_computed_for_every_month",
    ),
    Long(
        "tests/secondary/test_withdraw.py::test_any_files_that_are_withdrawn_were_never_there[2]",
        "again",
        "tests/secondary/test_withdraw.py::test_any_files_that_are_withdrawn_were_never_there",
    ),
    Long(
        "tests/secondary/test_withdraw.py::test_workbooks_and_day_files_that_are_withdrawn_were_never_there[declared]",
        "again",
        "tests/secondary/test_withdraw.py::test_workbooks_and_day_files_that_are_withdrawn_were_never_there",
    ),
    Long("tests/secondary/test_rebuild_withdrawn.py", "again", "tests/runs/test_rebuild.py::test_what_was_withdrawn_and_reloaded_stays_so"),
    Long(
        "tests/runs/test_withdraw.py::test_an_extract_that_is_withdrawn_was_never_there[2-",
        "again",
        "tests/runs/test_withdraw.py::test_an_extract_that_is_withdrawn_was_never_there",
    ),
    *(
        Long(
            f"tests/sources/test_faults_by_transport.py::test_it_is_complete_or_it_failed[{name}: ",
            "again",
            "tests/sources/test_faults_by_transport.py::test_it_is_complete_or_it_failed",
        )
        for name in _TRANSPORTS
    ),
    Long("tests/runs/test_withdraw_database.py", "again", "tests/runs/test_withdraw.py"),
    Long(
        "tests/runs/test_clocks.py::test_a_machine_in_another_year_moves_no_clock",
        "again",
        "tests/runs/test_clocks.py::test_five_minutes_are_borne_and_six_are_not",
    ),
    Long(
        "tests/plans/test_january.py::test_loads_of_january_one_by_one_give_what_one_load_would",
        "again",
        "tests/plans/test_january.py::test_january_is_computed_closed_and_told_without_being_forced",
    ),
    *(
        Long(f"tests/authorities/test_commune_alone.py::{name}", "again", "tests/authorities/test_catalogue.py")
        for name in (
            "test_every_step_and_page_works_and_names_nobody_else",
            "test_its_figures_are_those_of_its_dossiers",
            "test_what_it_declares_itself_counts",
            "test_one_commune_is_not_ranked",
        )
    ),
    Long("tests/oracle/test_product.py::test_payment_files_may_come_in_any_order", "again", "tests/runs/test_any_order.py"),
    Long(
        "tests/oracle/test_product.py::test_one_stop_as_files",
        "again",
        "tests/oracle/test_product.py::test_every_number_equals_the_oracle",
    ),
    Long("tests/secondary/test_demo_district.py", "again", "tests/oracle/test_product.py::test_every_number_equals_the_oracle"),
    Long(
        "tests/secondary/test_withdraw.py::test_the_past_still_shows_what_was_believed",
        "again",
        "tests/runs/test_withdraw.py::test_the_past_and_the_figures_follow_and_a_reload_changes_nothing",
    ),
    Long("tests/faults/test_faults.py::test_sources_that_fail_lie_and_vanish", "again", "tests/sources/test_faults_by_transport.py"),
    Long(
        "tests/indicators/test_months_together.py::test_months_together_have_the_values_of_months_alone[3]",
        "again",
        "tests/indicators/test_months_together.py::test_months_together_have_the_values_of_months_alone",
    ),
    *(
        Long(f"tests/indicators/{test}[1]", "again", f"tests/indicators/{test}")
        for test in (
            "test_half_months.py::test_after_any_history_of_changes_half_months_add_up_to_periods",
            "test_open_dossiers.py::test_after_any_history_of_changes_the_kept_days_are_what_whole_days_give",
        )
    ),
    Long(
        "tests/secondary/test_withdraw.py::test_workbooks_and_day_files_that_are_withdrawn_were_never_there[payments]",
        "again",
        "tests/secondary/test_withdraw.py::test_any_files_that_are_withdrawn_were_never_there",
    ),
    Long(
        "tests/runs/test_withdraw.py::test_an_extract_that_is_withdrawn_was_never_there[1-documents]",
        "again",
        "tests/runs/test_withdraw.py::test_an_extract_that_is_withdrawn_was_never_there",
    ),
    Long("tests/sources/test_limits.py::test_all_of_them_take_no_more_memory_than_the_limits_say", "measures"),
    Long("tests/sources/test_documents.py::test_a_record_has_a_limit_and_a_document_takes_the_memory_of_a_record", "measures"),
    *(
        Long(
            f"tests/declared/test_load.py::test_a_later_file_supersedes_as_a_whole_in_any_order[{order}]",
            "again",
            "tests/declared/test_load.py::test_a_later_file_supersedes_as_a_whole_in_any_order",
        )
        for order in ("321", "231")
    ),
    *(
        Long(f"tests/sources/test_remote_folders.py::{name}[{store}]", "again", f"tests/sources/test_remote_folders.py::{name}")
        for name in ("test_a_line_that_is_cut_anywhere", "test_a_server_that_falls_silent")
        for store in ("s3", "smb", "webdav")
    ),
    Long(
        "tests/embedded/test_backup.py::test_a_dump_with_the_marks_of_a_newer_server_is_restored",
        "again",
        "tests/embedded/test_backup.py::test_a_backup_is_restored_and_is_what_was_there",
    ),
    Long(
        "tests/runs/test_pairs.py::test_what_another_key_removed_is_not_silently_missing_in_a_rebuild",
        "again",
        "tests/runs/test_pairs.py::test_what_retention_removed_is_not_silently_missing_in_a_rebuild",
    ),
    *(
        Long(f"tests/dags/test_close_month.py::{name}", "again", "tests/dags/test_close_month.py::test_who_rejects_publishes_nothing")
        for name in (
            "test_with_a_late_source_a_person_is_asked_whatever_the_rule",
            "test_with_missing_units_a_person_is_asked",
            "test_each_unit_is_sent_its_late_dossiers",
        )
    ),
    Long(
        "tests/forms/test_finding_candidates.py::test_without_a_trigger_findings_are_missed",
        "defects",
        "tests/forms/test_finding_candidates.py::test_after_changes_by_chance_every_finding_is_a_candidate",
    ),
    Long("tests/profiles/test_dutch.py::test_beside_the_district", "again", "tests/profiles/test_dutch.py::test_one_profile_and_no_code"),
    Long(
        "tests/runs/test_overlapping.py::test_a_retry_beside_an_ingest",
        "again",
        "tests/runs/test_overlapping.py::test_a_run_that_begins_while_another_publishes_waits_for_it",
    ),
    Long(
        "tests/dags/test_notices.py::test_a_blocked_file_is_told_once_and_keeps_its_error",
        "again",
        "tests/declared/test_intake.py",
    ),
    *(
        Long(f"tests/dags/test_runs.py::test_red_with_the_reason[{case}", "again", "tests/dags/test_runs.py::test_red_with_the_reason")
        for case in ("documents-", "one_stop-parts2-")
    ),
    *(
        Long(f"tests/runs/test_overlapping.py::{name}[{case}]", "again", f"tests/runs/test_overlapping.py::{name}")
        for name, cases in (
            ("test_a_window_overtakes_the_first_whole_ingest", ("1", "3")),
            ("test_two_whole_ingests", ("ABBBBBAAAA", "AAABBBBBAA")),
        )
        for case in cases
    ),
    *(Long(f"tests/sql/test_mutants.py::{name}", "defects", "tests/sql/test_sql.py") for name in _PLANTED),
    Long(
        "tests/oracle/test_product.py::test_a_defect_in_the_sql_is_felt",
        "defects",
        "tests/oracle/test_product.py::test_every_number_equals_the_oracle",
    ),
    Long(
        "tests/oracle/test_product.py::test_without_a_defect_deriving_again_changes_nothing",
        "defects",
        "tests/oracle/test_product.py::test_every_number_equals_the_oracle",
    ),
    *(
        Long(f"tests/{test}[{case}", "again", f"tests/{test}")
        for test, cases in (
            ("sources/test_database.py::test_a_lost_connection_is_a_failed_extract", ("mariadb]",)),
            ("sources/test_database.py::test_rows_that_change_and_go_while_they_are_read_are_of_one_snapshot", ("mariadb]",)),
            ("sources/test_database.py::test_the_example_in_the_warehouse_with_both_kinds_of_deletions", ("mariadb]",)),
            ("runs/test_pairs.py::test_what_changes_figures_waits_until_an_edition_is_frozen", ("rotate]", "withdraw]")),
            ("runs/test_pairs.py::test_a_failed_run_is_not_taken_up_again_under_another_key", ("0]",)),
            ("cli/test_personal_words.py::test_declared_workbooks", ("A3-", "E2-")),
            ("declared/test_load.py::test_the_same_content_again_is_no_news", ("days0]",)),
            ("bundle/test_bundle.py::test_every_published_figure_follows_from_the_rows", ("2023-Q4]",)),
        )
        for case in cases
    ),
    Long("tests/dashboard/test_browser.py", "program", "tests/dashboard/test_scorecard.py"),
    Long("tests/reports/test_office.py", "program", "tests/reports/test_workbook.py"),
    Long(
        "tests/declared/test_template.py::test_libreoffice_opens_it_and_what_it_saves_is_taken", "program", "tests/declared/test_intake.py"
    ),
    Long("tests/bench/test_bench.py", "measures"),
    Long("tests/bench/test_life.py", "measures"),
)


def is_long(nodeid: str) -> bool:
    """Whether a test, named by its node id, is one of LONG."""
    return any(entry.covers(nodeid) for entry in LONG)
