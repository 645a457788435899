"""A PostgreSQL server for the tests of a worker, started when the first of them needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from custid.testing.postgres import PostgresServer, server


@pytest.fixture(scope="session")
def running_postgres() -> Iterator[PostgresServer]:
    try:
        with server() as running:
            yield running
    except FileNotFoundError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture
def postgres(running_postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server whose `fresh()` gives empty databases, for one test."""
    yield running_postgres
    running_postgres.clear()
