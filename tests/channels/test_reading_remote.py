"""Files behind URLs: the web, buckets, whatever fsspec knows."""

from __future__ import annotations

import gzip
import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custid.channels import Channel, read
from custid.errors import InputError, MissingExtra, UsageError

PEOPLE = b"id,name\n1,Ann Bell\n2,Bo Carr\n"


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2, 3], "mail": ["a@b.de", None, "c@d.de"]}), sink)
    return sink.getvalue()


class Server(BaseHTTPRequestHandler):
    """The web, and as much of S3 as reading takes: HEAD, GET with a range, and the listing of a bucket."""

    protocol_version = "HTTP/1.1"
    files: ClassVar[dict[str, bytes]] = {}
    cut: ClassVar[set[str]] = set()
    logins: ClassVar[list[str | None]] = []

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        type(self).logins.append(self.headers.get("Authorization"))
        if "list-type" in (query := parse_qs(urlsplit(self.path).query)):
            self._list(query)
        else:
            self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        data = self.files.get(path)
        if data is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start, end = 0, len(data)
        if wanted := self.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            start, end = int(first), min(int(last) + 1, len(data))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        if body:
            self.wfile.write(data[start:end] if path not in self.cut else data[: len(data) // 2])
        if path in self.cut:
            self.close_connection = True

    def _list(self, query: dict[str, list[str]]) -> None:
        bucket = urlsplit(self.path).path.rstrip("/") + "/"
        prefix = query.get("prefix", [""])[0]
        keys = [path.removeprefix(bucket) for path in sorted(self.files) if path.startswith(bucket + prefix)]
        entries = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.files[bucket + key])}</Size>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        data = (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{entries}</ListBucketResult>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    Server.files = {
        "/crm.csv": PEOPLE,
        "/crm.csv.gz": gzip.compress(PEOPLE),
        "/chinese.csv": "id,姓名\n1,张伟\n".encode("gb18030") + "2,欧阳娜娜\n".encode("gb18030") * 3,
        "/crm.parquet": parquet(),
        "/cut.csv": PEOPLE * 1000,
        "/bucket/day=1/a.csv": PEOPLE,
        "/bucket/day=2/b.csv.gz": gzip.compress(PEOPLE.replace(b"1,", b"3,").replace(b"2,", b"4,")),
        "/bucket/c.parquet": parquet(),
    }
    Server.cut = {"/cut.csv"}
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


# --- the web ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crm.csv", "crm.csv.gz", "chinese.csv", "crm.parquet", "crm.csv?day=2024.01"])
def test_a_file_is_read_from_the_web(web: str, name: str) -> None:
    reading = read(Channel("c", f"http://{web}/{name}"))
    assert reading.records["record_id"].to_pylist()[:2] == ["1", "2"]


def test_a_connection_that_breaks_off_is_no_end_of_a_file(web: str) -> None:
    with pytest.raises(InputError, match=r"it ended after [\d,]+ of 29,000 bytes"):
        read(Channel("c", f"http://{web}/cut.csv"))


def test_what_a_web_server_refuses_is_said_without_secrets(web: str) -> None:
    with pytest.raises(InputError, match=r"the server answers 404") as error:
        read(Channel("c", f"http://ann:geheim@{web}/nope.csv?signature=alsogeheim"))
    assert "geheim" not in str(error.value)
    with pytest.raises(InputError, match=r"cannot be read: .*refused"):
        read(Channel("c", "http://127.0.0.1:1/a.csv"))


def test_a_name_and_password_log_in_and_rejects_do_not_show_them(web: str) -> None:
    Server.logins.clear()
    reading = read(Channel("c", f"http://ann:geheim@{web}/crm.csv?x=alsogeheim", record_id="name", columns={"id": "n"}))
    assert set(Server.logins) == {"Basic YW5uOmdlaGVpbQ=="}
    assert reading.source == f"http://***@{web}/crm.csv"
    assert read(Channel("c", f"http://{web}/chinese.csv")).rejects["source"][0].as_py() == f"http://{web}/chinese.csv"


# --- buckets ------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(web: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return f"?scheme=http&endpoint_override={web}&region=eu-central-1&allow_bucket_creation=false"


def test_files_and_folders_are_read_from_a_bucket(bucket: str) -> None:
    reading = read(Channel("c", f"s3://KEY:geheim@bucket/c.parquet{bucket}"))
    assert reading.records["email"].to_pylist() == ["a@b.de", None, "c@d.de"]
    reading = read(Channel("c", f"s3://KEY:geheim@bucket/day=1/a.csv{bucket}"))
    assert reading.source == "s3://***@bucket/day=1/a.csv"
    assert len(reading.records) == 2
    reading = read(Channel("c", f"s3://KEY:geheim@bucket/day=*/*{bucket}"))
    assert sorted(reading.records["record_id"].to_pylist()) == ["1", "2", "3", "4"]
    assert set(reading.records["day"].to_pylist()) == {"1", "2"}


def test_what_is_not_in_a_bucket_is_said(bucket: str) -> None:
    with pytest.raises(InputError, match="there is nothing at s3://") as error:
        read(Channel("c", f"s3://KEY:geheim@bucket/nope.csv{bucket}"))
    assert "geheim" not in str(error.value)


# --- whatever fsspec knows ----------------------------------------------------------------------------------


def test_other_schemes_are_read_through_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/exports/a.csv", PEOPLE)
    memory.pipe("/exports/b.parquet", parquet())
    assert len(read(Channel("c", "memory://exports/a.csv")).records) == 2
    assert len(read(Channel("c", "memory://exports/*.parquet")).records) == 3
    assert len(read(Channel("c", "memory://exports")).rejects) == 2
    with pytest.raises(InputError, match=r"nothing at memory://exports/nope\.csv"):
        read(Channel("c", "memory://exports/nope.csv"))


def test_an_unknown_scheme_is_refused_and_a_missing_extra_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="nope:// cannot be read"):
        read(Channel("c", "nope://x/a.csv"))
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtra, match=r"pip install 'custid\[fsspec\]'"):
        read(Channel("c", "sftp://x/a.csv"))


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_bytes(PEOPLE)
    assert len(read(Channel("c", f"file://{tmp_path}/a%20b.csv")).records) == 2
