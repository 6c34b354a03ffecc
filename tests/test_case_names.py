"""The names of cases are the same each time: two workers that name a case differently keep pytest-xdist from running any test."""

from __future__ import annotations

import gzip

import pytest


@pytest.mark.parametrize("data", [gzip.compress(b"one"), b"two\n", "ba".encode("utf-16")])
def test_a_case_of_bytes_is_named_by_its_argument(request: pytest.FixtureRequest, data: bytes) -> None:
    assert request.node.name.startswith("test_a_case_of_bytes_is_named_by_its_argument[data")


@pytest.mark.parametrize("data", [b"plain"])
def test_a_case_of_plain_text_is_named_by_it(request: pytest.FixtureRequest, data: bytes) -> None:
    assert request.node.name == "test_a_case_of_plain_text_is_named_by_it[plain]"
