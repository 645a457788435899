"""Models learned apart from a run, and the files they are kept in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

import custid
from custid import Channel, Model, resolve, train
from custid.errors import InputError
from custid.model.files import from_toml, rounded, to_json, to_toml
from custid.model.notes import notes_of
from custid.model.spec import Comparison, Level
from custid.reports.summary import as_text
from custid.testing.customers import households
from custid.train import data_sha256

MADE = households(900, seed=4)


def channel(table: pa.Table = MADE.records) -> Channel:
    return Channel("made", table.drop_columns(["channel"]), record_id="record_id")


@pytest.fixture(scope="module")
def learned() -> Model:
    return train(channel(), trained_on=date(2026, 3, 1))


def test_the_same_records_in_any_order_give_the_same_model(learned: Model) -> None:
    backwards = MADE.records.take(list(range(len(MADE.records) - 1, -1, -1)))
    assert to_json(train(channel(backwards), trained_on=date(2026, 3, 1))) == to_json(learned)


def test_a_model_knows_what_it_was_trained_on(learned: Model) -> None:
    facts = learned.facts
    assert facts["trained_on"] == "2026-03-01"
    assert facts["records"] == 900
    assert facts["channels"] == ["made"]
    assert facts["converged"] is True
    assert re.fullmatch(r"[0-9a-f]{64}", facts["data_sha256"])
    assert "trained_on" not in train(channel()).facts


def test_one_value_changed_changes_the_fingerprint() -> None:
    values = pa.table({"record_key": [1, 2], "city": ["bonn", "ulm"], "fax": ["1", None]})
    assert data_sha256(values) != data_sha256(values.set_column(2, "fax", [[None, "1"]]))
    assert data_sha256(values) == data_sha256(values.append_column("email", pa.nulls(2, pa.string())))
    assert data_sha256(values.select(["record_key"])) == data_sha256(values.slice(0, 0))


def test_a_learned_model_matches_as_the_one_a_run_learns(learned: Model) -> None:
    assert resolve(channel(), model=learned).summary["customers"] == resolve(channel()).summary["customers"]


def test_truth_fixes_what_would_else_be_inferred() -> None:
    """Where every second record is labelled at random, matches look like strangers, and the model must say so."""
    nonsense = pa.table(
        {"record_id": MADE.truth["record_id"], "true_id": [str(i // 2) for i in range(len(MADE.truth))]}
    )
    taught, by_itself = train(channel(), truth=nonsense), train(channel(), truth=MADE.truth)
    email = {name: model.comparisons[0].levels[0].m for name, model in (("wrong", taught), ("right", by_itself))}
    assert taught.comparisons[0].name == "email"
    assert email["wrong"] < 0.2 < 0.6 < email["right"]
    assert by_itself.facts["true_ids"] == len(MADE.truth)


def test_truth_counts_the_matches_there_are() -> None:
    taught = train(channel(), truth=MADE.truth)
    sizes = MADE.truth.group_by("true_id").aggregate([("record_id", "count")])["record_id_count"].to_numpy()
    assert taught.matches_per_record == pytest.approx((sizes * (sizes - 1)).sum() / sizes.sum(), rel=0.1)


def test_a_few_labels_change_little(learned: Model) -> None:
    taught = train(channel(), truth=MADE.truth.slice(0, 40))
    for before, after in zip(learned.comparisons, taught.comparisons, strict=True):
        assert [level.m for level in after.levels] == pytest.approx([level.m for level in before.levels], abs=0.05)


def test_stewards_decisions_are_labels(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    resolve(channel(), registry=registry)
    ids = MADE.records["record_id"].to_pylist()
    registry.decide(("made", ids[0]), ("made", ids[1]), "different", actor="mei", reason="asked")
    facts = train(channel(), registry=registry).facts
    assert facts["decisions"] == 1
    assert facts["pairs_seen"] == train(channel()).facts["pairs_seen"] + 1
    assert len(registry.runs()) == 1


def test_a_given_model_keeps_its_comparisons_and_rules(learned: Model) -> None:
    given = replace(learned, comparisons=learned.comparisons[:3], blocking=learned.blocking[:4], match_threshold=2.0)
    again = train(channel(), model=given)
    assert [found.name for found in again.comparisons] == [found.name for found in given.comparisons]
    assert again.blocking == given.blocking
    assert again.match_threshold == 2.0
    assert again.comparisons[0].levels[0].m != given.comparisons[0].levels[0].m


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(InputError, match="no records to learn from"):
        train(channel(MADE.records.slice(0, 0)))


# --- files --------------------------------------------------------------------------------------------------


def test_a_model_survives_its_file_unchanged(learned: Model) -> None:
    text = to_toml(learned)
    assert from_toml(text) == learned
    assert to_toml(from_toml(text)) == text


def test_rounding_twice_is_rounding_once() -> None:
    model = resolve(channel()).model
    assert rounded(model) != model
    assert rounded(rounded(model)) == rounded(model) == from_toml(to_toml(model))


def test_a_model_file_is_short_numbers_in_the_order_that_counts(learned: Model) -> None:
    text = to_toml(learned)
    assert not re.search(r"\d\.\d{12}", text)
    assert text.index("match_threshold") < text.index("blocking = [") < text.index("[[comparisons]]")
    labels = [level.label for comparison in learned.comparisons for level in comparison.levels]
    assert re.findall(r'^label = "(.*)"$', text, re.MULTILINE) == labels
    assert "# What is compared, in this order." in text


# --- notes --------------------------------------------------------------------------------------------------


def _comparison(name: str, m: float, u: float) -> Comparison:
    return Comparison(name, (name,), (Level("equal", (), m, u, u), Level("different", (), 1 - m, 1 - u, 1 - u)))


def test_what_training_could_not_find_out_is_said() -> None:
    model = Model(
        (_comparison("email", 0.9, 0.01), _comparison("sex", 0.5, 0.5), _comparison("fax", 0.5, 0.5)),
        (),
        facts={"converged": False, "rounds": 200, "not_learned": ["fax"]},
    )
    notes = notes_of(model)
    assert notes[0].startswith("training had not settled after 200 rounds")
    assert "agree on fax could not be learned" in notes[1]
    assert notes[2] == "sex hardly tells matches from strangers in these records."
    assert notes_of(replace(model, comparisons=model.comparisons[:1], facts={"converged": True})) == []


def test_a_comparison_that_no_rule_lets_speak_is_named_in_the_runs_summary() -> None:
    mails = pa.table({"id": [str(i) for i in range(40)], "email": [f"p{i // 2}@x.example" for i in range(40)]})
    run = resolve(Channel("list", mails, record_id="id"))
    for note in run.summary["notes"]:
        assert note in as_text(run.summary)
    assert run.summary["notes"] == notes_of(run.model)
