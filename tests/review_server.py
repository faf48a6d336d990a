"""The review server in a thread, over made-up files and the core that is a table."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from review_corpus import TableCleaner
from starlette.applications import Starlette

from cleaner.cli.files import decode
from cleaner.documents import combined, passages
from cleaner.result import Result
from cleaner.review.api import Limits
from cleaner.review.app import create_app
from cleaner.review.decisions import Decisions
from cleaner.review.desk import Desk
from cleaner.review.queue import Queue
from cleaner.review.security import LOOPBACK, hosts
from cleaner.review.writing import Writer
from cleaner.settings import Settings

TOKEN = "token-of-the-tests"


def desk(folder: Path, decisions: Path, lexicon: Path, settings: Settings | None = None) -> Desk:
    """A review of all files in `folder`."""
    cleaner = TableCleaner(settings)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    documents = [decode(str(path.relative_to(folder)), path, path.read_bytes()) for path in paths]
    reviewed = [(document, cleaned(document.name, document.text, cleaner)) for document in documents]
    queue = Queue(reviewed, cleaner.settings.threshold)
    return Desk(queue, Decisions(decisions), Writer([folder]), lexicon)


def cleaned(name: str, text: str, cleaner: TableCleaner) -> Result:
    """The result for a whole file, as the command line has it."""
    return combined(text, [(passage, cleaner.clean(passage.text)) for passage in passages(name, text)])


def application(port: int, desk: Desk | None, limits: Limits | None = None) -> Starlette:
    return create_app(TableCleaner(), hosts(LOOPBACK, port), TOKEN, limits, desk)


@contextmanager
def served(desk: Desk | None, limits: Limits | None = None) -> Iterator[str]:
    """The address of a server that runs while the block does."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application(port, desk, limits), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
