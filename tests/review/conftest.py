"""A registry of a few hundred made-up records, and two whose values would be markup if anybody let them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import custid
from custid import Channel
from custid.registries.base import Registry
from custid.testing.customers import households

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def channels() -> list[Channel]:
    people = households(360, seed=11).records
    names = pc.unique(people["channel"]).to_pylist()
    found = [
        Channel(name, people.filter(pc.equal(people["channel"], name)).drop_columns(["channel"]), record_id="record_id")
        for name in names
    ]
    # The same household, so that they wait for review; one name is markup, one cell is huge.
    odd = pa.table(
        {
            "record_id": ["<b>1</b>", "=2+3"],
            "given_name": ["Otto", "Xaver"],
            "surname": ["Zwirnberger", "Zwirnberger"],
            "phone": ["+49 4421 555123", "+49 4421 555123"],
            "address": ["Lindenweg 77, 26382 Wilhelmshaven", "Lindenweg 77, 26382 Wilhelmshaven"],
            "notes": [MARKUP, "x" * 900_000],
        }
    )
    return [*found, Channel("odd", odd, record_id="record_id")]


@pytest.fixture(scope="session")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("review") / "customers.db"
    # Whatever a model learns of these, the odd two wait: asked about far below the threshold.
    model = replace(custid.train(channels()), review_threshold=-15.0)
    custid.resolve(channels(), registry=path, model=model, actor="nightly")
    return path


@pytest.fixture
def registry(resolved: Path, tmp_path: Path) -> Registry:
    """A copy of it, to decide in."""
    return custid.connect(shutil.copy(resolved, tmp_path / "customers.db"))
