"""Events of OpenLineage about our runs: what Airflow's provider asks for lineage, and the way by which its events leave.

include/airflow/airflow.cfg names both classes; it switches the events off, and docs/runbooks/server.md says how they are switched on.
Airflow's provider puts much more into an event than its lineage: the name of who started a run, the values and notes that were typed in,
the stack trace of a failure, in which a row may stand. So an event is reduced to what is listed here before it leaves (ALLOWED).
"""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from openlineage.client import event_v2
from openlineage.client.facet_v2 import error_message_run
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

from cchc.airflow.lineage import URL, Dataset, lineage_of
from cchc.errors import NotConfigured
from cchc.settings import Settings, secret_variable

API_KEY = "OPENLINEAGE_API_KEY"
SECONDS = 2.0  # for one event: a collector that hangs makes a task wait for its two events, not more
FAILED = "The task has failed; its log in Airflow says why."
# the facets that an event may have: which run started it, the times, the kind of job, its words in the code
ALLOWED_OF_RUN = frozenset({"parent", "nominalTime", "processing_engine"})
ALLOWED_OF_JOB = frozenset({"jobType", "documentation"})


class TaskLineage(BaseExtractor):  # type: ignore[misc] # Airflow has no types here
    """The datasets of a task of ours, for Airflow's provider. A task that failed has read, and nothing says that it has written."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """The operator of `@task`."""
        return ["_PythonDecoratedOperator"]

    def extract_on_failure(self, task_instance: Any) -> OperatorLineage:
        """What the task was to read."""
        return OperatorLineage(inputs=self._execute_extraction().inputs)

    def _execute_extraction(self) -> OperatorLineage:
        found = lineage_of(Settings.load(), self.operator.dag_id, self.operator.task_id)
        return OperatorLineage(inputs=[_input(each) for each in found.inputs], outputs=[_output(each) for each in found.outputs])


class CollectorConfig(HttpConfig):
    """Where the events go: the environment says it (OPENLINEAGE_URL, and OPENLINEAGE_API_KEY where the collector asks for one)."""

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> CollectorConfig:
        """The configuration; of `params` nothing is read. Raises NotConfigured where there is no address."""
        url = os.environ.get(URL)
        if not url:
            raise NotConfigured(f"{URL} does not say where the events of OpenLineage go (docs/runbooks/server.md).")
        key = secret_variable(API_KEY)
        auth = ApiKeyTokenProvider({"api_key": key}) if key else TokenProvider({})
        # An event is tried once: a collector that is away costs an event, and no task waits for it.
        return cls(url=url, timeout=SECONDS, retry={"total": 0, "read": 0, "connect": 0}, auth=auth)


class Collector(HttpTransport):
    """A collector that speaks OpenLineage over HTTP, for example Marquez. It gets reduced events alone."""

    kind = "http"
    config_class = CollectorConfig

    def emit(self, event: Any) -> Any:
        """Send the event of a run; of other events we have none, and none is sent."""
        return super().emit(reduced(event)) if isinstance(event, event_v2.RunEvent) else None


def reduced(event: event_v2.RunEvent) -> event_v2.RunEvent:
    """The event with the facets that it may have, and datasets that have names alone. A failure says that it is one, and not why."""
    facets = {name: facet for name, facet in (event.run.facets or {}).items() if name in ALLOWED_OF_RUN}
    if "errorMessage" in (event.run.facets or {}):
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(message=FAILED, programmingLanguage="python")
    return event_v2.RunEvent(
        eventType=event.eventType,
        eventTime=event.eventTime,
        run=event_v2.Run(runId=event.run.runId, facets=facets),
        job=event_v2.Job(
            namespace=event.job.namespace,
            name=event.job.name,
            facets={name: facet for name, facet in (event.job.facets or {}).items() if name in ALLOWED_OF_JOB},
        ),
        inputs=[_input(each) for each in event.inputs or []],
        outputs=[_output(each) for each in event.outputs or []],
        producer=event.producer,
    )


def _input(named: Dataset | event_v2.Dataset) -> event_v2.InputDataset:
    return event_v2.InputDataset(namespace=named.namespace, name=named.name)


def _output(named: Dataset | event_v2.Dataset) -> event_v2.OutputDataset:
    return event_v2.OutputDataset(namespace=named.namespace, name=named.name)
