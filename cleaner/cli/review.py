"""`cleaner review`: decide about repairs in the browser."""

from __future__ import annotations

import secrets
import socket
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli import files
from cleaner.cli.exclusion import exclude_option
from cleaner.cli.files import STDIN, Document
from cleaner.cli.options import encoding_option, settings_options, usable_lexicon
from cleaner.cli.problems import Failure, Problems, complain, reason
from cleaner.cli.run import cleaned
from cleaner.reports.layout import number, readable_path
from cleaner.result import Result
from cleaner.settings import Settings

if TYPE_CHECKING:
    from cleaner.review.desk import Desk
    from cleaner.review.writing import Writer

_NEEDED = ("starlette", "uvicorn", "jinja2")


@click.command(
    "review",
    short_help="Decide about repairs in the browser; try it out; serve the JSON API.",
    epilog="""\b
Examples:
  cleaner review articles/                    a folder; opens the browser
  cleaner review --no-open --port 9000 a.txt  prints the address only
  cleaner review                              only the try-it page and the API (POST /v1/clean)

Decisions are saved at once, in --decisions; stop with Ctrl+C and come back at any time.""",
)
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option(
    "--decisions", default="cleaner-review.sqlite", show_default=True, metavar="FILE", help="Where decisions are saved."
)
@click.option(
    "--teach",
    default="cleaner-learned.tsv",
    show_default=True,
    metavar="FILE",
    help="The lexicon of your own that Teach writes to.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; others than this one are open to the network.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any free one.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="Answer to this name too (in a Host header); repeatable."
)
@click.option("--max-bytes", type=click.IntRange(1), default=1_000_000, show_default=True, help="Longest request.")
@click.option(
    "--time-limit", type=click.FloatRange(0.1), default=30.0, show_default=True, help="Seconds for one text of the API."
)
@click.option("--open/--no-open", "open_", default=None, help="Open the browser; by default on a terminal.")
@exclude_option
@settings_options
@encoding_option
def command(
    paths: tuple[str, ...],
    decisions: str,
    teach: str,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    max_bytes: int,
    time_limit: float,
    open_: bool | None,
    exclude: tuple[str, ...],
    settings: Settings,
    encoding: str,
) -> None:
    """Serve a page on which you accept, reject or edit the repairs, those in most doubt first, write the files and
    teach a lexicon of your own.  It is for this machine only unless --host says otherwise.

    PATH is a file or a folder (its texts, Markdown and HTML files, at any depth).
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise Failure(
            f"cleaner review needs {', '.join(missing)}; install them with: pip install 'article-cleaner[review]'"
        )
    if STDIN in paths:
        raise click.UsageError("standard input cannot be reviewed; name files or folders")
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    settings = _with_learned(settings, teach)

    import uvicorn

    from cleaner.cleaner import Cleaner
    from cleaner.review.api import Limits
    from cleaner.review.app import create_app
    from cleaner.review.security import LOOPBACK, hosts

    desk = _desk(paths, exclude, decisions, teach, settings, encoding) if paths else None
    shown = f"[{host}]" if ":" in host else host
    allowed = hosts({*LOOPBACK, shown, *allow_host}, port)
    app = create_app(Cleaner(settings), allowed, token, Limits(max_bytes, time_limit), desk)
    named = "127.0.0.1" if host in ("0.0.0.0", "::") else shown
    address = f"http://{named}:{port}/" + (f"?token={token}" if desk else "try")
    if desk is not None:
        found, read = number(len(desk.queue.items), "finding"), number(len(desk.queue.documents), "document")
        click.echo(f"{found} in {read}; decisions are saved in {readable_path(decisions)}", err=True)
    if host not in LOOPBACK and host != "::1":
        complain(
            f"open to the network at {shown}: whoever has the address with its token can read and write these files"
        )
    click.echo(f"{address}\nStop with Ctrl+C.")
    sys.stdout.flush()
    if open_ if open_ is not None else sys.stdout.isatty():
        webbrowser.open(address)
    # The address carries the token, so it goes into no log.
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        limit_concurrency=200,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _with_learned(settings: Settings, teach: str) -> Settings:
    """What earlier reviews have taught holds in this one."""
    known = {path.resolve() for path in settings.lexicons}
    if not Path(teach).exists() or Path(teach).resolve() in known:
        return settings
    return replace(settings, lexicons=(*settings.lexicons, usable_lexicon(teach)))


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; whether the port is free is to be known before anything is read."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Inherited by the connections: an answer in two pieces would wait 40 ms for the first to be confirmed.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise Failure(f"{host}:{port}: cannot listen there ({why}); choose another --port or --host") from None


def _desk(
    paths: tuple[str, ...], exclude: tuple[str, ...], decisions: str, teach: str, settings: Settings, encoding: str
) -> Desk:
    from cleaner.review.decisions import Decisions, DecisionsError
    from cleaner.review.desk import Desk
    from cleaner.review.queue import Queue
    from cleaner.review.writing import Writer

    problems = Problems()
    writer = Writer([Path(path) for path in paths])
    inside = [path for path in files.find(paths, problems, exclude) if _checked(writer, path, problems)]
    try:
        store = Decisions(Path(decisions))
    except DecisionsError as error:
        raise Failure(str(error)) from None
    documents = files.read(inside, encoding, problems)
    queue = Queue(_counted(cleaned(documents, settings), len(inside)), settings.threshold)
    if not queue.documents:
        raise Failure("there is nothing to review")
    return Desk(queue, store, writer, Path(teach))


def _checked(writer: Writer, path: str, problems: Problems) -> bool:
    """Links that lead out of the folders under review are left alone."""
    inside = writer.inside(Path(path))
    if not inside:
        problems.add(f"{readable_path(path)}: leads out of the folders under review; name its target to review it")
    return inside


def _counted(results: Iterator[tuple[Document, Result]], total: int) -> Iterator[tuple[Document, Result]]:
    """The same, with a line on the terminal that tells how far the reading has come."""
    if not sys.stderr.isatty():
        yield from results
        return
    with click.progressbar(results, length=total, label="Reading", file=sys.stderr) as shown:
        yield from shown
