"""What a notebook shows: cards that know without asking, and plots that show what the tables say."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import custid
from custid import Channel, Model, Registry, Table, plots
from custid.errors import MissingExtra, UsageError
from custid.evaluate import Evaluation, evaluate
from custid.model.files import from_json
from custid.resolve import Run

GIVEN = ["Anna", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo"]
SURNAMES = ["Archer", "Baker", "Cooper", "Dyer", "Fisher", "Glover", "Harper", "Mason", "Parker", "Turner"]


@dataclass(frozen=True)
class Known:
    registry: Registry
    first: Run
    second: Run
    evaluation: Evaluation


def people(numbers: range, prefix: str, **changes: list[str]) -> pa.Table:
    rows: dict[str, list[str]] = {
        "id": [f"{prefix}{number}" for number in numbers],
        "given_name": [GIVEN[number % 8] for number in numbers],
        "surname": [SURNAMES[number // 8 % 10] for number in numbers],
        "email": [f"{GIVEN[number % 8]}.{SURNAMES[number // 8 % 10]}@x.test".lower() for number in numbers],
        "birth_date": [f"19{50 + number % 50}-03-{number % 28 + 1:02}" for number in numbers],
        "phone": [f"02079460{number:03}" for number in numbers],
    }
    return pa.table(rows | changes)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("notebook")
    registry = custid.connect(folder / "customers.db")
    crm, shop = people(range(70), "C"), people(range(0, 60, 2), "S")
    channels = [Channel("crm", crm, record_id="id", country="GB"), Channel("shop", shop, record_id="id", country="GB")]
    first = custid.resolve(channels, registry=registry, actor="tester")
    more = [
        Channel("crm", crm.slice(0, 66), record_id="id", kind="snapshot", country="GB"),
        Channel("shop", people(range(60, 76), "S"), record_id="id", country="GB"),
    ]
    second = custid.resolve(more, registry=registry, actor="tester")
    truth = pa.table(
        {
            "channel": ["crm"] * 70 + ["shop"] * 30,
            "record_id": [*crm["id"].to_pylist(), *shop["id"].to_pylist()],
            "true_id": [str(number) for number in [*range(70), *range(0, 60, 2)]],
        }
    )
    return Known(registry, first, second, evaluate(channels, truth=truth))


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure is left open, and none needs a screen."""
    import matplotlib

    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def heights(axes: Any) -> list[float]:
    return [patch.get_height() for patch in axes.patches]


# --- cards ---


