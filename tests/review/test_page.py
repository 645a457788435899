"""The review page in a browser, from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from custid.registries.base import Registry
from custid.review import Serving, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUESTION = "thead .asked"


@pytest.fixture
def serving(registry: Registry) -> Iterator[Serving]:
    with serve(registry, actor="ann", retrain_after=2) as found:
        yield found


@pytest.fixture
def page(browser: Browser, serving: Serving) -> Iterator[Page]:
    """The page, opened by its address; whatever it complains about, or asks of others, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    own = f"http://127.0.0.1:{serving.port}/"
    page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    page.goto(serving.url)
    page.wait_for_selector(QUESTION)
    yield page
    context.close()
    assert [line for line in wrong if "409" not in line] == []


def asked(page: Page) -> list[str]:
    """The two records in question."""
    return [found.strip() for found in page.locator(f"{QUESTION} strong").all_inner_texts()]


def press(page: Page, key: str) -> None:
    """Press a key that leads to another question, and wait for it."""
    before = page.locator("#acts").get_attribute("data-pair")
    page.keyboard.press(key)
    page.wait_for_selector(f"#acts[data-pair]:not([data-pair='{before}'])")


def answer(page: Page, call: str, act: str) -> None:
    """Click what makes the page call the server, and wait for the answer."""
    with page.expect_response(lambda response: response.url.endswith(call)) as done:
        page.click(act)
    assert done.value.ok


def open_(page: Page, view: str, wait_for: str) -> None:
    page.evaluate("view => { location.hash = view; }", view)
    page.wait_for_selector(wait_for)


def test_a_key_decides_the_registry_has_it_and_another_takes_it_back(
    page: Page, serving: Serving, registry: Registry
) -> None:
    assert "token" not in page.url
    waiting = registry.review().waiting
    first = asked(page)
    assert page.locator("#waiting").inner_text() == str(waiting)
    assert page.locator(".evidence tr").count() > 3

    press(page, "s")
    (said,) = registry.decisions().to_pylist()
    assert {f"{said[f'{side}_channel']}:{said[f'{side}_record_id']}" for side in ("left", "right")} == set(first)
    assert (said["verdict"], said["actor"]) == ("same", "ann")
    assert page.locator("#waiting").inner_text() == str(waiting - 1)

    press(page, "z")
    assert asked(page) == first
    assert registry.decisions()["revoked_by"].to_pylist() == ["ann"]

    press(page, "k")
    page.keyboard.press("r")
    page.keyboard.type("sad: no shared phone")  # letters typed into a field decide nothing
    page.keyboard.press("Escape")
    press(page, "d")
    said = registry.decisions().to_pylist()[-1]
    assert (said["verdict"], said["reason"]) == ("different", "sad: no shared phone")
    assert page.locator("#reason").input_value() == ""
    page.reload()  # the tab remembers the token
    page.wait_for_selector(QUESTION)
    assert asked(page) != first


def test_markup_in_values_stays_text(page: Page, registry: Registry) -> None:
    one = next(row for row in registry.review(limit=None).questions.to_pylist() if row["left_channel"] == "odd")
    open_(page, f"#pair/{one['left_key']}/{one['right_key']}", "text=<img src=x")
    assert asked(page) == ["odd:<b>1</b>", "odd:=2+3"]
    open_(page, f"#customer/{one['left_id']}", "text=<img src=x")
    open_(page, "#search/Zwirnberger", ".found li")
    assert page.locator("main img, main script, main b b").count() == 0
    assert "owned" not in page.title()


