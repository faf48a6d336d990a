"""Who may talk to the server, and what the browser may do with its pages."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-cleaner-token"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def hosts(names: Iterable[str], port: int) -> frozenset[str]:
    """The values of the Host header that are meant for this server; no others, so that no foreign name can be
    pointed at it (DNS rebinding)."""
    named = frozenset(f"{name}:{port}" for name in names)
    return named | frozenset(names) if port == 80 else named


class Guard:
    """Lets a request through to `app` if it names one of `hosts`, comes from a page of this server (or from no page
    at all), and, for the review page and all below /api, brings the token: pages of the user's files are for the user
    alone, even on a machine with many."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str) -> None:
        self._app = app
        self._hosts = hosts
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        answer = self._app if refusal is None else PlainTextResponse(refusal[1], refusal[0])
        await answer(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "This server does not answer to that name; --allow-host adds one.\n"
        origin = headers.get("origin")
        # "null" is what sandboxed and redirected pages send: no page of ours.
        if origin is not None and _netloc(origin) not in self._hosts:
            return 403, "Requests from other sites are refused.\n"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and scope["method"] != "GET":
            return 403, "Requests from other sites are refused.\n"
        path = scope["path"]
        if path == "/" or path.startswith("/api/"):
            # Only the page itself takes the token from its address: a script must send it in a header of its own,
            # which no foreign page can do unasked.
            given = QueryParams(scope["query_string"]).get("token") if path == "/" else headers.get(TOKEN_HEADER)
            if not secrets.compare_digest((given or "").encode(), self._token.encode()):
                return 403, "Open the address, with its token, that `cleaner review` shows in the terminal.\n"
        return None


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
