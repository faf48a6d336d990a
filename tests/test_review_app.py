"""The server without a browser: who may talk to it, its limits, and its data."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from review_corpus import HOSTILE, TableCleaner, article
from review_server import TOKEN, application, desk
from starlette.testclient import TestClient

from cleaner.result import Result
from cleaner.review import api, security
from cleaner.review.api import Limits
from cleaner.review.app import create_app

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"
AUTHORISED = {"X-Cleaner-Token": TOKEN}
# Every address that shows or changes something of the user's files.
READ = ["/api/queue", "/api/contexts?numbers=0", "/api/changes?since=0", "/api/export"]
WRITE = ["/api/decide", "/api/undo", "/api/apply", "/api/teach"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(article(0))
    (folder / "b.txt").write_text(HOSTILE)
    return folder


@pytest.fixture
def client(folder: Path, tmp_path: Path) -> TestClient:
    return TestClient(application(PORT, desk(folder, tmp_path / "d.sqlite", tmp_path / "l.tsv")), BASE)


def send(client: TestClient, path: str, **content: Any) -> Any:
    response = client.post(path, json={"window": "w", **content}, headers=AUTHORISED)
    assert response.status_code == 200, response.text
    return response.json()


# --- who may talk to it ---


def test_the_token_is_needed_for_everything_about_files(client: TestClient, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for headers in ({}, {"X-Cleaner-Token": "wrong"}, {"X-Cleaner-Token": ""}, {"Cookie": f"token={TOKEN}"}):
        for path in READ:
            assert client.get(path, headers=headers).status_code == 403
        for path in WRITE:
            body = {"window": "w", "numbers": [0], "replacement": "x", "undecided": True}
            assert client.post(f"{path}?token={TOKEN}", json=body, headers=headers).status_code == 403
    for address in ("/", "/?token=", "/?token=wrong"):
        assert client.get(address).status_code == 403
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert client.get(f"/?token={TOKEN}").status_code == 200


def test_pages_that_show_no_files_need_no_token(client: TestClient) -> None:
    for path in ("/try", "/healthz", "/openapi.json", "/static/base.css", "/static/review.js"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", f"127.0.0.1.evil.example:{PORT}", "127.0.0.1:1", ""])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    for path in ("/healthz", f"/?token={TOKEN}", "/try"):
        assert client.get(path, headers={"Host": host}).status_code == 421
    assert client.post("/v1/clean", json={"text": "x"}, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", [f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_names_of_this_machine_are_served(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_port_80_goes_without_saying() -> None:
    assert {"localhost", "localhost:80"} <= security.hosts(security.LOOPBACK, 80)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/v1/clean", json={"text": "x"}, headers=headers).status_code == 403
    assert client.post("/api/undo", json={"window": "w"}, headers={**AUTHORISED, **headers}).status_code == 403


def test_our_own_pages_are_served(client: TestClient) -> None:
    headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/clean", json={"text": "x"}, headers=headers).status_code == 200


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for path in (f"/?token={TOKEN}", "/", "/try", "/static/review.js", "/healthz", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_pages_have_no_inline_script_or_style(client: TestClient) -> None:
    for path in (f"/?token={TOKEN}", "/try"):
        page = client.get(path).text
        assert page.count("<script") == page.count('<script src="/static/')
        assert "<style" not in page
        assert " style=" not in page
        assert " on" not in "".join(part.split(">")[0] for part in page.split("<"))
        assert TOKEN not in page


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "..\\app.py", "app.py", ""]
)
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


# --- the review ---


def test_the_queue_starts_with_what_is_in_most_doubt(client: TestClient) -> None:
    queue = client.get("/api/queue", headers=AUTHORISED).json()
    doubts = [abs(confidence - queue["threshold"]) for _, _, _, confidence, _, _ in queue["items"]]
    assert doubts == sorted(doubts)
    assert [d[0] for d in queue["documents"]] == ["a.txt", "b.txt"]


def test_contexts_hold_their_findings(client: TestClient, folder: Path) -> None:
    items = client.get("/api/queue", headers=AUTHORISED).json()["items"]
    found = client.get("/api/contexts?numbers=" + ",".join(map(str, range(len(items)))), headers=AUTHORISED).json()
    assert [c["number"] for c in found] == list(range(len(items)))
    for context in found:
        text = context["text"].encode("utf-16-le")
        for number, start, end in context["items"]:
            assert text[2 * start : 2 * end].decode("utf-16-le") == items[number][1]
        assert context["number"] in [number for number, _, _ in context["items"]]
        assert context["text"] in HOSTILE or context["text"] in article(0)


def test_decide_undo_and_what_another_window_sees(client: TestClient) -> None:
    answer = send(client, "/api/decide", numbers=[0], replacement="told", since=0)
    assert [0, ["told"]] in answer["changes"]
    seen = client.get("/api/changes?since=0", headers=AUTHORISED).json()
    assert seen == answer
    assert client.get(f"/api/changes?since={seen['version']}", headers=AUTHORISED).json()["changes"] == []
    assert send(client, "/api/undo", window="another")["undone"] == []
    undone = send(client, "/api/undo", since=answer["version"])
    assert (undone["undone"], undone["changes"]) == ([0], [[0, None]])


def test_files_of_the_same_content_are_decided_together(folder: Path, tmp_path: Path) -> None:
    (folder / "copy.txt").write_bytes((folder / "a.txt").read_bytes())
    review = desk(folder, tmp_path / "d.sqlite", tmp_path / "l.tsv")
    client = TestClient(application(PORT, review), BASE)
    changes = send(client, "/api/decide", numbers=[0], replacement=None)["changes"]
    assert len(changes) == 2
    assert {review.queue.items[n].document for n, _ in changes} == {0, 2}


def test_apply_teach_and_export(client: TestClient, folder: Path) -> None:
    items = client.get("/api/queue", headers=AUTHORISED).json()["items"]
    number = next(n for n, item in enumerate(items) if item[1] == "gasoline")
    send(client, "/api/decide", numbers=[number], replacement="petrol")
    outcomes = send(client, "/api/apply", undecided=True)["documents"]
    assert [(o["name"], o["outcome"]) for o in outcomes] == [("a.txt", "written"), ("b.txt", "written")]
    assert "petrol" in (folder / "a.txt").read_text()
    assert "<script>window.hacked = 1</script> White House officials" in (folder / "b.txt").read_text()
    assert send(client, "/api/teach")["added"] == 1
    exported = client.get("/api/export", headers=AUTHORISED).text.splitlines()
    (line,) = map(json.loads, exported)
    assert (line["text"], line["decision"], line["replacement"]) == ("gasoline", "accept", "petrol")


def test_a_lexicon_that_is_none_is_named(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("notes")
    response = client.post("/api/teach", json={}, headers=AUTHORISED)
    assert response.status_code == 409
    assert "l.tsv:1: the header must be" in response.json()["error"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/api/decide", {"window": "w", "numbers": [10**6], "replacement": "x"}),
        ("/api/decide", {"window": "w", "numbers": [-1], "replacement": "x"}),
        ("/api/decide", {"window": "w", "numbers": [True], "replacement": "x"}),
        ("/api/decide", {"window": "w", "numbers": ["0"], "replacement": "x"}),
        ("/api/decide", {"window": "w", "numbers": 0, "replacement": "x"}),
        ("/api/decide", {"window": 3, "numbers": [0], "replacement": "x"}),
        ("/api/decide", {"window": "w", "numbers": [0], "replacement": 3}),
        ("/api/decide", {"window": "w", "numbers": [0], "replacement": "x", "since": "later"}),
        ("/api/undo", {}),
        ("/api/apply", {"undecided": "yes"}),
        ("/api/undo", []),
    ],
)
def test_malformed_requests(client: TestClient, path: str, content: Any) -> None:
    response = client.post(path, json=content, headers=AUTHORISED)
    assert response.status_code == 400
    assert response.json()["error"]


# --- the API ---


def test_clean_is_described_by_openapi(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    assert description["paths"].keys() == {"/v1/clean", "/healthz"}
    schema = {"$ref": "#/components/schemas/Document", "components": description["components"]}
    Draft202012Validator.check_schema(schema)
    for text in ("The officers mentioned it 😀.", HOSTILE, "", "\ud800 officers", "gibberish", "Leave a reply"):
        answer = client.post(
            "/v1/clean", content=json.dumps({"text": text}), headers={"Content-Type": "application/json"}
        )
        Draft202012Validator(schema).validate(answer.json())
        assert answer.json()["restored"] == TableCleaner().clean(text).text
    assert description == {
        **json.loads(files("cleaner.review").joinpath("openapi.json").read_text()),
        "info": description["info"],
    }


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"text": "x"}', "text/plain", 415),
        (b'{"text": "x"}', "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"text": 3}', "application/json", 400),
        (b'{"text": "x", "threshold": 1}', "application/json", 400),
        (b'{"text": "x"}', "application/json; charset=utf-8", 200),
        (b'{"text": "' + b"x" * 1_000_000 + b'"}', "application/json", 413),
    ],
)
def test_bad_requests(client: TestClient, content: bytes, kind: str, status: int) -> None:
    response = client.post("/v1/clean", content=content, headers={"Content-Type": kind})
    assert response.status_code == status
    assert ("error" in response.json()) == (status != 200)


def test_wrong_methods_and_addresses(client: TestClient) -> None:
    assert client.get("/v1/clean").status_code == 405
    assert client.get("/v1/nothing").status_code == 404


class Slow(TableCleaner):
    def clean(self, text: str) -> Result:
        time.sleep(0.4)
        return super().clean(text)


def test_a_text_that_takes_too_long() -> None:
    app = create_app(Slow(), security.hosts(security.LOOPBACK, PORT), TOKEN, Limits(seconds=0.05, waiting=0))
    with TestClient(app, BASE) as client:
        slow = client.post("/v1/clean", json={"text": "x"})
        assert (slow.status_code, slow.json()) == (
            504,
            {"error": "No answer within 0.05 seconds; send a shorter text."},
        )
        busy = client.post("/v1/clean", json={"text": "x"})
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        assert client.get("/healthz").status_code == 200
        time.sleep(0.5)
        assert client.post("/v1/clean", json={"text": "x"}).status_code == 504


def test_without_files_there_is_the_api_and_the_try_it_page() -> None:
    client = TestClient(application(PORT, None), BASE, follow_redirects=False)
    assert client.get(f"/?token={TOKEN}").headers["location"] == "/try"
    assert client.get("/api/queue", headers=AUTHORISED).status_code == 404
    assert client.post("/v1/clean", json={"text": "officers"}).json()["restored"] == "officials"


def test_answers_are_ascii() -> None:
    assert api.reply({"text": "é\ud800"}).body == b'{"text": "\\u00e9\\ud800"}'
