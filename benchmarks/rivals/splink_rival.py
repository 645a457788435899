"""Splink, set up as its documentation sets it up.

FEBRL and the historical persons have examples of their own there ("Deduplicating the febrl3 dataset", "Linking two
datasets (febrl4)", "Deduplicate 50k rows historical persons"); their comparisons, blocking rules and training are
followed. For other data: the ready-made comparison for each kind of column, no two columns that say the same
(postcode or city), blocking on pairs of columns and on what is nearly unique alone, two rounds of EM that block on
different columns, clusters at a probability of .95, as in its README and tutorial.
"""

from __future__ import annotations

import logging
from itertools import combinations

import job
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

logging.getLogger("splink").setLevel(logging.ERROR)

task = job.read()
frame = task.records.rename(columns={"record_id": "unique_id"})
has = set(frame.columns)


def settings() -> tuple[list, list, list, float, list, float]:
    """comparisons, blocking rules, deterministic rules and their recall, EM rules, pairs for u."""
    if task.name.startswith("febrl"):
        return febrl()
    if task.name == "splink_historical50k":
        return historical()
    return general()


def febrl():
    comparisons = [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.DamerauLevenshteinAtThresholds("national_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ]
    blocking = [
        block_on("national_id"),
        block_on("given_name", "surname"),
        "l.given_name = r.surname and l.surname = r.given_name",
        block_on("birth_date"),
        block_on("given_name", "postcode"),
        block_on("surname", "postcode"),
        block_on("region", "street"),
        block_on("street_number", "street"),
        block_on("postcode"),
    ]
    certain = [
        block_on("national_id"),
        block_on("given_name", "surname", "birth_date"),
        "l.given_name = r.surname and l.surname = r.given_name and l.birth_date = r.birth_date",
    ]
    return comparisons, blocking, certain, 0.9, [block_on("birth_date"), block_on("postcode")], 1e6


def historical():
    frame["name_concat"] = (frame["given_name"] + " " + frame["surname"]).where(
        frame["given_name"].notna() & frame["surname"].notna(), None
    )
    comparisons = [
        cl.ForenameSurnameComparison("given_name", "surname", forename_surname_concat_col_name="name_concat"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.LevenshteinAtThresholds("postcode", 2),
        cl.JaroWinklerAtThresholds("birth_place", 0.9).configure(term_frequency_adjustments=True),
        cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
    ]
    blocking = [
        block_on("given_name", "surname"),
        block_on("surname", "birth_date"),
        block_on("given_name", "birth_date"),
        block_on("postcode", "given_name"),
        block_on("postcode", "surname"),
        block_on("birth_date", "birth_place"),
        block_on("substr(postcode,1,3)", "birth_date"),
        block_on("substr(postcode,1,3)", "given_name"),
        block_on("substr(postcode,1,3)", "surname"),
        block_on("substr(given_name,1,2)", "substr(surname,1,2)", "substr(birth_date,1,4)"),
    ]
    certain = [
        block_on("given_name", "surname", "birth_date"),
        block_on("substr(given_name,1,2)", "surname", "substr(postcode,1,2)"),
        block_on("birth_date", "postcode"),
    ]
    return comparisons, blocking, certain, 0.6, [block_on("given_name", "surname"), block_on("birth_date")], 5e6


def general():
    comparisons, alone, certain = [], [], []
    named = {"given_name", "surname"} <= has
    if named:
        frame["name_concat"] = (frame["given_name"] + " " + frame["surname"]).where(
            frame["given_name"].notna() & frame["surname"].notna(), None
        )
        comparisons.append(
            cl.ForenameSurnameComparison("given_name", "surname", forename_surname_concat_col_name="name_concat")
        )
    if "company" in has:
        comparisons.append(
            cl.JaroWinklerAtThresholds("company", [0.95, 0.88, 0.8]).configure(term_frequency_adjustments=True)
        )
    if "birth_date" in has:
        comparisons.append(cl.DateOfBirthComparison("birth_date", input_is_string=True))
    if "email" in has:
        comparisons.append(cl.EmailComparison("email").configure(term_frequency_adjustments=True))
        alone.append("email")
    for column in ("phone", "national_id", "loyalty_id"):
        if column in has:
            comparisons.append(
                cl.DamerauLevenshteinAtThresholds(column, [1, 2]).configure(term_frequency_adjustments=True)
            )
            alone.append(column)
    if "address" in has:
        alone.append("address")
        # An address says its postcode again; comparing both would count it twice.
        if "postcode" not in has or "company" in has:
            comparisons.append(
                cl.JaroWinklerAtThresholds("address", [0.95, 0.88]).configure(term_frequency_adjustments=True)
            )
    place = next((column for column in ("postcode", "city", "birth_place") if column in has), None)
    if place == "postcode":
        comparisons.append(cl.LevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True))
    elif place:
        comparisons.append(cl.JaroWinklerAtThresholds(place, 0.9).configure(term_frequency_adjustments=True))
    comparisons += [
        cl.ExactMatch(column).configure(term_frequency_adjustments=True)
        for column in ("nationality", "occupation")
        if column in has
    ]
    blocking = [block_on(column) for column in alone]
    paired = [column for column in ("given_name", "surname", "birth_date", place, "company") if column in has]
    # Small data can afford loose rules, as its README has them.
    loose = [(column,) for column in paired] if len(frame) < 20_000 else []
    blocking += [block_on(*rule) for rule in (*loose, *combinations(paired, 2))]
    if named and "birth_date" in has:
        blocking.append(block_on("substr(given_name,1,2)", "substr(surname,1,2)", "substr(birth_date,1,4)"))
        blocking.append("l.given_name = r.surname and l.surname = r.given_name and l.birth_date = r.birth_date")
    if "company" in has:
        blocking += [block_on("company"), block_on("substr(company,1,8)")]
    if named and "birth_date" in has:
        certain.append(block_on("given_name", "surname", "birth_date"))
    elif named and place:
        certain.append(block_on("given_name", "surname", place))
    certain += [block_on(column) for column in ("email", "national_id") if column in has and "company" not in has]
    if "company" in has:
        certain.append(block_on("company", *([place] if place else [])))
    training = [block_on("given_name", "surname")] if named else []
    training += [block_on(column) for column in ("birth_date", "email", "phone", "address", "company") if column in has]
    # One session must leave each column free; with a single column EM has nothing to learn from.
    training = training[:2] if len(comparisons) > 1 else []
    return comparisons, blocking, certain, 0.7, training, 1e6 if len(frame) < 20_000 else 5e6


comparisons, blocking, certain, recall, training, u_pairs = settings()
api = DuckDBAPI()
linker = Linker(
    api.register(frame[sorted(frame.columns)]),
    SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocking,
        retain_matching_columns=False,
    ),
)
linker.training.estimate_probability_two_random_records_match(certain, recall=recall)
linker.training.estimate_u_using_random_sampling(max_pairs=u_pairs, seed=1)
notes = [] if training else ["a single column: m stays at its default, as EM has nothing to learn it from"]
for rule in training:
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    except Exception as problem:
        notes.append(f"EM: {type(problem).__name__}")
predictions = linker.inference.predict(threshold_match_probability=0.5)
clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, 0.95)
found = api.duckdb_con.sql(f"select unique_id, cluster_id from {clusters.physical_name}").df()
job.answer(task, found["unique_id"], found["cluster_id"], notes=notes)
