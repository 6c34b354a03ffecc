"""A field that lands as it came under one profile, and as a hash under the next: no retry brings the plain value into the warehouse."""

from __future__ import annotations

import pytest

from tests.support.cli import cchc
from tests.values.conftest import Values

CASES = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "hs_*.csv"
        key: [ma]
        columns:
          dossier_code: ma
          received_at: {from: nhan, critical: true}
          due_at: {from: hen, critical: true}
          applicant_key: HASHED
          unit_code: {const: H19.16.21}
          status_code: {const: "4"}
"""
PLAIN, HASHED = "{from: cccd}", "{from: cccd, personal: hmac}"


@pytest.mark.parametrize(("before", "after"), [(PLAIN, HASHED), (HASHED, PLAIN)])
def test_a_landing_with_other_hashes_is_not_read_again(desk: Values, before: str, after: str) -> None:
    source = "bam" if before == PLAIN else "tran"
    desk.knows(source, CASES.replace("HASHED", before))
    desk.deliver(source, "hs_1.csv", "ma;nhan;hen;cccd", "A;2023-05-02;2023-05-09;079301000123", "B;2023-05-02;nie;079301000123")
    said = desk.ingest(source)
    assert said.code == 0, said.err
    desk.write(source, CASES.replace("HASHED", after))
    again = cchc("quarantine", "retry")
    assert "landed when the profile hashed other fields: cccd (applicant_key)" in again.err
    known = desk.rows("select applicant_key from core.dossier_version where source_code = :s", s=source)
    assert {row["applicant_key"] == "079301000123" for row in known} == {before == PLAIN}, "as it was"
