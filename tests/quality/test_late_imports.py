"""What Great Expectations imports and nothing here uses is imported late, and works where somebody uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.support.bench import Bench

_AUDIT = """
import json, sys
from sqlalchemy import create_engine
from cchc.quality.gx import session
import great_expectations.expectations as gxe
from great_expectations.core import ExpectationSuite

suite = ExpectationSuite("units", expectations=[gxe.ExpectColumnValuesToNotBeNull(column="unit_code", severity="critical")])
with session(create_engine(sys.argv[1])) as gx:
    passed = [result.success for result in gx.validate("core", "unit", suite)]
late = {name: type(sys.modules[name]).__name__ for name in ("altair", "scipy.stats")}
from scipy import stats
import altair
print(json.dumps([passed, late, stats.norm.cdf(0), altair.Chart.__name__]))
"""


def test_an_audit_imports_neither_charts_nor_statistics_and_both_work_when_they_are_used(bench: Bench) -> None:
    url = bench.engine.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", _AUDIT, url], capture_output=True, text=True, env=os.environ.copy(), check=False)
    assert done.returncode == 0, done.stderr
    late = {"altair": "_LazyModule", "scipy.stats": "_LazyModule"}
    assert json.loads(done.stdout.splitlines()[-1]) == [[True], late, 0.5, "Chart"]
