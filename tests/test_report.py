"""The report on a run: what it counts is what the registry holds, and what its page shows is safe to show."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import custid
from custid import Channel, Registry
from custid.config import read_config
from custid.errors import RegistryError, UnknownCustomer
from custid.registries.counting import MEMBERS_MAX
from custid.report import Report, report
from custid.reports.page import style
from custid.resolve import Run
from custid.testing.retail import write_retail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = "<script>document.title = 'owned'</script><img src='http://example.invalid/x.png'>"


@dataclass(frozen=True)
class Ran:
    """A retailer's two months; `at_first` is what the report said after the first."""

    registry: Registry
    first: Run
    at_first: dict[str, Any]
    second: Run


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("retail")
    write_retail(folder, people=110, seed=3)
    registry = custid.connect(folder / "customers.db")
    march, april = (folder / f"customers-2026-{month}.toml" for month in ("03", "04"))
    first = custid.resolve(list(read_config(march).channels), registry=registry, actor="tester")
    at_first = report(registry, shown=500).figures
    return Ran(registry, first, at_first, custid.resolve(list(read_config(april).channels), registry=registry))


@pytest.fixture(scope="module")
def figures(ran: Ran) -> dict[str, Any]:
    return report(ran.registry).figures


@pytest.fixture(scope="module")
def first_figures(ran: Ran) -> dict[str, Any]:
    return report(ran.registry, 1).figures


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Values that would be markup if they were not escaped, and record ids that are addresses."""
    registry = custid.connect(tmp_path_factory.mktemp("strange") / "strange.db")
    people = [(f"given{number % 7}", f"surname{number}", f"p{number}@x.test") for number in range(40)]
    rows = {
        "id": [email for *_, email in people],
        "given_name": [EVIL, *(given for given, *_ in people[1:])],
        "surname": [surname for _, surname, _ in people],
        "email": [email for *_, email in people],
    }
    channels = [Channel(name, pa.table(rows), record_id="id") for name in ("news", "shop", "crm")]
    custid.resolve(channels, registry=registry, actor=EVIL)
    custid.resolve(Channel("crm", pa.table(rows)[:36], record_id="id", kind="snapshot"), registry=registry, actor=EVIL)
    return registry


def xref_counts(xref: pa.Table) -> tuple[int, dict[int, int], dict[str, int]]:
    """Customers, how many have how many records, and how many have which channels."""
    members: dict[str, list[str]] = {}
    for row in xref.to_pylist():
        members.setdefault(row["customer_id"], []).append(row["channel"])
    sizes: dict[int, int] = {}
    sets: dict[str, int] = {}
    for channels in members.values():
        sizes[len(channels)] = sizes.get(len(channels), 0) + 1
        name = ",".join(sorted(set(channels)))
        sets[name] = sets.get(name, 0) + 1
    return len(members), sizes, sets


@pytest.mark.parametrize("run", [1, 2])
def test_customers_are_counted_as_they_were_after_the_run(
    run: int, ran: Ran, figures: dict[str, Any], first_figures: dict[str, Any]
) -> None:
    told = first_figures if run == 1 else figures
    xref = ran.registry.xref(as_of=run)
    customers, sizes, sets = xref_counts(xref)
    assert {row["records"]: row["customers"] for row in told["sizes"]} == sizes
    assert {",".join(row["channels"]): row["customers"] for row in told["sets"]} == sets
    assert sum(row["records"] for row in told["channels"]) == len(xref)
    assert sum(row["customers"] for row in told["sets"]) == customers
    for row in told["channels"]:
        mine = xref.filter(pc.equal(xref["channel"], row["channel"]))
        assert (row["records"], row["customers"]) == (len(mine), len(pc.unique(mine["customer_id"])))


def test_what_only_today_can_tell_is_left_out_for_an_earlier_run(first_figures: dict[str, Any]) -> None:
    assert [first_figures[name] for name in ("filled", "weights", "weakest", "review")] == [None] * 4
    assert all(row["agreement"] is None for row in first_figures["largest"])
    assert "Run 2 has landed since" in Report(first_figures).html


def test_a_fields_share_is_of_the_live_records(ran: Ran, figures: dict[str, Any]) -> None:
    records = ran.registry.records()
    for row in figures["filled"]:
        mine = records.filter(pc.equal(records["channel"], row["channel"]))
        assert (row["records"], row["filled"]) == (len(mine), len(mine) - mine[row["field"]].null_count)


def test_match_weights_are_those_of_all_edges(ran: Ran, figures: dict[str, Any]) -> None:
    edges = ran.registry.read_state().edges["match_weight"].to_pylist()
    bins = figures["weights"]["bins"]
    assert sum(row["edges"] for row in bins) == len(edges)
    strong = sum(row["edges"] for row in bins if row["from_bits"] >= 10)
    assert strong == sum(weight >= 10 for weight in edges)


def test_the_weakest_customers_agree_as_far_as_the_run_itself_found(ran: Ran) -> None:
    found = ran.at_first["weakest"]
    truly = {row["customer_id"]: row for row in ran.first.quality.to_arrow().to_pylist()}
    weak = {name for name, row in truly.items() if row["agreement"] < 1 or row["contradictions"]}
    assert weak
    assert {row["customer_id"] for row in found} == weak
    for row in found:
        assert row["agreement"] == pytest.approx(truly[row["customer_id"]]["agreement"])
        assert row["contradictions"] == truly[row["customer_id"]]["contradictions"]
    assert [row["agreement"] for row in found] == sorted(row["agreement"] for row in found)


def test_changes_are_told_as_the_preview_of_the_run_tells_them(ran: Ran, figures: dict[str, Any]) -> None:
    told = ran.second.preview.to_arrow()
    expected = {
        what: len(pc.unique(told.filter(pc.equal(told["what"], what))["customer_id"]))
        for what in pc.unique(told["what"]).to_pylist()
        if what != "created"
    }
    assert {row["what"]: row["customers"] for row in figures["changes"]} == expected
    merged = next(row for row in figures["changes"] if row["what"] == "merged")
    assert any("crm:C-900001" in line for example in merged["examples"] for line in example)


def test_rejects_are_counted_by_channel_and_reason(ran: Ran, figures: dict[str, Any]) -> None:
    assert sum(row["rows"] for row in figures["rejects"]) == len(ran.registry.rejects(2)) > 0


def test_what_waits_is_the_queue_of_stewards(ran: Ran, figures: dict[str, Any]) -> None:
    queue = ran.registry.review(10)
    assert figures["review"]["waiting"] == queue.waiting > 0
    first, asked = figures["review"]["questions"][0], queue.questions.to_pylist()[0]
    assert (first["left"], first["right"]) == tuple(
        f"{asked[f'{side}_channel']}:{asked[f'{side}_record_id']}" for side in ("left", "right")
    )


def test_the_figures_are_plain_data(figures: dict[str, Any]) -> None:
    assert json.loads(json.dumps(figures)) == figures


def test_names_and_telling_record_ids_are_masked_unless_asked_for(strange: Registry) -> None:
    masked, shown = report(strange).html, report(strange, show_values=True).html
    assert not re.search(r"p\d+@x\.test|surname\d", masked)
    assert "loses crm:***@***.test, gone" in masked
    assert "loses crm:p39@x.test, gone" in shown
    assert re.search(r"surname\d", shown)
    assert "keep it as safe as the registry" in shown


def test_an_erasure_has_a_report(tmp_path: Path, strange: Registry) -> None:
    shutil.copy(strange.location, tmp_path / "copy.db")
    custid.connect(tmp_path / "copy.db").erase(records=[("shop", "p3@x.test")], actor="dpo")
    told = report(tmp_path / "copy.db", show_values=True)
    assert "This run erased records" in told.html
    assert "shop:p3@x.test" not in told.html
    assert told.figures["run_id"] == 3


def test_a_run_that_never_was_is_named(ran: Ran, tmp_path: Path) -> None:
    with pytest.raises(UnknownCustomer, match="no run 7 in the registry; its runs are 1 to 2"):
        report(ran.registry, 7)
    with pytest.raises((RegistryError, UnknownCustomer)):
        report(tmp_path / "none.db")


def test_a_huge_customer_is_looked_into_by_a_part_of_it(tmp_path: Path) -> None:
    rows = {
        "id": [str(number) for number in range(MEMBERS_MAX + 60)],
        "given_name": ["Anna"] * (MEMBERS_MAX + 60),
        "surname": ["Bell"] * (MEMBERS_MAX + 60),
        "email": ["anna.bell@example.com"] * (MEMBERS_MAX + 60),
        "birth_date": ["1980-05-03"] * (MEMBERS_MAX + 60),
    }
    custid.resolve(Channel("crm", pa.table(rows), record_id="id"), registry=tmp_path / "one.db")
    told = report(tmp_path / "one.db").figures
    if told["largest"]:
        largest = told["largest"][0]
        assert largest["sampled"]
        assert 0 <= largest["agreement"] <= 1


# --- the page ---


@pytest.fixture
def opened(browser: Browser, ran: Ran, tmp_path: Path) -> Page:
    report(ran.registry).write(tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    return page


def test_the_page_asks_for_nothing_and_complains_of_nothing(browser: Browser, ran: Ran, tmp_path: Path) -> None:
    report(ran.registry).write(tmp_path / "report.html")
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert asked == [(tmp_path / "report.html").as_uri()]
    assert said == []
    page.close()


def test_values_are_text_and_nothing_else(browser: Browser, strange: Registry, tmp_path: Path) -> None:
    report(strange, show_values=True, shown=60).write(tmp_path / "strange.html")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "strange.html").as_uri())
    assert EVIL in page.inner_text("body")
    assert page.title().startswith("custid report")
    assert page.locator("script, img, iframe").count() == 0
    assert len(asked) == 1
    page.close()


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_fits_any_screen(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_every_section_is_reached_from_the_contents_by_keyboard(opened: Page) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the report"
    links = opened.locator("nav a").all()
    titles = opened.locator("section h2").all_inner_texts()
    assert len(links) == len(titles) == 9
    for link in links:
        target = link.get_attribute("href")
        assert target is not None
        assert opened.locator(target).count() == 1


def test_what_is_seen_is_also_said(opened: Page) -> None:
    assert opened.locator("svg:not([aria-hidden=true])").count() == opened.locator("svg[role=img]").count() > 0
    for chart in opened.locator("svg[role=img]").all():
        assert chart.locator("> title").count() == chart.locator("> desc").count() == 1
    for table in opened.locator("table").all():
        assert table.locator("caption").count() == 1
        assert all(text.strip() for text in table.locator("thead th").all_text_contents())
    boxes = opened.locator(".scroll").count()
    assert opened.locator(".scroll[tabindex='0'][role=region][aria-label]").count() == boxes


def test_light_dark_and_paper_differ(opened: Page) -> None:
    def ground() -> str:
        return str(opened.evaluate("getComputedStyle(document.body).backgroundColor"))

    opened.emulate_media(color_scheme="light")
    light = ground()
    opened.emulate_media(color_scheme="dark")
    dark = ground()
    opened.emulate_media(color_scheme="dark", media="print")
    assert len({light, dark, ground()}) == 3
    assert ground() == "rgb(255, 255, 255)"
    assert not opened.locator("nav").is_visible()


def test_it_prints_on_a_few_pages(opened: Page) -> None:
    pages = re.findall(rb"/Type\s*/Page[^s]", opened.pdf(format="A4"))
    assert 3 <= len(pages) <= 14


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "paper"])
def test_colors_have_contrast(scheme: int) -> None:
    found = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", style(), re.S)]
    colors = {**found[0], **found[scheme]}
    for ground in ("ground", "sheet"):
        for text in ("ink", "quiet", "accent"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    for mark in ("fill", "other", "for", "against", "apart", "mark"):
        assert contrast(colors[mark], colors["sheet"]) >= 3, mark


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""

    def light(color: str) -> float:
        digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)
