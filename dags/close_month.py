"""close_month: publish a period. Wait for the data, show what will be frozen, ask a person, freeze values and reports, send a notice.

It runs each month for the month before; a person can start it for any `period` (2023-06, 2023-Q2, 2023-06R …). It waits up to `wait_hours`
for late sources and units; then it continues and names what is missing. The approval is a task that waits for an answer in the UI. If
the authority's closing.yaml has `rule`, and the rule approves, nobody is asked. A published period never changes: a run after late data
asks for the approval of the restatement, which becomes another edition. Each edition is also written as two bundles that prove themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, PokeReturnValue, TriggerRule, chain, dag, task

from cchc.airflow.defaults import DEFAULT_ARGS, START, by_clock, deadline
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import ApprovalNotice, tell_failed_run
from cchc.airflow.pools import WAREHOUSE_POOL
from cchc.reference.closing import closing_cron, deadline_hours
from cchc.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol, RuntimeTaskInstanceProtocol


@dag(
    dag_display_name="Chốt và công bố số liệu kỳ",
    description="Coverage, findings, approval, publication",
    schedule=by_clock(closing_cron(Settings.load())),
    start_date=START,
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    deadline=deadline(deadline_hours(Settings.load())),
    tags=["publication"],
    doc_md=__doc__,
    params={
        "period": Param(None, type=["null", "string"], title="Period", description="2023-06, 2023-Q2 …; empty = the month before"),
        "wait_hours": Param(
            None, type=["null", "number"], title="Hours to wait", description="For late sources and units; empty = as configured"
        ),
    },
)
def close_month() -> None:
    """Wait for the data, show the findings, ask for the approval, freeze the period, and send a notice."""

    @task
    @reason_first
    def choose_period(params: dict[str, Any] | None = None, logical_date: datetime | None = None) -> str:
        """The period in the parameters; by default the month that is over."""
        from cchc.period import now
        from cchc.pipeline.close import period_to_close

        return period_to_close((params or {}).get("period"), logical_date or now()).code

    @task.sensor(poke_interval=600, timeout=timedelta(days=14).total_seconds(), mode="reschedule")
    @reason_first
    def coverage(period: str, params: dict[str, Any] | None = None, *, dag_run: DagRunProtocol) -> PokeReturnValue:
        """Wait until every source is known to the end of the period and every unit has sent data, at most `wait_hours`."""
        from cchc.period import now, parse_period
        from cchc.publication.readiness import readiness
        from cchc.reference.closing import closing

        settings, asked = Settings.load(), (params or {}).get("wait_hours")
        hours = closing(settings).wait_hours if asked is None else float(asked)
        state = readiness(settings, parse_period(period))
        is_over = now() - dag_run.start_date >= timedelta(hours=hours)
        return PokeReturnValue(is_done=state.is_complete or is_over, xcom_value=state.missing)

    @task
    @reason_first
    def findings(period: str, ti: RuntimeTaskInstanceProtocol) -> str:
        """The text for the approver: sources, units that sent nothing, findings, restatements, and the scorecard that will be frozen."""
        from cchc.airflow.links import scorecard_url
        from cchc.period import parse_period
        from cchc.reports.approval import approval_text

        settings, asked = Settings.load(), parse_period(period)
        text, shown = approval_text(settings, asked, scorecard_url(settings, asked))
        ti.xcom_push(key="shown", value=shown.as_json())
        print(text)
        return text

    @task.branch
    @reason_first
    def decide(period: str) -> str:
        """Decide whether the configured rule approves or a person is asked."""
        from cchc.period import parse_period
        from cchc.pipeline.close import approving_rule
        from cchc.publication.readiness import readiness
        from cchc.reference.closing import closing

        settings = Settings.load()
        return "freeze" if approving_rule(closing(settings), readiness(settings, parse_period(period))) else "approval"

    approval = ApprovalOperator(
        task_id="approval",
        subject="Công bố số liệu kỳ {{ ti.xcom_pull(task_ids='choose_period') }}?",
        body="{{ ti.xcom_pull(task_ids='findings') }}",
        response_timeout=timedelta(days=14),
        notifiers=[ApprovalNotice()],
        doc_md="Ask a person: approve the publication, or reject it (then nothing is published).",
        params={"note": Param(None, type=["null", "string"], title="Ghi chú")},
    )

    @task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, pool=WAREHOUSE_POOL)
    @reason_first
    def freeze(period: str, ti: RuntimeTaskInstanceProtocol) -> str:
        """Freeze values, items, definitions, known_at of each source, and reports as one publication, completely or not at all."""
        from cchc.pipeline.close import publish

        shown = ti.xcom_pull(task_ids="findings", key="shown")
        return publish(Settings.load(), period, ti.xcom_pull(task_ids="approval"), shown)

    @task
    @reason_first
    def bundle(period: str, published: str) -> str:
        """Write the bundles of the edition, and check that each figure follows from the rows. The edition is published already."""
        from cchc.period import parse_period
        from cchc.pipeline.close import write_bundles

        written = write_bundles(Settings.load(), parse_period(period))
        print(written)
        return written

    @task(retries=0)  # a second attempt would send the lists a second time to those who have theirs
    @reason_first
    def late_lists(period: str, published: str) -> list[str]:
        """E-mail each unit its list of late dossiers, where the authority's unit_mail.yaml switches it on."""
        from cchc.airflow.late_lists import send_after_closing
        from cchc.period import parse_period

        lines = send_after_closing(Settings.load(), parse_period(period))
        print("\n".join(lines))
        return lines

    @task
    @reason_first
    def notify(period: str, published: str) -> None:
        """Tell those whom the authority's alerts.yaml names that the period was published."""
        from cchc.airflow.notify import tell_published

        tell_published(period, published)

    period = choose_period()
    frozen = freeze(period)
    decided = decide(period)
    chain(coverage(period), findings(period), decided, approval, frozen, notify(period, frozen))
    decided >> frozen
    frozen >> [bundle(period, frozen), late_lists(period, frozen)]


close_month()
