"""Who may ask the review page's server, and what it answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import custid
from custid.errors import UsageError
from custid.registries.base import Registry
from custid.review import Serving, serve

Answer = tuple[int, dict[str, str], bytes]


class Caller:
    """A client that says what it is told to, headers and all; by itself what the page would say."""

    def __init__(self, serving: Serving) -> None:
        self.port = serving.port
        self.token = serving.url.partition("token=")[2]
        self.host = f"127.0.0.1:{self.port}"
        _, headers, _ = self.raw("GET", f"/?token={self.token}", {"Host": self.host})
        self.set_cookie = headers["Set-Cookie"]
        self.headers = {
            "Host": self.host,
            "Cookie": self.set_cookie.partition(";")[0],
            "X-Custid-Token": self.token,
            "Origin": f"http://{self.host}",
            "Content-Type": "application/json",
        }

    def raw(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data

    def get(self, path: str, **changed: str | None) -> tuple[int, Any]:
        status, _, data = self.raw("GET", path, self._headers(changed))
        return status, json.loads(data) if path.startswith("/api/") else data

    def post(self, path: str, body: Any, **changed: str | None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.raw("POST", path, self._headers(changed), data)
        return status, json.loads(answer)

    def _headers(self, changed: dict[str, str | None]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        return {name: value for name, value in {**self.headers, **named}.items() if value is not None}


@pytest.fixture
def caller(registry: Registry) -> Iterator[Caller]:
    with serve(registry, actor="ann") as serving:
        yield Caller(serving)


def test_the_page_comes_only_with_the_token_and_data_only_with_both_secrets(caller: Caller) -> None:
    bare = {"Cookie": None, "X_Custid_Token": None}
    assert caller.get("/", **bare)[0] == 403
    assert caller.get("/?token=" + "x" * 32, **bare)[0] == 403
    assert caller.get("/?token=", **bare)[0] == 403
    assert caller.get("/app.js", **bare)[0] == 403
    assert caller.get("/api/state")[0] == 200
    assert caller.get("/api/state", X_Custid_Token=None)[0] == 403
    assert caller.get("/api/state", X_Custid_Token="é")[0] == 403
    assert caller.get("/api/state", Cookie=None)[0] == 403
    assert caller.get("/api/state", Cookie=f"custid_review_{caller.port}=wrong")[0] == 403
    # The cookie goes to every server of the machine: it must not be the token.
    assert caller.token not in caller.set_cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in caller.set_cookie.split(";")}


def test_another_name_of_the_server_is_refused(caller: Caller) -> None:
    port = caller.port
    for host in ("evil.test", f"evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "", f"127.0.0.1.evil.test:{port}", None):
        assert caller.get("/api/state", Host=host, Origin=None)[0] == 421, host
        assert caller.get(f"/?token={caller.token}", Host=host, Origin=None)[0] == 421, host
    named = f"localhost:{port}"
    assert caller.get("/api/state", Host=named, Origin=f"http://{named}")[0] == 200


def test_other_pages_cannot_make_anybody_decide(caller: Caller, registry: Registry) -> None:
    one = registry.review().questions.to_pylist()[0]
    said: dict[str, object] = {
        side: [one[f"{side}_channel"], one[f"{side}_record_id"]] for side in ("left", "right")
    } | {"verdict": "same"}
    for changed in (
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{caller.port + 1}"},
        {"Origin": None},
        {"X_Custid_Token": None},
        {"Cookie": None},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},  # another port of this machine
    ):
        assert caller.post("/api/decide", said, **changed)[0] == 403, changed
    assert caller.post("/api/decide", said, Content_Type="text/plain")[0] == 415
    assert len(registry.decisions()) == 0
    assert caller.post("/api/decide", said)[0] == 200
    assert registry.decisions()["actor"].to_pylist() == ["ann"]


def test_nothing_is_stored_framed_or_loaded_from_elsewhere(caller: Caller) -> None:
    for path in ("/", "/app.js", "/app.css", "/icon.svg", "/api/state", "/nothing"):
        _, headers, _ = caller.raw("GET", path, caller.headers)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Python" not in headers["Server"]


def test_the_page_itself_names_no_other_host_and_has_no_inline_code(caller: Caller) -> None:
    page = caller.get("/")[1].decode()
    assert "<script>" not in page
    assert "style=" not in page
    for path in ("/", "/app.js", "/app.css"):
        text = caller.get(path)[1].decode()
        assert "https://" not in text
        assert "innerHTML" not in text
        assert text.replace("http://www.w3.org/2000/svg", "").count("http://") == 0


def test_calls_that_make_no_sense_are_refused(caller: Caller) -> None:
    assert caller.get("/api/nothing")[0] == 404
    assert caller.get("/../queue.py")[0] == 404
    assert caller.get("/api/question?left=1&right=x")[0] == 400
    assert caller.post("/api/decide", b"{")[0] == 400
    assert caller.post("/api/decide", b"[]")[0] == 400
    assert caller.post("/api/decide", {"left": "crm:1", "right": ["crm", "2"], "verdict": "same"})[0] == 400
    assert caller.post("/api/decide", b"{}", Content_Length="99999999")[0] == 413
    assert caller.post("/api/decide", b"{}", Content_Length="x")[0] == 413
    assert caller.post("/api/nothing", {})[0] == 404
    assert caller.raw("DELETE", "/api/state", caller.headers)[0] == 501
    status, said = caller.get("/api/customer?id=nobody")
    assert status == 409
    assert "error" in said


def test_a_contradiction_is_told_as_it_is(caller: Caller, registry: Registry) -> None:
    one = registry.review().questions.to_pylist()[0]
    left, right = ([one[f"{side}_channel"], one[f"{side}_record_id"]] for side in ("left", "right"))
    registry.decide(tuple(left), tuple(right), "different", actor="kim", reason="twins")
    status, said = caller.post("/api/decide", {"left": left, "right": right, "verdict": "same"})
    assert status == 409
    assert said["kind"] == "DecisionConflict"
    assert "decision 1 by kim" in said["error"]


def test_it_listens_to_this_machine_only_and_shows_its_token_to_nobody_else(registry: Registry) -> None:
    with serve(registry, actor="ann") as serving:
        assert serving.url.startswith("http://127.0.0.1:")
        token = serving.url.partition("token=")[2]
        assert token not in repr(serving)
        with pytest.raises(UsageError, match="cannot be used"):
            serve(registry, actor="ann", port=serving.port)


def test_there_must_be_a_run_and_a_name(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name of who"):
        serve(registry, actor=" ")
    with pytest.raises(custid.RegistryError, match="there is no registry"):
        serve(custid.connect(tmp_path / "none.db"), actor="ann")
