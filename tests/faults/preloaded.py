"""Imported once by the server of `work`: what the steps import while they run."""

import great_expectations

import cchc.core.load
import cchc.pipeline.close
import cchc.pipeline.ingest
import cchc.pipeline.refresh
import cchc.quality.gx
import cchc.quality.validate
import cchc.runs.maintenance
import cchc.sources.extract
import cchc.staging.stage

__all__ = ["cchc", "great_expectations"]
