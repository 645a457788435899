"""Evidence that two records are two people outweighs a household's worth of agreement."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import custid
from custid import Channel
from custid.model.spec import Model
from custid.testing.customers import households

# Two valid resident ids of one birthday and district.
FIRST, SECOND = "110101199003070919", "110101199003071153"


def _check_digit(body: str) -> str:
    return "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(body)) % 11]


def _resident_id(rng: np.random.Generator) -> str:
    body = f"110101{rng.integers(1950, 2005)}{rng.integers(1, 13):02}{rng.integers(1, 29):02}{rng.integers(1, 999):03}"
    return body + _check_digit(body)


@pytest.fixture(scope="module")
def model() -> Model:
    """Trained on made-up people who have resident ids."""
    made = households(6000, seed=9)
    rng = np.random.default_rng(9)
    frame = made.records.to_pandas()[["record_id", "given_name", "surname", "birth_date", "email", "phone"]]
    people = made.truth.to_pandas().set_index("record_id")["true_id"].reindex(frame["record_id"])
    ids = {person: _resident_id(rng) for person in people.unique()}
    frame["national_id"] = [ids[person] if rng.random() < 0.7 else None for person in people]
    return custid.resolve(Channel("made", frame, record_id="record_id")).model


def _together(model: Model, first: str, second: str) -> bool:
    same = {"given_name": "Lei", "surname": "Zhou", "birth_date": "1990-03-07", "phone": "13912345670"}
    frame = pd.DataFrame([{"id": "1", "national_id": first, **same}, {"id": "2", "national_id": second, **same}])
    run = custid.resolve(Channel("crm", frame, record_id="id"), model=model)
    return bool(run.summary["customers"] == 1)


def test_two_valid_resident_ids_are_two_people(model: Model) -> None:
    assert _check_digit(FIRST[:17]) == FIRST[17]
    assert _check_digit(SECOND[:17]) == SECOND[17]
    assert not _together(model, FIRST, SECOND)


def test_one_mistyped_resident_id_does_not_part_a_person(model: Model) -> None:
    mistyped = FIRST[:10] + ("0" if FIRST[10] != "0" else "1") + FIRST[11:]
    assert _together(model, FIRST, mistyped)
