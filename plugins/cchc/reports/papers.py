"""Which papers of an edition have figures alone, so that everybody may read them and the bundles hold them."""

from __future__ import annotations

from cchc.reports.layout import Layout
from cchc.settings import Settings

FIRST_LAYOUT = "v2022-01-01"  # the only one that there was before mart.publication.layout (migration 0031)


def figures_alone(settings: Settings, layout: str | None) -> tuple[str, ...]:
    """How the names of those files begin that have figures and no single case: `figures_alone` in the layout's reports.yaml.

    `layout`: the folder of include/reports by which an edition was written; None for an edition from before layouts were noted. A layout
    that is not there (any more) tells nothing of its papers, so none of them is for everybody. Raises NotConfigured for a wrong layout.
    """
    folder = settings.reports_dir / (layout or FIRST_LAYOUT)
    if not folder.is_dir():
        return ()
    return tuple(f"{entry.file}_" for entry in Layout(folder).reports.values() if entry.figures_alone)
