"""The HTTP API answers whatever a client sends as its own description says, and never with a fault of the server."""

from __future__ import annotations

from typing import Any

import pytest
from fake_cleaner import FakeCleaner
from hypothesis import HealthCheck, given, settings

from cleaner.settings import Settings

schemathesis = pytest.importorskip("schemathesis")
pytest.importorskip("starlette")

from schemathesis.generation import GenerationMode  # noqa: E402

HOST = {"host": "127.0.0.1:8000"}


@pytest.fixture(scope="module")
def schema() -> Any:
    from cleaner.review.app import create_app

    app = create_app(FakeCleaner(Settings()), frozenset(HOST.values()), "token")
    return schemathesis.openapi.from_asgi("/openapi.json", app, headers=HOST)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_request_is_answered_as_described(schema: Any, mode: Any) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and operation.method.upper() == "GET":
            continue  # there is nothing in it that could be wrong

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: Any) -> None:
            case.call_and_validate(headers=HOST)

        answered()
