"""The server: the review page and its data, the try-it page, and the JSON API."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cleaner.reports import assets
from cleaner.review import api, security
from cleaner.review.api import Cleans, Limits, reply
from cleaner.review.desk import Desk, TeachError

_STATIC = ("review.css", "review.js", "list.js", "try.css", "try.js", "icon.svg")
_SHARED = ("base.css", "marks.js")
_TYPES = {".svg": "image/svg+xml", ".css": "text/css", ".js": "text/javascript"}
_MOST_CONTEXTS = 50


def create_app(
    cleaner: Cleans, hosts: frozenset[str], token: str, limits: Limits | None = None, desk: Desk | None = None
) -> Starlette:
    """The application; without a `desk` it has the try-it page and the API only."""
    limits = limits or Limits()
    pages = Environment(loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined)

    front_page, try_page = pages.get_template("review.html"), pages.get_template("try.html")

    async def front(request: Request) -> Response:
        if desk is None:
            return RedirectResponse("/try")
        page = front_page.render(
            documents=len(desk.queue.documents), findings=len(desk.queue.items), decisions=str(desk.decisions.path)
        )
        return HTMLResponse(page)

    async def try_it(request: Request) -> Response:
        return HTMLResponse(try_page.render(most=limits.bytes, review=desk is not None))

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name in _SHARED:
            content = assets.read(name)
        elif name in _STATIC:
            content = (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")
        else:
            raise HTTPException(404, "There is no such file.")
        return Response(content, media_type=_TYPES[Path(name).suffix])

    routes = [Route("/", front), Route("/try", try_it), Route("/static/{name}", static), *api.routes(cleaner, limits)]
    return Starlette(
        routes=routes + (review_routes(desk, limits) if desk is not None else []),
        middleware=[Middleware(security.Guard, hosts=hosts, token=token)],
        exception_handlers={HTTPException: api.problem},
    )


def review_routes(desk: Desk, limits: Limits) -> list[Route]:
    """The data of the review page; all of it needs the token (see `security.Guard`)."""
    last = len(desk.queue.items) - 1
    listing = reply(desk.queue_as_json()).body

    async def content(request: Request) -> dict[str, Any]:
        return await api.body(request, limits.bytes, limits.seconds)

    def known(numbers: Iterable[Any]) -> list[int]:
        valid = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= last]
        if not valid:
            raise HTTPException(400, "Name items by their numbers.")
        return valid

    def since(value: str) -> int:
        if not value.isdecimal() or len(value) > 15:
            raise HTTPException(400, "'since' is a version, a whole number.")
        return int(value)

    async def queue(request: Request) -> Response:
        return Response(listing, media_type="application/json")

    async def contexts(request: Request) -> Response:
        asked = request.query_params.get("numbers", "").split(",")[:_MOST_CONTEXTS]
        numbers = [int(n) for n in asked if n.isdecimal() and len(n) < 10 and int(n) <= last]
        return reply([desk.context_as_json(n) for n in numbers])

    async def changes(request: Request) -> Response:
        version = since(request.query_params.get("since", "0"))
        return await run_in_threadpool(lambda: reply(desk.changes(version)))

    async def decide(request: Request) -> Response:
        sent = await content(request)
        window, numbers = api.field(sent, "window", str), known(api.field(sent, "numbers", list))
        replacement = None if sent.get("replacement") is None else api.field(sent, "replacement", str)
        version, alike = since(str(sent.get("since", 0))), sent.get("alike") is True

        def job() -> Response:
            desk.decide(window, numbers, replacement, alike=alike)
            return reply(desk.changes(version))

        return await run_in_threadpool(job)

    async def undo(request: Request) -> Response:
        sent = await content(request)
        window, version = api.field(sent, "window", str), since(str(sent.get("since", 0)))

        def job() -> Response:
            undone = [n for key in desk.decisions.undo(window) for n in desk.queue.numbers(key)]
            return reply({**desk.changes(version), "undone": undone})

        return await run_in_threadpool(job)

    async def apply(request: Request) -> Response:
        undecided = api.field(await content(request), "undecided", bool)
        return await run_in_threadpool(lambda: reply({"documents": desk.apply(undecided=undecided)}))

    async def teach_(request: Request) -> Response:
        await content(request)
        try:
            return reply(await run_in_threadpool(desk.teach))
        except TeachError as error:
            raise HTTPException(409, str(error)) from None

    async def export(request: Request) -> Response:
        return Response(await run_in_threadpool(desk.export), media_type="application/x-ndjson")

    return [
        Route("/api/queue", queue),
        Route("/api/contexts", contexts),
        Route("/api/changes", changes),
        Route("/api/export", export),
        Route("/api/decide", decide, methods=["POST"]),
        Route("/api/undo", undo, methods=["POST"]),
        Route("/api/apply", apply, methods=["POST"]),
        Route("/api/teach", teach_, methods=["POST"]),
    ]
