"""From which number on something that is measured is to be watched, or is wrong (include/dashboard/thresholds.yaml)."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from pydantic import Field, model_validator

from cchc.settings import Settings
from cchc.typed import Fault, Typed, read

LEAST = 1  # a light that is on at zero could never be well


class Light(StrEnum):
    """The state of a light. Colour never stands alone: SIGNS has the sign of each, words.yaml its word (`status_…`)."""

    WELL = "well"
    WATCH = "watch"
    WRONG = "wrong"
    COUNTING = "counting"  # not known yet: it is being counted


SIGNS = {Light.WELL: "✓", Light.WATCH: "!", Light.WRONG: "✕", Light.COUNTING: "…"}


class Threshold(Typed):
    """The limits of one light."""

    watch: int | None = Field(None, ge=LEAST, description="From this number on the light is amber: somebody should look.")
    wrong: int | None = Field(None, ge=LEAST, description="From this number on the light is red: somebody must act.")

    @model_validator(mode="after")
    def _in_order(self) -> Threshold:
        if self.watch is None and self.wrong is None:
            raise Fault("neither 'watch' nor 'wrong' is given: the light could never be on.")
        if self.watch is not None and self.wrong is not None and self.watch > self.wrong:
            raise Fault(f"'watch' is {self.watch}, which is more than 'wrong' ({self.wrong}): the light would be red before it is amber.")
        return self

    def judged(self, number: int) -> Light:
        """The state of a light whose number this is."""
        if self.wrong is not None and number >= self.wrong:
            return Light.WRONG
        return Light.WATCH if self.watch is not None and number >= self.watch else Light.WELL


class Lights(Typed):
    """The limits of every light of the page, in the order of the page."""

    late_days: Threshold = Field(description="Days by which a source is older than its schedule allows.")
    short_sources: Threshold = Field(description="Sources that are not known up to the end of the period.")
    absent_sources: Threshold = Field(description="Sources that were never extracted.")
    holes: Threshold = Field(description="Windows of time that were never asked for.")
    missing_dossiers: Threshold = Field(description="Dossiers that a source lists and that are not stored.")
    arriving_dossiers: Threshold = Field(description="Dossiers that only the newest extract lacks.")
    missing_units: Threshold = Field(description="Units that were expected to send something in the period, and sent nothing.")
    broken_runs: Threshold = Field(description="Sources whose last run has not ended well.")
    blocked_files: Threshold = Field(description="Files or entities that are blocked.")
    waiting_files: Threshold = Field(description="Files that are not complete yet.")
    doubts: Threshold = Field(description="Doubts that loads have of themselves, though no rule is broken.")
    quarantined: Threshold = Field(description="Records in quarantine.")
    waiting_months: Threshold = Field(description="Months that wait for a refresh.")
    changed_fields: Threshold = Field(description="Fields of the newest deliveries that are gone, new, or empty much more often.")
    findings: Threshold = Field(description="Findings in the months of the period.")
    unmatched_payments: Threshold = Field(description="Payments of the period that do not match their dossiers.")
    open_restatements: Threshold = Field(description="Published values that are other ones by what is known now.")


class ThresholdFile(Typed):
    """The limits of the lights of the page of the health of the data."""

    lights: Lights = Field(description="The limits of each light.")


@cache
def thresholds(settings: Settings) -> Lights:
    """The limits of the lights. Raises NotConfigured if the file is wrong."""
    return read(settings.dashboard_dir / "thresholds.yaml", ThresholdFile).lights