def test_cards_ask_no_registry(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = known.registry.customer(known.registry.customers()["customer_id"][0].as_py())

    def refuse(*_: object) -> None:
        raise AssertionError("a card opened the registry")

    monkeypatch.setattr(type(known.registry), "_reading", refuse)
    for shown in (known.first, known.second, known.registry, customer, known.first.model, known.first.changes):
        assert shown._repr_html_().startswith("<div")


def test_a_runs_card_has_the_numbers_of_its_summary(known: Known) -> None:
    text = re.sub(r"<[^>]+>", " ", known.second._repr_html_())
    summary = known.second.summary
    assert f"run {summary['run_id']}" in text
    for number in (summary["records"], summary["customers"], summary["to_review"]):
        assert re.search(rf"\b{number:,}\b", text)
    assert f"{summary['events']['retired']} retired" in text


def test_a_tables_card_shows_its_first_rows_and_how_many_there_are(known: Known) -> None:
    html = known.first.changes._repr_html_()
    assert f"{len(known.first.changes):,} rows" in html
    assert html.count("<tr") == 11
    assert f"{len(known.first.changes) - 10:,} more rows" in html
    assert Table(pa.table({"a": pa.array([], pa.int64())}))._repr_html_().count("<tr") == 1


def test_what_a_card_shows_is_text_and_nothing_else() -> None:
    evil = "<script>alert(1)</script>"
    html = Table(pa.table({evil: [evil, "x" * 500]}))._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "x" * 60 not in html


def test_a_customers_card_shows_its_records_beside_each_other(known: Known) -> None:
    customer = known.registry.customer(known.registry.lookup("crm", "C0") or "")
    html = customer._repr_html_()
    assert "crm:C0" in html
    assert "shop:S0" in html
    assert "anna.archer@x.test" in html
    assert "record_key" not in html


def test_a_model_that_learned_nothing_has_a_card() -> None:
    assert "not trained yet" in Model((), ())._repr_html_()


# --- plots ---


def test_match_weights_add_up_to_the_edges(known: Known) -> None:
    edges = len(known.registry.read_state().edges)
    axes = plots.match_weights(known.registry)
    assert sum(heights(axes)) == edges
    thresholds = {line.get_label(): line.get_xdata()[0] for line in axes.lines}
    model = known.first.model
    assert thresholds == {"match threshold": model.match_threshold, "review threshold": model.review_threshold}
    assert sum(heights(plots.match_weights(known.first))) == known.first.summary["matching"]["edges"]


def test_sizes_are_those_of_the_xref(known: Known) -> None:
    axes = plots.sizes(known.registry)
    counted = pc.value_counts(known.registry.xref()["customer_id"]).field("counts").to_pylist()
    assert heights(axes) == [counted.count(size) for size in range(1, max(counted) + 1)]
    assert heights(plots.sizes(known.second)) == heights(axes)


def test_weights_are_drawn_level_by_level(known: Known) -> None:
    model = from_json(known.registry.model() or "")
    levels = [level for comparison in model.comparisons for level in comparison.levels if level.m > 0 and level.u > 0]
    for source in (known.registry, known.first, known.first.model, known.evaluation):
        assert len(plots.weights(source).patches) == len(levels)
    with pytest.raises(UsageError, match="not learned any weights"):
        plots.weights(Model((), ()))


def test_the_curve_has_a_point_per_threshold(known: Known) -> None:
    curve = known.evaluation.thresholds.to_arrow()
    line, own = plots.precision_recall(known.evaluation).lines
    assert list(line.get_xdata()) == curve["recall"].to_pylist()
    assert len(own.get_xdata()) == 1
    pairs = pa.table({name: ["crm"] for name in ("left_channel", "right_channel")})
    pairs = pairs.append_column("left_id", [["C1"]]).append_column("right_id", [["C2"]]).append_column("label", [["0"]])
    crm = Channel("crm", people(range(70), "C"), record_id="id")
    with pytest.raises(UsageError, match="no curve without a truth"):
        plots.precision_recall(evaluate([crm], pairs=pairs))


def test_changes_of_a_run_and_between_runs_say_the_same(known: Known) -> None:
    def told(axes: Any) -> dict[str, int]:
        names = [label.get_text() for label in axes.get_yticklabels()]
        return dict(zip(names, [int(patch.get_width()) for patch in axes.patches], strict=True))

    by_run, between = told(plots.changes(known.second)), told(plots.changes(known.registry, since=1))
    assert by_run == between
    assert by_run["retired"] + by_run.get("shrunk", 0) == known.second.summary["events"]["unlinked"]
    customers = len(pc.unique(known.registry.xref()["customer_id"]))
    assert told(plots.changes(known.registry, since=0)) == {"created": customers}
    with pytest.raises(UsageError, match="run 2 is not before run 1"):
        plots.changes(known.registry, since=2, until=1)


def test_a_customer_is_drawn_with_its_records_and_ties(known: Known) -> None:
    axes = plots.cluster(known.registry, ("crm", "C0"))
    assert sum(len(dots.get_offsets()) for dots in axes.collections) == 2
    assert any("shop:S0" in text.get_text() for text in axes.texts)
    assert [line.get_linestyle() for line in axes.lines] == ["-"]
    alone = plots.cluster(known.registry, ("crm", "C1"))
    assert len(alone.lines) == 0


def test_plots_go_on_the_axes_they_are_given(known: Known) -> None:
    from matplotlib import pyplot

    _, given = pyplot.subplots()
    assert plots.sizes(known.registry, ax=given) is given


def test_without_matplotlib_it_says_what_to_install(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'custid[notebook]'")):
        plots.sizes(known.registry)


def test_a_location_will_do_for_a_registry(known: Known) -> None:
    assert heights(plots.sizes(Path(known.registry.location))) == heights(plots.sizes(known.registry))
