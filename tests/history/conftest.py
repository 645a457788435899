"""A PostgreSQL server, started when a test needs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from custid.testing.postgres import PostgresServer, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        with server() as running:
            yield running
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
