"""Explanations: why records are one customer, or two."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from matplotlib.figure import Figure

import custid
from custid import Channel, UnknownCustomer, UsageError
from custid.engines.local.meeting import meetings
from custid.engines.local.weighing import Weighing
from custid.explain import WhyNot, apart
from custid.explain.asking import knowing, values_of
from custid.model.spec import BlockingRule, Comparison, Level, Model
from custid.registries.base import Registry
from custid.reports.explanations import REASONS, apart_lines, tree_lines, weight_lines
from custid.testing.customers import households

# --- a registry of made-up households -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = custid.connect(tmp_path_factory.mktemp("homes") / "customers.db")
    people = households(300, seed=5).records.drop_columns(["channel"])
    custid.resolve(Channel("crm", people, record_id="record_id", updated_at="updated_at"), registry=registry)
    return registry


def test_the_steps_of_any_pair_add_up_to_its_weight_to_the_last_bit(homes: Registry) -> None:
    rng = np.random.default_rng(3)
    with knowing(homes) as known:
        keys = np.arange(1, known.head.next_record_key)
        edges = known.view.edges(pa.array(keys))
        values = values_of(known, keys.tolist())
        weighing = Weighing(values, known.model)
        stored = list(zip(*(edges[name].to_pylist() for name in edges.column_names[:3]), strict=True))
        assert len(stored) > 150
        kinds = set()
        for left, right, weight in stored[::3]:
            steps = weighing.steps(left, right)
            kinds |= {step.kind for step in steps}
            assert np.float32(sum(step.bits for step in steps)) == np.float32(weight)
        assert kinds == {"prior", "level", "rarity", "relatives"}
        for left, right in (rng.choice(keys, 2, replace=False).tolist() for _ in range(20)):
            total = sum(step.bits for step in weighing.steps(left, right))
            assert np.float32(total) == weighing.weigh(np.array([left]), np.array([right])).weights[0]


def test_an_explanation_weighs_what_the_registry_has_stored(homes: Registry) -> None:
    for left, right, weight in some_edges(homes, 3):
        found = custid.explain(homes, left, right)
        steps = found.steps.to_arrow()
        assert np.float32(found.match_weight) == np.float32(weight)
        assert np.float32(steps["total"][-1].as_py()) == np.float32(weight)
        assert sum(steps["bits"].to_pylist()) == steps["total"][-1].as_py()
        turned = custid.explain(homes, right, left)
        assert turned.match_weight == found.match_weight
        assert turned.steps.to_arrow()["left"].to_pylist() == steps["right"].to_pylist()


def some_edges(registry: Registry, count: int) -> list[tuple[tuple[str, str], tuple[str, str], float]]:
    with registry.view() as view:
        records = view.records(pa.array(range(1, 301))).to_pylist()
        edges = view.edges(pa.array(range(1, 301))).to_pylist()
    names = {row["record_key"]: (row["channel"], row["record_id"]) for row in records}
    step = len(edges) // count
    return [(names[row["left_key"]], names[row["right_key"]], row["match_weight"]) for row in edges[::step]][:count]


def test_the_tree_connects_every_customer_by_the_best_ties_there_are(homes: Registry) -> None:
    customers = homes.xref().to_pandas().groupby("customer_id").size()
    for customer_id in customers[customers >= 4].index[:5]:
        found = custid.why(homes, customer_id)
        tree = found.tree.to_arrow().to_pylist()
        assert len(tree) == len(found.records) - 1
        names = {row["record"]: (row["channel"], row["record_id"]) for row in found.records}
        for number, tie in enumerate(tree):
            if tie["kind"] != "edge":
                continue
            side = reached({tie["left"]}, [other for place, other in enumerate(tree) if place != number])
            across = [weight for a, b, weight in inside(homes, names) if (a in side) != (b in side)]
            assert max(across) == pytest.approx(tie["match_weight"], abs=1e-5)
        assert found.weakest == {**tree[-1], "sides": found.weakest["sides"]}
        assert sum(found.weakest["sides"]) == len(found.records)


def reached(start: set[str], ties: list[dict[str, str]]) -> set[str]:
    while more := {end for tie in ties if {tie["left"], tie["right"]} & start for end in (tie["left"], tie["right"])}:
        if more <= start:
            break
        start = start | more
    return start


def inside(registry: Registry, names: dict[str, tuple[str, str]]) -> list[tuple[str, str, float]]:
    with registry.view() as view:
        records = view.records(pa.array(range(1, 301))).to_pylist()
        name_of = {row["record_key"]: f"{row['channel']}:{row['record_id']}" for row in records}
        edges = view.edges(pa.array([key for key, name in name_of.items() if name in names])).to_pylist()
    pairs = [(name_of[row["left_key"]], name_of[row["right_key"]], row["match_weight"]) for row in edges]
    return [(a, b, weight) for a, b, weight in pairs if a in names and b in names]


def test_nothing_is_written(homes: Registry) -> None:
    before = Path(homes.location).read_bytes()
    left, right, _ = some_edges(homes, 1)[0]
    custid.explain(homes, left, right)
    custid.why(homes, left)
    custid.why_not(homes, left, right)
    assert Path(homes.location).read_bytes() == before


# --- a registry of cases --------------------------------------------------------------------------------------


def compared(name: str, *columns: str, **more: object) -> Comparison:
    """A comparison with a level for equal and one for the rest; 8 bits for, 5 against."""
    levels = (
        Level("equal", (f"{columns[0]} equal",), m=0.9, u=0.9 / 256, h=0.3),
        Level("different", (), 0.02, 0.64, 0.6),
    )
    return Comparison(name, columns, levels, **more)  # type: ignore[arg-type]


#: A model whose weights one can work out by heart; nothing in it is learned.
MODEL = Model(
    comparisons=(
        Comparison(
            "national_id",
            ("national_id*",),
            (
                Level("equal", ("national_id* equal",), 0.9, 0.001, 0.01),
                Level("two_valid_ids", ("national_id_valid true",), 0.01, 0.5, 0.5, excludes=True),
                Level("different", (), 0.05, 0.5, 0.5),
            ),
        ),
        compared("email", "email*"),
        compared("phone", "phone*", overlaps={"email": 1.5}),
        compared("birth_date", "birth_date"),
        compared("given_name", "given_latin"),
        compared("surname", "surname_latin"),
    ),
    blocking=(
        BlockingRule(("email*",)),
        BlockingRule(("phone*",)),
        BlockingRule(("surname_latin|first3", "birth_date|year")),
    ),
    narrowing=("postcode",),
    block_rows_max=4,
    matches_per_record=1.0,
    match_threshold=5.0,
    review_threshold=-5.0,
)

FIELDS = ("record_id", "given_name", "surname", "email", "phone", "birth_date", "national_id", "postcode")
CRM = [
    ("A", "Ann", "Baker", "ann@x.test", None, "1980-01-02", None, None),
    ("B", "Bob", "Cooper", "bob@x.test", "+442079460001", "1950-08-08", None, None),
    ("C", "Zoe", "Dyer", None, "+442079460001", "1975-05-05", None, None),
    ("E", "Eve", "Fisher", "eve@x.test", None, None, "110101199003070011", None),
    ("G", "Gus", "Glover", "gus@x.test", None, "1960-06-06", None, None),
    ("K", "Kim", "Kent", None, "+442079460007", "1990-01-01", None, None),
    ("M", "Max", "Mason", None, None, "1991-02-03", None, None),
    ("P", "Pia", "Parker", "pia@x.test", None, "1970-07-07", None, None),
    ("T", "Tom", "Tanner", "tt@x.test", None, None, None, None),
    # Eight who share a mailbox, in blocks of four.
    *(
        (f"N{number}", given, "Office", "info@x.test", None, None, None, f"W{number // 4} 1AA")
        for number, given in enumerate(("Ned", "Ora", "Pam", "Quin", "Ray", "Sue", "Tim", "Una"))
    ),
]  # fmt: skip
SHOP = [
    ("1", "Ann", "Baker", "ann@x.test", None, None, None, None),
    ("2", "Bob", "Dyer", "bob@x.test", "+442079460001", "1975-05-05", None, None),
    ("3", "Eve", "Fisher", "eve@x.test", None, None, "110101199003072519", None),
    ("4", "Gus", "Other", None, None, "1960-06-06", None, None),
    ("5", "Kim", "Kent", None, None, "1989-01-01", None, None),
    ("6", "Max", "Mason", "max@x.test", None, "1991-02-03", None, None),
    ("7", "Pia", "Other", "pia@x.test", None, "1955-05-15", None, None),
    ("8", "Una", "Vance", "tt@x.test", None, None, None, None),
]


def table(rows: list[tuple[str | None, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(FIELDS, columns, strict=True)})


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = custid.connect(tmp_path_factory.mktemp("cases") / "customers.db")
    loyal = [(number, "Lee", "Lang", "lee@x.test", None, None, None, None) for number in "13"]
    loyal += [(number, *SHOP[0][1:]) for number in "25"]
    channels = [
        Channel("crm", table(CRM), record_id="record_id", kind="snapshot"),
        Channel("shop", table(SHOP), record_id="record_id"),
        Channel("loyal", table(loyal), record_id="record_id", unique=True),
    ]
    custid.resolve(channels, registry=registry, model=MODEL)
    return registry


@pytest.fixture
def copied(cases: Registry, tmp_path: Path) -> Registry:
    """The cases, to change."""
    shutil.copy(cases.location, tmp_path / "customers.db")
    return custid.connect(tmp_path / "customers.db")


def named(text: str) -> tuple[str, str]:
    channel, _, record_id = text.partition(":")
    return channel, record_id


def reason(registry: Registry, left: str, right: str) -> WhyNot:
    return custid.why_not(registry, named(left), named(right))


def test_an_explanation_shows_values_as_written_and_as_compared(cases: Registry) -> None:
    found = custid.explain(cases, ("crm", "B"), ("shop", "2"))
    rows = {row["comparison"]: row for row in found.steps.to_arrow().to_pylist() if row["step"] == "level"}
    assert rows["given_name"]["left_raw"] == ["Bob"]
    assert rows["given_name"]["left"] == ["bob"]
    assert rows["surname"]["right_raw"] == ["Dyer"]
    assert (rows["email"]["level"], rows["surname"]["level"]) == ("equal", "different")
    assert rows["email"]["bits"] == pytest.approx(8.0)
    assert rows["surname"]["bits"] == pytest.approx(-5.0)
    overlap = [row for row in found.steps.to_arrow().to_pylist() if row["step"] == "overlap"]
    assert [(row["comparison"], row["other"], row["bits"]) for row in overlap] == [("phone", "email", -1.5)]
    assert (rows["national_id"]["level"], rows["national_id"]["bits"]) == ("missing", 0.0)
    assert rows["national_id"]["note"] == "crm:B and shop:2 have none"
    assert (found.verdict, found.together) == ("match", False)
    assert found.rules == ("email*", "phone*")


def test_the_text_of_an_explanation_lines_up_and_ends_in_the_weight(cases: Registry) -> None:
    found = custid.explain(cases, ("crm", "A"), ("shop", "1"))
    lines = weight_lines(found.as_dict(), 90)
    assert lines[0] == "crm:A and shop:1: +19.14 bits, a match (match from +5, review from -5)"
    bars = [line for line in lines if "++" in line]
    assert len({line.index("++") for line in bars}) == len(bars) == 3
    assert any(line.split()[:3] == ["match", "weight", "+19.1"] for line in lines)
    assert "not compared: birth date (shop:1 has none)" in "\n".join(lines)
    assert max(map(len, lines[2:])) <= 90


def test_records_that_are_gone_are_explained_from_what_they_said(copied: Registry) -> None:
    before = custid.explain(copied, ("crm", "A"), ("shop", "1"))
    drop(copied, "A")
    after = custid.explain(copied, ("crm", "A"), ("shop", "1"))
    assert after.match_weight == before.match_weight
    assert "crm:A is gone" in str(after)
    assert reason(copied, "crm:A", "shop:1").reason == "gone"


def drop(registry: Registry, record_id: str) -> None:
    left = table([row for row in CRM if row[0] != record_id])
    custid.resolve(Channel("crm", left, record_id="record_id", kind="snapshot"), registry=registry)


def test_who_is_one_customer_is_told_so(cases: Registry) -> None:
    found = reason(cases, "crm:A", "shop:1")
    assert found.reason == "together"
    assert found.because[0].endswith(f"custid why {cases.lookup('crm', 'A')}")


def test_two_valid_ids_exclude_one_another(cases: Registry) -> None:
    found = reason(cases, "crm:E", "shop:3")
    assert found.reason == "excluded"
    assert "110101199003070011" in found.because[0]


def test_a_unique_channel_holds_every_customer_once(cases: Registry) -> None:
    assert reason(cases, "loyal:1", "loyal:3").reason == "unique channel"


def test_what_is_cut_inside_a_cluster_names_the_pair_that_bars_it(cases: Registry) -> None:
    # shop:2 is as much the one as the other; the two contradict each other.
    found = reason(cases, "crm:B", "shop:2")
    assert found.reason == "cut"
    assert found.explanation.verdict == "match"
    assert [(row["right"], row["why"]) for row in found.across] == [("shop:2", "for"), ("crm:C", "against")]
    assert found.across_bits < 0
    assert "by itself the pair is a match" in found.because[0]
    chained = reason(cases, "crm:B", "crm:C")
    assert chained.reason == "cut"
    assert "a chain of matches connects the two" in chained.because[0]


def test_what_a_unique_channel_cuts_off_is_named(cases: Registry) -> None:
    # crm:A and loyal:2 are one customer; loyal:5 is the same again.
    found = reason(cases, "crm:A", "loyal:5")
    assert found.reason == "cut"
    assert found.because[0].endswith(
        "loyal:2 and loyal:5 belong to the two sides, and their channel holds every customer once."
    )


def test_pairs_between_the_thresholds_wait_for_a_steward(cases: Registry, copied: Registry) -> None:
    assert reason(cases, "crm:P", "shop:7").reason == "review"
    copied.decide(("crm", "P"), ("shop", "7"), "unsure", actor="lea", reason="married?")
    found = reason(copied, "crm:P", "shop:7")
    assert found.reason == "review"
    assert "by lea" in found.because[1]
    assert "(married?)" in found.because[1]


def test_who_was_never_compared_is_told_on_which_keys_they_part(cases: Registry) -> None:
    found = reason(cases, "crm:K", "shop:5")
    rules = {row["rule"]: row for row in found.rules}
    assert found.reason == "not compared"
    assert rules["email*"]["outcome"] == rules["phone*"]["outcome"] == "missing"
    parting = rules["surname_latin|first3 + birth_date|year"]
    assert parting["outcome"] == "differs"
    assert [(key["key"], key["left"], key["right"]) for key in parting["keys"] if not key["agree"]] == [
        ("birth_date|year", ["1990"], ["1989"])
    ]
    assert found.explanation.verdict == "match"
    assert found.rules_that_would[0] == "name_tokens"
    assert "name_tokens" in found.because[1]
    assert "birth_date|year differs: 1990, 1989" in str(found)


def test_a_block_that_is_too_large_is_said_to_be_narrowed(cases: Registry) -> None:
    found = reason(cases, "crm:N0", "crm:N7")
    rules = {row["rule"]: row for row in found.rules}
    assert found.reason == "not compared"
    assert (rules["email*"]["outcome"], rules["email*"]["records"]) == ("narrowed", 8)
    assert rules["email*"]["keys"][-1] == {"key": "postcode", "left": ["W01AA"], "right": ["W11AA"], "agree": False}
    assert "8 records" in found.because[0]


def test_a_block_that_no_key_parts_is_said_to_be_chopped_by_lot(cases: Registry, tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    rows = table([(str(n), f"Given{n}", "Office", "info@x.test", None, None, None, None) for n in range(24)])
    custid.resolve(Channel("crm", rows, record_id="record_id"), registry=registry, model=MODEL)
    outcomes = []
    for one, other in combinations(range(3), 2):
        found = reason(registry, f"crm:{one}", f"crm:{other}")
        if found.reason == "not compared":
            outcomes.append(found.rules[0])
    assert outcomes
    assert {(row["outcome"], row["records"], row["keys"][-1]["key"]) for row in outcomes} == {("narrowed", 24, "lot")}


def test_what_is_said_to_meet_is_what_a_run_compares(cases: Registry) -> None:
    with knowing(cases) as known:
        keys = np.arange(1, known.head.next_record_key)
        edges = known.view.edges(pa.array(keys)).to_pylist()
        stored = {(row["left_key"], row["right_key"]) for row in edges}
        values, large = values_of(known, keys.tolist()), known.view.large_blocks()
        weighing = Weighing(values, known.model)
        pairs = {True: 0, False: 0}
        for left, right in combinations(keys[1::2].tolist(), 2):
            rows = pc.index_in(pa.array([left, right]), value_set=values["record_key"].combine_chunks())
            met = any(found.outcome == "met" for found in meetings(values.take(rows), known.model, large))
            weight = weighing.weigh(np.array([left]), np.array([right])).weights[0]
            assert ((left, right) in stored) == (met and weight >= known.model.review_threshold)
            pairs[met] += 1
        assert min(pairs.values()) >= 5


def test_evidence_that_is_not_enough_is_told(cases: Registry) -> None:
    found = reason(cases, "crm:T", "shop:8")
    assert found.reason == "too little"
    assert "against it: given name different -5.0, surname different -5.0" in str(found)


def test_a_steward_s_decision_is_named_with_who_and_why_also_through_others(copied: Registry) -> None:
    copied.decide(("crm", "A"), ("shop", "1"), "different", actor="lea", reason="mother and daughter")
    copied.decide(("crm", "A"), ("crm", "G"), "same", actor="max")
    direct = reason(copied, "crm:A", "shop:1")
    assert direct.reason == "together"  # until the next run
    run_again(copied)
    direct = reason(copied, "crm:A", "shop:1")
    assert direct.reason == "decided"
    assert direct.because[0].startswith("decision 1 by lea, ")
    assert direct.because[0].endswith(": crm:A and shop:1 are different (mother and daughter).")
    through = reason(copied, "shop:1", "crm:G")
    assert [row["decision_id"] for row in through.decisions] == [1, 2]


def run_again(registry: Registry) -> None:
    more = table([("9", "New", "Comer", "new@x.test", None, None, None, None)])
    custid.resolve(Channel("more", more, record_id="record_id"), registry=registry)


def test_what_the_next_run_will_change_is_told(copied: Registry) -> None:
    copied.decide(("crm", "A"), ("crm", "G"), "same", actor="max", reason="told me")
    found = reason(copied, "crm:A", "crm:G")
    assert found.reason == "waiting"
    assert "by max" in found.because[0]


def test_who_is_unknown_rejected_or_erased_is_told_so(copied: Registry) -> None:
    assert reason(copied, "crm:A", "crm:nobody").reason == "unknown"
    copied.erase(records=[("crm", "A")], actor="dpo")
    found = reason(copied, "crm:A", "shop:1")
    assert found.reason == "erased"
    assert found.explanation is None
    with pytest.raises(UnknownCustomer, match="no record 'A'"):
        custid.explain(copied, ("crm", "A"), ("shop", "1"))
    again = table([CRM[0]])
    custid.resolve(Channel("crm", again, record_id="record_id"), registry=copied)
    assert reason(copied, "crm:A", "shop:1").reason == "erased"


def test_a_rejected_row_is_told_with_the_run_and_the_reason() -> None:
    row = {"channel": "list", "record_id": "8", "run_id": 3, "reason": "bad_date", "detail": "the key is empty"}
    assert apart._absent(("list", "8"), None, [row], None) == (
        "rejected",
        "list:8 was rejected by run 3: bad_date, the key is empty.",
    )


@pytest.mark.parametrize("ask", [custid.explain, custid.why_not])
def test_a_pair_is_two_records(cases: Registry, ask: object) -> None:
    with pytest.raises(UsageError, match="both are crm:A"):
        ask(cases, ("crm", "A"), ("crm", "A"))  # type: ignore[operator]
    with pytest.raises(UsageError, match="named by its channel"):
        ask(cases, "crm:A", ("crm", "B"))  # type: ignore[operator]


def test_why_names_decisions_the_weakest_tie_and_who_hangs_by_one(copied: Registry) -> None:
    copied.decide(("crm", "A"), ("crm", "K"), "same", actor="max", reason="told me")
    run_again(copied)
    found = custid.why(copied, ("crm", "K"))
    assert {row["record"] for row in found.records} == {"crm:A", "crm:K", "shop:1", "loyal:2"}
    kinds = [row["kind"] for row in found.tree.to_arrow().to_pylist()]
    assert kinds == ["decision", "edge", "edge"]
    assert found.hanging == ["crm:K"]
    assert found.weakest["kind"] == "edge"
    text = "\n".join(tree_lines(found.as_dict()))
    assert "decision 1 by max" in text
    assert "held by one tie only: crm:K" in text
    assert "weakest: " in text


def test_a_record_that_is_gone_still_ties_those_whom_stewards_tied_to_it(copied: Registry) -> None:
    copied.decide(("crm", "K"), ("crm", "M"), "same", actor="max")
    copied.decide(("crm", "K"), ("crm", "G"), "same", actor="max")
    run_again(copied)
    drop(copied, "K")
    found = custid.why(copied, ("crm", "M"))
    assert {"crm:M", "crm:G"} <= {row["record"] for row in found.records}
    ties = [(row["left"], row["right"]) for row in found.tree.to_arrow().to_pylist() if row["kind"] == "decision"]
    assert {end for tie in ties for end in tie} == {"crm:K", "crm:M", "crm:G"}
    assert "(gone)" in str(found)


def test_a_single_record_needs_nothing_to_hold_it(cases: Registry) -> None:
    found = custid.why(cases, ("crm", "K"))
    assert (len(found.records), len(found.tree), found.weakest) == (1, 0, None)
    assert "nothing to hold together" in str(found)


def test_ids_that_were_merged_are_followed_and_unknown_ones_refused(copied: Registry) -> None:
    first, second = copied.lookup("crm", "A"), copied.lookup("crm", "G")
    copied.merge([first, second], actor="max")
    run_again(copied)
    gone = second if copied.current(second) == first else first
    assert custid.why(copied, gone).asked_for == gone
    assert str(custid.why(copied, gone)).startswith(f"{gone} is now ")
    with pytest.raises(UnknownCustomer):
        custid.why(copied, ("crm", "nobody"))


def test_a_large_customer_is_told_by_its_edges_and_a_sample_of_pairs(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    rows = table([(str(n), "Ann", "Baker", "ann@x.test", None, "1980-01-02", None, None) for n in range(450)])
    model = replace(MODEL, block_rows_max=500, comparisons=MODEL.comparisons[1:])
    custid.resolve(Channel("crm", rows, record_id="record_id"), registry=registry, model=model)
    found = custid.why(registry, ("crm", "7"))
    assert found.sampled
    assert len(found.records) > 400
    assert found.agreement == pytest.approx(1.0)
    assert len(found.tree) == len(found.records) - 1
    lines = tree_lines(found.as_dict())
    assert len(lines) < 60
    assert "more records" in "\n".join(lines)
    ax = found.plot(Figure().subplots())
    assert "60 of its" in ax.get_title()


# --- how they show themselves ---------------------------------------------------------------------------------


def test_values_are_escaped_in_html(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    rows = [("<i>1", "<script>Ann", "Ba&ker", "ann@x.test", None, None, None, None)]
    rows.append(("2", "<script>Ann", "Ba&ker", "ann@x.test", None, None, None, None))
    custid.resolve(Channel("crm", table(rows), record_id="record_id"), registry=registry, model=MODEL)
    left, right = ("crm", "<i>1"), ("crm", "2")
    for found in (
        custid.explain(registry, left, right),
        custid.why(registry, left),
        custid.why_not(registry, left, right),
    ):
        html = found._repr_html_()
        assert "<script" not in html
        assert "<i>" not in html
        assert "&lt;i&gt;1" in html


def test_every_reason_has_its_words(cases: Registry) -> None:
    told = reason(cases, "crm:K", "shop:5").as_dict()
    for name in REASONS:
        lines = apart_lines({**told, "reason": name})
        assert REASONS[name] in lines[0]


def test_plots_draw_on_the_axes_they_are_given(cases: Registry) -> None:
    axes = Figure().subplots(1, 2)
    found = custid.explain(cases, ("crm", "A"), ("shop", "1"))
    assert found.plot(axes[0]) is axes[0]
    assert any("match weight" in tick.get_text() for tick in axes[0].get_yticklabels())
    assert custid.why(cases, ("crm", "A")).plot(axes[1]) is axes[1]
    axes[0].figure.canvas.draw()
