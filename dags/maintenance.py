"""Upkeep. maintenance and clean_airflow: each week. backup: each night. check_connections: started by a person.

maintenance removes landing older than `keep_days`, rows of the audit log that are older than their category is kept, and, of loads older
than `keep_counts_days`, what checks and fields have counted and entries of quarantine that only repeat others; failed checks stay. It
counts all half months again, judges all open dossiers again, compares both with what refreshes have kept, and updates the statistics of the
query planner; rows of core and mart stay unchanged.
clean_airflow removes past runs from Airflow's own database, and old logs. backup writes databases, landing, papers and secrets to
CCHC_BACKUP_DIR, and restores them for a test. check_connections tests the connection of every source.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from cchc.airflow.defaults import DEFAULT_ARGS, START, by_clock
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run
from cchc.airflow.pools import WAREHOUSE_POOL
from cchc.settings import Settings, secret_variable
from cchc.sources.profile import list_profiles


@dag(
    dag_display_name="Bảo trì hằng tuần",
    description="Retention of landing, kept counts and open dossiers compared, statistics of the warehouse",
    schedule=by_clock("0 3 * * 0"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["maintenance"],
    doc_md=__doc__,
    params={
        "keep_days": Param(90, type="integer", minimum=1, title="Days that landing is kept"),
        "keep_counts_days": Param(400, type="integer", minimum=31, title="Days that counts of checks and fields are kept"),
    },
)
def maintenance() -> None:
    """Run the steps of the maintenance one after the other."""

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def retain(params: dict[str, Any] | None = None) -> list[str]:
        """Remove landing that is older than `keep_days`."""
        from cchc.runs import journal
        from cchc.runs.maintenance import remove_old_landing

        journal.write(Settings.load())  # those that a killed run, or an earlier version, did not write
        return remove_old_landing(Settings.load(), int((params or {})["keep_days"]))

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def sweep() -> list[str]:
        """Drop the staging tables that killed runs have left."""
        from cchc.runs.extracts import sweep_staging

        return sweep_staging(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def analyze() -> None:
        """Update the statistics of the query planner."""
        from cchc.runs.maintenance import analyze

        analyze(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def count_again() -> str:
        """Count all half months anew and compare them with the counts that refreshes have kept. Fails where one differs."""
        from cchc.indicators.self_check import count_all_again

        return count_all_again(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def judge_again() -> str:
        """Judge all open dossiers anew and compare them with what refreshes have kept. Fails where one differs."""
        from cchc.indicators.open_dossiers_check import judge_all_again

        return judge_all_again(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def compare_again() -> str:
        """Compare all orders of the payment logs anew with their dossiers, and with what refreshes have kept. Fails where one differs."""
        from cchc.findings.kept_orders import compare_all_again

        return compare_all_again(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def forget(params: dict[str, Any] | None = None) -> int:
        """Remove rows of the audit log that are older than their category is kept, and counts older than `keep_counts_days`."""
        from cchc.runs.maintenance import forget_counts
        from cchc.warehouse.audit import forget_old

        settings = Settings.load()
        return forget_old(settings) + forget_counts(settings, int((params or {})["keep_counts_days"]))

    retain() >> sweep() >> forget() >> count_again() >> judge_again() >> compare_again() >> analyze()


@dag(
    dag_display_name="Dọn dẹp Airflow",
    description="Past runs in Airflow's database, old logs",
    schedule=by_clock("0 4 * * 0"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["maintenance"],
    doc_md=__doc__,
    params={"keep_days": Param(90, type="integer", minimum=7, title="Days that runs and logs are kept")},
)
def clean_airflow() -> None:
    """Remove what Airflow has collected of runs that are long past."""

    @task
    @reason_first
    def clean_database(params: dict[str, Any] | None = None) -> str:
        """Remove rows of past runs from Airflow's database; the last run of each DAG stays."""
        from cchc.airflow.cleanup import clean_database

        return clean_database(int((params or {})["keep_days"]))

    @task
    @reason_first
    def clean_logs(params: dict[str, Any] | None = None) -> int:
        """Remove logs that were not written for `keep_days`."""
        from pathlib import Path

        from airflow.configuration import conf

        from cchc.airflow.cleanup import clean_logs

        return clean_logs(Path(conf.get("logging", "base_log_folder")), int((params or {})["keep_days"]))

    clean_database() >> clean_logs()


@dag(
    dag_display_name="Sao lưu hằng đêm",
    description="Databases, landing, papers and secrets, with a test of the restore",
    schedule=by_clock("30 2 * * *"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["maintenance"],
    doc_md=__doc__,
    params={
        "keep": Param(14, type="integer", minimum=1, title="Backups that are kept"),
        "test": Param(True, type="boolean", title="Restore it for a test"),
    },
)
def backup() -> None:
    """Write a backup to CCHC_BACKUP_DIR, and restore it for a test."""

    @task
    @reason_first
    def write(params: dict[str, Any] | None = None) -> str:
        """Back up both databases as of one moment, landing, papers and secrets; remove the oldest backups."""
        from cchc.airflow.cleanup import URL
        from cchc.embedded.backup import folder_of_backups, write

        return str(write(Settings.load(), folder_of_backups(), int((params or {})["keep"]), secret_variable(URL)))

    @task
    @reason_first
    def lacking(folder: str) -> None:
        """Fail where the backup was written, and the warehouse names landing or papers that were not there to be copied."""
        from pathlib import Path

        from cchc.embedded.backup import require_nothing_lacking

        require_nothing_lacking(Path(folder))

    @task
    @reason_first
    def test(folder: str, params: dict[str, Any] | None = None) -> str:
        """Restore the backup into a PostgreSQL of its own, and compare every table with what was counted when it was written."""
        from pathlib import Path

        from cchc.embedded.backup import test

        return test(Path(folder)) if (params or {})["test"] else "not tested"

    written = write()
    test(written)
    lacking(written)


@dag(
    dag_display_name="Kiểm tra kết nối nguồn",
    description="Try the connection of every source",
    schedule=None,
    is_paused_upon_creation=False,  # nothing but a person starts it
    start_date=START,
    catchup=False,
    default_args=DEFAULT_ARGS | {"retries": 0},
    on_failure_callback=tell_failed_run,
    tags=["maintenance", "by-hand"],
    doc_md=__doc__,
)
def check_connections() -> None:
    """Test each source in a task of its own, so that a failed one does not hide the others."""

    @task(map_index_template="{{ source }}")
    @reason_first
    def check(source: str) -> str:
        """Log in and read the first page, or list the folder. Fail with the reason if that is not possible."""
        from airflow.sdk import get_current_context

        from cchc.airflow.connections import source_connection
        from cchc.pipeline import ingest as pipeline

        get_current_context()["source"] = source
        return pipeline.check_connection(Settings.load(), source, source_connection(source))

    check.expand(source=list_profiles(Settings.load().sources_dir))


maintenance()
clean_airflow()
backup()
check_connections()
