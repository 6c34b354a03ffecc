"""What the tasks of our DAGs read and write, as datasets of OpenLineage: delivery → landing → core → values → publication.

Airflow sees Python tasks and cannot know it. cchc.airflow.openlineage asks here, so the DAGs say nothing of it. A dataset has a name that
stays from run to run, and nothing else: no column, no row, no address with a login. Only what a task always reads and writes is named;
staging is left out, because its tables live as long as one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import make_url

from cchc.errors import NotConfigured
from cchc.models import MODELS, Model
from cchc.settings import Settings
from cchc.sources.profile import Entity, load_profile
from cchc.staging.tables import staged_entities

DISABLED, URL = "AIRFLOW__OPENLINEAGE__DISABLED", "OPENLINEAGE_URL"
INGEST = "ingest_"
DOSSIERS, VALUES, QUARANTINE = "mart.dossier", "mart.indicator_value", "ops.quarantine"
PUBLICATION = ("mart.publication", "mart.publication_value", "mart.publication_item")
# the models whose rows the indicators count; dossiers are counted in mart.dossier, which a load derives from the other models
COUNTED = ("procedure", "leader", "assessment", "work_file", "signature", "payment", "feedback", "survey_answer", "declared_figure")


@dataclass(frozen=True)
class Dataset:
    """One dataset by its two names of OpenLineage."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Lineage:
    """The datasets that a task reads and writes."""

    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = ()


def require_collector(variables: Mapping[str, str]) -> None:
    """Raise NotConfigured where the events are switched on and nobody said where they go."""
    if variables.get(DISABLED, "True").strip().lower() in ("false", "f", "0") and not variables.get(URL):
        raise NotConfigured(
            f"The events of OpenLineage are switched on, and {URL} does not say where they go: in docker-compose set LINEAGE_URL in .env "
            "(docs/runbooks/server.md)."
        )


def lineage_of(settings: Settings, dag_id: str, task_id: str) -> Lineage:
    """What a task reads and writes; nothing where nothing is known of it. Raises NotConfigured where a profile is unreadable."""
    if dag_id.startswith(INGEST):
        return _of_ingest(settings, dag_id.removeprefix(INGEST), task_id)
    if (dag_id, task_id) == ("refresh_indicators", "refresh"):
        counted = (DOSSIERS, *(table_of(MODELS[name]) for name in COUNTED))
        return Lineage(_tables(settings, counted), _tables(settings, (VALUES,)))
    if (dag_id, task_id) == ("close_month", "freeze"):
        return Lineage(_tables(settings, (VALUES,)), _tables(settings, PUBLICATION))
    if (dag_id, task_id) == ("close_month", "bundle"):
        return Lineage(_tables(settings, PUBLICATION), (_file((settings.home / "publications").as_uri()),))
    return Lineage()


def table_of(model: Model) -> str:
    """The table in which a load keeps the rows of a model."""
    if model.merge == "list":
        return f"core.{model.name}_list_item"
    if model.merge == "key_list":
        return f"core.{model.name}"
    if model.merge == "declared":
        return f"core.{model.name}_version"
    return model.versions


def _of_ingest(settings: Settings, source: str, task_id: str) -> Lineage:
    if task_id not in ("extract", "stage", "validate", "load"):
        return Lineage()
    entities = staged_entities(load_profile(settings.sources_dir, source))
    landed = tuple(_landed(settings, source, entity) for entity in entities.values())
    if task_id == "extract":
        return Lineage(tuple(Dataset(f"source://{source}", name) for name in entities), landed)
    if task_id == "stage":
        return Lineage(landed)
    if task_id == "validate":
        return Lineage(landed, _tables(settings, (QUARANTINE,)))
    models = [MODELS[entity.model] for entity in entities.values()]
    written = dict.fromkeys(table_of(model) for model in models)
    derived = (DOSSIERS,) if any(model.makes_dossiers for model in models) else ()
    return Lineage(landed, _tables(settings, (*written, *derived)))


def _landed(settings: Settings, source: str, entity: Entity) -> Dataset:
    """The landing of an entity. Its folders have the number of the extract in their path, which would be another dataset each day."""
    return _file(f"{settings.landing_url.rstrip('/')}/{source}/{entity.name}")


def _tables(settings: Settings, names: tuple[str, ...]) -> tuple[Dataset, ...]:
    url = make_url(settings.warehouse_url or "postgresql://localhost/warehouse")
    namespace = f"postgres://{url.host or 'localhost'}:{url.port or 5432}"
    return tuple(Dataset(namespace, f"{url.database}.{name}") for name in names)


def _file(url: str) -> Dataset:
    """A folder, without the login and the options that its URL may have."""
    parts = urlsplit(url)
    return Dataset("file" if parts.scheme in ("", "file") else f"{parts.scheme}://{parts.hostname}", parts.path)
