"""The JSON API: text in, restored text and findings out, within limits of size and time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cleaner import __version__
from cleaner.reports.json import document
from cleaner.result import Result

T = TypeVar("T")


class Cleans(Protocol):
    """The part of the core that the server needs."""

    def clean(self, text: str) -> Result: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """`bytes`: the longest body of a request.  `seconds`: the longest time for an answer.  `waiting`: the most texts
    that may wait for their turn, for they are cleaned one at a time."""

    bytes: int = 1_000_000
    seconds: float = 30.0
    waiting: int = 16


class Worker:
    """Runs one job after another beside the event loop, and refuses more than may wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cleaner")
        self._waiting = 0

    async def run(self, job: Callable[[], T]) -> T:
        """The outcome of `job`; raises HTTPException 503 when too many wait and 504 when it takes too long."""
        if self._waiting > self._limits.waiting:
            raise HTTPException(503, "Too many texts are waiting; try again later.", {"Retry-After": "1"})
        self._waiting += 1
        loop = asyncio.get_running_loop()

        def done(_: Future[T]) -> None:
            loop.call_soon_threadsafe(self._left)

        # A thread cannot be stopped: a job that takes too long keeps its place until it ends, so that such jobs
        # cannot pile up; one that has not begun is dropped.
        future = self._pool.submit(job)
        future.add_done_callback(done)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._limits.seconds)
        except TimeoutError:
            raise HTTPException(
                504, f"No answer within {self._limits.seconds:g} seconds; send a shorter text."
            ) from None

    def _left(self) -> None:
        self._waiting -= 1


def reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response; pure ASCII, so that whatever is in a text can be sent."""
    return Response(json.dumps(content), status, headers, "application/json")


async def body(request: Request, most: int, seconds: float) -> dict[str, Any]:
    """The JSON object in a request; raises HTTPException 400, 408, 413 or 415 for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with the content type application/json.")
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise HTTPException(413, f"The request is longer than {most:,} bytes; send a shorter text.")
    except TimeoutError:
        raise HTTPException(408, f"The request took longer than {seconds:g} seconds.") from None
    try:
        content = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"This is not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise HTTPException(400, "Send a JSON object.")
    return content


def field(content: dict[str, Any], name: str, kind: type[T]) -> T:
    """The field `name`; raises HTTPException 400 if it is missing or not a `kind`."""
    value = content.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise HTTPException(400, f"The field {name!r} must be there and be of type {kind.__name__}.")
    return value


async def problem(request: Request, error: Exception) -> Response:
    """An HTTPException as JSON."""
    assert isinstance(error, HTTPException)
    return reply({"error": error.detail}, error.status_code, error.headers)


def routes(cleaner: Cleans, limits: Limits) -> list[Route]:
    """/v1/clean, /healthz and /openapi.json."""
    worker = Worker(limits)
    description = json.loads(files(__package__).joinpath("openapi.json").read_text(encoding="utf-8"))
    description["info"]["version"] = __version__

    async def clean(request: Request) -> Response:
        content = await body(request, limits.bytes, limits.seconds)
        if unknown := content.keys() - {"text"}:
            raise HTTPException(400, f"There is no field {min(unknown)!r}; send only 'text'.")
        text = field(content, "text", str)
        result = await worker.run(lambda: cleaner.clean(text))
        return reply({**document("<text>", result), "restored": result.text})

    async def health(request: Request) -> Response:
        return reply({"status": "ok", "version": __version__})

    async def openapi(request: Request) -> Response:
        return reply(description)

    return [
        Route("/v1/clean", clean, methods=["POST"]),
        Route("/healthz", health),
        Route("/openapi.json", openapi),
    ]