def test_a_customer_is_split_by_choosing_records_in_its_picture(page: Page, registry: Registry) -> None:
    counts = registry.xref()["customer_id"].value_counts().to_pylist()
    largest = max(counts, key=lambda one: one["counts"])["values"]
    open_(page, f"#customer/{largest}", ".picture .dot")
    assert page.locator("#split").is_disabled()
    page.locator(".picture .dot").first.click()
    page.locator(".picture .dot").nth(1).press("Enter")
    page.locator("thead input[type=checkbox]:checked").last.uncheck()
    assert page.locator(".dot.chosen").count() == 1
    chosen = page.locator(".dot.chosen text").text_content()
    page.click("#split")
    answer(page, "/api/split", "#yes")
    page.wait_for_selector("text=Who decided what")
    said = registry.decisions().to_pylist()
    assert len({row["act"] for row in said}) == 1
    (apart,) = [row for row in said if row["verdict"] == "different"]
    assert chosen in {f"{apart[f'{side}_channel']}:{apart[f'{side}_record_id']}" for side in ("left", "right")}

    open_(page, "#decisions", "button:has-text('Take the act back')")
    page.locator("button:has-text('Take the act back')").first.click()
    answer(page, "/api/take-back", "#yes")
    page.wait_for_selector("text=Nothing is decided.")
    assert registry.decisions()["revoked_at"].null_count == 0


def test_customers_are_found_and_merged(page: Page, registry: Registry) -> None:
    page.keyboard.press("/")
    page.wait_for_selector("#text")
    page.fill("#text", "Zwirnberger")
    page.keyboard.press("Enter")
    page.wait_for_selector(".found li")
    assert page.locator(".found li:has-text('holds these words')").count() == 2
    for box in page.locator(".found input").all()[:2]:
        box.check()
    page.click("text=Say that the chosen are one customer")
    answer(page, "/api/merge", "#yes")
    assert registry.decisions()["verdict"].to_pylist() == ["same"]


def test_a_contradiction_is_shown_as_it_is(page: Page, registry: Registry) -> None:
    left, right = (tuple(name.split(":", 1)) for name in asked(page))
    registry.decide(left, right, "different", actor="kim", reason="twins")  # type: ignore[arg-type]
    page.keyboard.press("s")
    page.wait_for_selector(".toast.wrong")
    assert "decision 1 by kim" in page.locator(".toast.wrong").inner_text()
    assert len(registry.decisions()) == 1


def test_after_enough_decisions_it_offers_to_learn_shows_the_effect_and_applies_it(
    page: Page, registry: Registry
) -> None:
    first = [tuple(name.split(":", 1)) for name in asked(page)]
    press(page, "s")
    assert page.locator("#offer").is_hidden()
    press(page, "d")
    page.click("#offer button")
    answer(page, "/api/look", "#learn")
    page.wait_for_selector("#preview", timeout=60_000)
    assert "merge" in page.locator("#preview .numbers").inner_text()
    assert len(registry.runs()) == 1
    answer(page, "/api/apply", "#apply")
    page.wait_for_selector("#applied", timeout=60_000)
    assert len(registry.runs()) == 2
    assert registry.lookup(*first[0]) == registry.lookup(*first[1])  # type: ignore[arg-type]
    assert page.locator("#offer").is_hidden()
    assert "0 decisions more than when the model was last learned" in page.locator("main").inner_text()
    assert registry.verify() == []


def test_without_the_token_there_is_nothing_to_see(browser: Browser, serving: Serving) -> None:
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"http://127.0.0.1:{serving.port}/?token=guessed")
    assert answer is not None
    assert answer.status == 403
    answer = page.goto(f"http://127.0.0.1:{serving.port}/")
    assert answer is not None
    assert answer.status == 403
    page.goto(serving.url)
    page.wait_for_selector(QUESTION)
    other = context.new_page()  # another tab has the cookie, which alone opens nothing
    other.goto(f"http://127.0.0.1:{serving.port}/")
    other.wait_for_selector("text=does not know the token")
    context.close()


def test_nothing_is_wider_than_a_telephone(browser: Browser, serving: Serving) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 780}, color_scheme="dark")
    page = context.new_page()
    page.goto(serving.url)
    page.wait_for_selector(QUESTION)
    for view in ("#queue", "#search", "#decisions", "#effect"):
        page.evaluate("view => { location.hash = view; }", view)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380, view
    context.close()
