"""The review page's server: HTTP on this machine only, for one steward.

In: a registry. Out: a page, JSON for it, decisions in the registry. Never here: what the answers mean (`queue`,
`effect`); HTML made of values: the page puts every value in as text.

Who may ask. The server listens on the loopback address alone. The address it prints carries a token; the page keeps it
and names it with every call, and whoever opens that address gets a cookie as well, which any call must carry (HttpOnly,
SameSite=Strict). A machine's servers share their cookies, whatever their port, so the cookie alone opens nothing.
A request whose Host is not this server's own name and port is refused, so that no web site can reach it under a name of
its own (DNS rebinding); so is one from another Origin. Answers are never stored by the browser, and the page may load
nothing from elsewhere.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from custid.errors import CustidError, UsageError
from custid.registries.base import Registry
from custid.review import effect
from custid.review.queue import Desk, Record

LOOPBACK = "127.0.0.1"
#: No call of the page is longer.
BODY_BYTES_MAX = 1_000_000
#: Seconds a connection may stay silent.
SILENCE_S = 60

_ASSETS = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.css": ("app.css", "text/css; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_log = logging.getLogger("custid.review")


def serve(
    registry: Registry, *, actor: str, port: int = 0, retrain_after: int = 25, pinned_by: str | None = None
) -> Serving:
    """Serve the review page of a registry from now on, in threads of its own; see `Serving.url`.

    `port` 0: a free one. `retrain_after`: so many decisions after the model was last learned, the page offers to learn
    again. `pinned_by`: what pins the model (a configuration's name): then it is never learned here.
    Raises UsageError when the port is taken, when there is no run yet, or for a name of nobody.
    """
    if not actor.strip():
        raise UsageError("a decision needs the name of who makes it: actor='ann'.")
    if registry.model() is None:
        raise UsageError(f"{registry.location} has no run yet, so there is nothing to review. custid run makes one.")
    desk = Desk(registry, actor, retrain_after=0 if pinned_by else retrain_after)
    try:
        server = _Server((LOOPBACK, port), _Handler)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"port {port} of this machine cannot be used ({getattr(error, 'strerror', None) or error}). "
            "Name another with --port, or leave it out."
        ) from error
    server.office = _Office(desk, pinned_by)
    return Serving(server)


class Serving:
    """A server at work; ends with `close`, or as a `with` block does."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<custid review on port {self.port}>"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address to open, with the token: it lets in whoever has it."""
        return f"http://{LOOPBACK}:{self.port}/?token={self._server.office.token}"

    @property
    def decided(self) -> int:
        """How many decisions were made here."""
        return self._server.office.desk.decided

    def wait(self) -> None:
        """Block until it is closed."""
        self._thread.join()

    def close(self) -> None:
        """Answer nobody any more. A run that is being written is left to land."""
        self._server.shutdown()
        self._server.server_close()
        self._server.office.finish()
        self._thread.join()


@dataclass
class _Job:
    """Work that takes longer than a page waits: at most one at a time."""

    what: str
    stage: str = ""
    done: int = 0
    total: int = 0
    over: bool = False
    error: str | None = None
    result: dict[str, Any] | None = None

    def progress(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("what", "stage", "done", "total", "over", "error", "result")}


@dataclass
class _Office:
    """The desk, its secrets, and the work going on."""

    desk: Desk
    pinned_by: str | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    job: _Job | None = None
    effect: effect.Effect | None = field(default=None, repr=False)
    thread: threading.Thread | None = field(default=None, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def state(self) -> dict[str, Any]:
        """What the page says of itself."""
        return {**self.desk.state(), "pinned_by": self.pinned_by, "job": self.job.told() if self.job else None}

    def look(self, retrain: bool) -> dict[str, Any]:
        """Begin to work out what decisions change."""
        if retrain and self.pinned_by:
            raise UsageError(f"{self.pinned_by} pins the model, so it is not learned here; custid train makes another.")

        def work(job: _Job) -> dict[str, Any]:
            self.effect = None
            self.effect = effect.look(self.desk.registry, retrain=retrain, progress=job.progress)
            return self.effect.told()

        return self._begin("look", work)

    def apply(self) -> dict[str, Any]:
        """Begin to commit what was shown last."""
        if self.effect is None:
            raise UsageError("first look at what would change.")
        shown = self.effect

        def work(job: _Job) -> dict[str, Any]:
            run = effect.apply(self.desk.registry, shown, actor=self.desk.actor, progress=job.progress)
            self.effect = None
            self.desk.look_again()
            return {"run_id": run.run_id, "customers": run.summary["customers"], "to_review": run.summary["to_review"]}

        return self._begin("apply", work)

    def finish(self) -> None:
        """Wait for work that may be writing."""
        if self.thread is not None and self.job is not None and self.job.what == "apply":
            self.thread.join()

    def _begin(self, what: str, work: Callable[[_Job], dict[str, Any]]) -> dict[str, Any]:
        with self.lock:
            if self.job is not None and not self.job.over:
                raise UsageError("something is being worked out already; wait for it to end.")
            job = self.job = _Job(what)

        def run() -> None:
            try:
                job.result = work(job)
            except CustidError as error:
                job.error = str(error)
            except Exception as error:
                _log.exception("review: %s failed", what)
                job.error = f"this is a fault in custid: {type(error).__name__}: {error}"
            finally:
                job.over = True

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        return job.told()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    office: _Office

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no news."""
        _log.debug("review: a connection broke", exc_info=True)


class _Refused(Exception):
    """A request that is not answered: status, and what to say."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "custid"
    sys_version = ""
    timeout = SILENCE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses carry the token, and searches carry names."""

    # --- who may ask ---

    def _check_place(self) -> None:
        """Refuse what was not sent to this server by its own page, or typed by hand."""
        port = self.server.server_address[1]
        hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}
        host = self.headers.get_all("Host") or []
        if len(host) != 1 or host[0].lower() not in hosts:
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "this server answers under its own address only.")
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{host[0].lower()}":
            raise _Refused(HTTPStatus.FORBIDDEN, "requests from other pages are refused.")

    def _check_cookie(self) -> None:
        jar: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            jar.load(self.headers.get("Cookie", ""))
        held = jar.get(self._cookie_name)
        if held is None or not _equal(held.value, self.server.office.cookie):
            raise _Refused(HTTPStatus.FORBIDDEN, "open the address that custid review printed.")

    def _check_token(self) -> None:
        if not _equal(self.headers.get("X-Custid-Token", ""), self.server.office.token):
            raise _Refused(HTTPStatus.FORBIDDEN, "open the address that custid review printed.")
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise _Refused(HTTPStatus.FORBIDDEN, "requests from other pages are refused.")

    @property
    def _cookie_name(self) -> str:
        return f"custid_review_{self.server.server_address[1]}"

    # --- answering ---

    def _answer(self, work: Callable[[], None]) -> None:
        try:
            self._check_place()
            work()
        except _Refused as refused:
            self.close_connection = True
            self._send_json({"error": str(refused)}, refused.status)
        except CustidError as error:
            self._send_json({"error": str(error), "kind": type(error).__name__}, HTTPStatus.CONFLICT)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:
            _log.exception("review: a request failed")
            self._send_json(
                {"error": f"this is a fault in custid: {type(error).__name__}: {error}"},
                HTTPStatus.INTERNAL_SERVER_ERROR,
            )

    def _get(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        if address.path == "/" and "token" in asked:
            if not _equal(asked["token"], self.server.office.token):
                raise _Refused(HTTPStatus.FORBIDDEN, "this token is not, or no longer, the right one.")
            # The page itself, not a redirect: a strict cookie would not survive one that began on another site.
            cookie = f"{self._cookie_name}={self.server.office.cookie}; Path=/; HttpOnly; SameSite=Strict"
            self._send_asset("/", {"Set-Cookie": cookie})
            return
        self._check_cookie()
        if address.path in _ASSETS:
            self._send_asset(address.path, {})
            return
        if address.path not in _GETS:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here.")
        self._check_token()
        self._send_json(_GETS[address.path](self.server.office, asked))

    def _post(self) -> None:
        if self.headers.get("Origin") is None:
            raise _Refused(HTTPStatus.FORBIDDEN, "requests from other pages are refused.")
        self._check_cookie()
        self._check_token()
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "calls are JSON.")
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", length) or int(length) > BODY_BYTES_MAX:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this call is too long.")
        body = self.rfile.read(int(length))
        work = _POSTS.get(urlsplit(self.path).path)
        if work is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here.")
        try:
            said = json.loads(body)
            if not isinstance(said, dict):
                raise ValueError
        except ValueError:
            raise _Refused(HTTPStatus.BAD_REQUEST, "this call is not understood.") from None
        self._send_json(work(self.server.office, _Said(said)))

    def _send_json(self, data: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        text = json.dumps(data, ensure_ascii=False, default=str, allow_nan=False)
        # A text from a damaged source may hold half a character.
        self._send(text.encode("utf-8", "replace"), "application/json; charset=utf-8", status, {})

    def _send_asset(self, path: str, headers: dict[str, str]) -> None:
        name, kind = _ASSETS[path]
        self._send((files("custid.review") / "page" / name).read_bytes(), kind, HTTPStatus.OK, headers)

    def _send(self, body: bytes, kind: str, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            **_HEADERS,
            **headers,
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **({"Connection": "close"} if self.close_connection else {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


class _Said:
    """The body of a call, each part of the kind it must be."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    def text(self, name: str, characters_max: int = 500) -> str:
        value = self._said.get(name)
        if not isinstance(value, str) or len(value) > characters_max:
            raise _not_understood(name)
        return value

    def number(self, name: str) -> int:
        value = self._said.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _not_understood(name)
        return value

    def flag(self, name: str) -> bool:
        value = self._said.get(name)
        if not isinstance(value, bool):
            raise _not_understood(name)
        return value

    def reason(self) -> str | None:
        return self.text("reason").strip() or None if self._said.get("reason") is not None else None

    def record(self, name: str) -> Record:
        return _record(name, self._said.get(name))

    def texts(self, name: str) -> list[str]:
        found = _list(name, self._said.get(name))
        if not all(isinstance(one, str) for one in found):
            raise _not_understood(name)
        return found

    def parts(self, name: str) -> list[list[Record]]:
        return [[_record(name, one) for one in _list(name, part)] for part in _list(name, self._said.get(name))]


def _not_understood(name: str) -> _Refused:
    return _Refused(HTTPStatus.BAD_REQUEST, f"{name} is not understood.")


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _not_understood(name)
    return value


def _record(name: str, value: Any) -> Record:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(part, str) for part in value):
        raise _not_understood(name)
    return value[0], value[1]


def _key(asked: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"\d{1,18}", asked.get(name, "")):
        raise _not_understood(name)
    return int(asked[name])


def _take_back(office: _Office, said: _Said) -> dict[str, Any]:
    office.desk.take_back(said.number("number"), act=said.flag("act"))
    return office.state()


def _skip(office: _Office, said: _Said) -> dict[str, Any]:
    office.desk.skip(said.number("left_key"), said.number("right_key"))
    return office.state()


_GETS: dict[str, Callable[[_Office, dict[str, str]], Any]] = {
    "/api/state": lambda office, asked: office.state(),
    "/api/queue": lambda office, asked: {"questions": office.desk.questions(), **office.state()},
    "/api/question": lambda office, asked: office.desk.question(_key(asked, "left"), _key(asked, "right")),
    "/api/customer": lambda office, asked: office.desk.customer(asked.get("id", "")),
    "/api/search": lambda office, asked: {"found": office.desk.search(asked.get("text", "")[:200])},
    "/api/decisions": lambda office, asked: office.desk.decisions(everything=asked.get("all") == "1"),
    "/api/job": lambda office, asked: office.job.told() if office.job else {},
}
_POSTS: dict[str, Callable[[_Office, _Said], Any]] = {
    "/api/decide": lambda office, said: {
        **office.desk.decide(said.record("left"), said.record("right"), said.text("verdict"), said.reason()),
        **office.state(),
    },
    "/api/skip": _skip,
    "/api/undo": lambda office, said: {"undone": office.desk.undo(), **office.state()},
    "/api/take-back": _take_back,
    "/api/merge": lambda office, said: {**office.desk.merge(said.texts("customers"), said.reason()), **office.state()},
    "/api/split": lambda office, said: {
        **office.desk.split(said.text("customer_id"), said.parts("parts"), said.reason()),
        **office.state(),
    },
    "/api/look": lambda office, said: office.look(said.flag("retrain")),
    "/api/apply": lambda office, said: office.apply(),
}
