"""A run's summary as text."""

from __future__ import annotations

from typing import Any

from custid.reports.summary import as_text, card
from custid.reports.text import width

KINDS = ["created", "linked", "moved", "unlinked", "merged", "split", "restored", "retired", "erased"]


def summary(**changes: Any) -> dict[str, Any]:
    counts = {"source": "crm.csv", "kind": "upsert", "notes": []}
    counts |= {"read": 1200, "rejected": 3, "new": 1197, "changed": 0, "unchanged": 0, "stale": 0, "gone": 0}
    return {
        "custid": "0.1.0",
        "run_id": 7,
        "previous": 6,
        "dry_run": False,
        "actor": "nightly",
        "started_at": "2026-03-01T09:30:00+00:00",
        "channels": {"crm": counts},
        "records": 1197,
        "customers": 1000,
        "events": {**dict.fromkeys(KINDS, 0), "created": 1000, "linked": 1197},
        "to_review": 12,
        "model": {"model_id": "09f2c3a1ec4a", "match_threshold": 0.0, "review_threshold": -5.0},
        "stages_s": {"read": 0.1, "match": 2.0},
        "elapsed_s": 2.3,
        **changes,
    }


def test_the_card_says_what_was_read_and_what_became_of_it() -> None:
    assert card(summary()).splitlines() == [
        "custid run 7, 2026-03-01 09:30 UTC, by nightly",
        "  read        1,200 rows, 3 rejected",
        "  records     1,197: 1,197 new, 0 changed",
        "  customers   1,000: 1,000 created, 0 merged, 0 split",
        "  to review   12 pairs",
    ]


def test_only_what_happened_is_told() -> None:
    text = as_text(summary())
    assert "customers  1,000: 1,000 created\n" in text
    assert "changes    1,197: 1,197 linked\n" in text
    assert "merged" not in text


def test_a_run_that_changed_nothing_says_so() -> None:
    text = as_text(summary(events=dict.fromkeys(KINDS, 0)))
    assert "customers  1,000\n" in text
    assert "changes    0\n" in text


def test_several_channels_are_summed() -> None:
    crm = summary()["channels"]["crm"]
    text = as_text(summary(channels={"crm": crm, "shop": crm}))
    assert [line.split()[:3] for line in text.splitlines() if line.startswith("all")] == [["all", "2,400", "6"]]


def test_columns_line_up_beside_wide_characters() -> None:
    crm = summary()["channels"]["crm"]
    lines = as_text(summary(channels={"crm": crm, "会员小程序": crm})).splitlines()
    table = lines[2:6]
    assert len({width(line) for line in table}) == 1


def test_a_dry_run_and_a_run_without_a_registry_say_so() -> None:
    assert "dry run, nothing was written" in as_text(summary(run_id=None, dry_run=True))
    assert "run without a registry" in card(summary(run_id=None))


def test_notes_are_told_with_their_channel() -> None:
    crm = {**summary()["channels"]["crm"], "notes": ["column 'fax' is empty in every row"]}
    assert as_text(summary(channels={"crm": crm})).endswith("notes\n  crm:  column 'fax' is empty in every row")
