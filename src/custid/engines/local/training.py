"""Learning a model's probabilities from the data, without labels.

In: `Columns`, blocking rules applied to them, an untrained `Model`. Out: the `Model` with m, u, h and the
number of matches and relatives per record. Never here: reading truth; clocks; unseeded randomness.

u comes from random pairs, less the matches among them. m and h come from expectation maximization over the counts
of agreement patterns (Dempster, Laird, Rubin 1977; for record linkage Winkler 1988), in one go over all blocking
rules: every rule is a session with class shares of its own, in which the comparisons its keys decide stay silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from custid.engines.local.blocking import Blocks, _first_time
from custid.engines.local.columns import Columns
from custid.engines.local.dependence import dependences
from custid.engines.local.scoring import Comparing, Levels, distinct_patterns
from custid.model.spec import Comparison, Condition, Level, Model

RANDOM_PAIRS = 250_000
#: Pairs looked at in all sessions together, and in one.
ALL_SESSIONS_PAIRS = 240_000
SESSION_PAIRS = 20_000
#: How many imagined pairs the defaults are worth when probabilities are estimated.
DEFAULT_PAIRS = 30.0
#: What is assumed of strangers is worth so many pairs; of matches and relatives per record, so many records.
STRANGER_PAIRS = 1000.0
DEFAULT_RECORDS = 10.0
MATCHES_PER_RECORD = 0.5
RELATIVES_PER_RECORD = 0.1
#: How many imagined pairs u is worth in a session's own background.
BACKGROUND_PAIRS = 100.0
#: Relatives per match where a rule asks for something personal. Left free, relatives would there take in the matches
#: whose first names differ, as the remaining fields cannot tell the two apart.
COINCIDENCES = 0.02
#: The least share of records that say something personal for relatives to be looked for.
PERSONAL_SHARE_MIN = 0.5
ROUNDS_MAX = 200
TOLERANCE = 1e-4
#: log2 of what cannot be.
_NEVER = -1e9

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Session:
    """Agreement patterns of pairs of one rule: (patterns, comparisons) levels, how often each was seen among all
    its pairs, the share of the rule's pairs each stands for that no earlier rule yields, comparisons that speak.
    `personal`: the rule asks for something that relatives have in common only by coincidence. `known`: per pattern 1
    where its pairs are labelled the same, 2 where different, else 0."""

    patterns: Levels
    counts: Table
    weights: Table
    speaks: npt.NDArray[np.bool_]
    personal: bool
    known: Levels


@dataclass(frozen=True)
class Labels:
    """What somebody knows of the rows: `group` per row (-1: not known), rows of one group being the same person;
    and pairs of rows that are the same, or not. Labelled pairs count like others, but their class is not in doubt."""

    group: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    same: npt.NDArray[np.bool_]

    def known(self, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Levels:
        """Of each pair of rows, by their groups: 1 the same, 2 different, 0 not known."""
        a, b = self.group[left], self.group[right]
        return np.where((a < 0) | (b < 0), 0, np.where(a == b, 1, 2)).astype(np.uint8)


def train(
    columns: Columns, blocks: Sequence[Blocks], model: Model, *, seed: int, labels: Labels | None = None
) -> Model:
    """Estimate everything. Deterministic in its arguments."""
    rng = np.random.default_rng(seed)
    comparing = Comparing(columns, model.comparisons)
    seen = _random_levels(columns, comparing, rng)
    sessions = [
        session
        for number in range(len(blocks))
        if model.comparisons and (session := _session(columns, comparing, blocks, number, rng, labels)) is not None
    ]
    if labels is not None and len(labels.left) and model.comparisons:
        sessions.append(_labelled(comparing, labels))
    m = [np.array(comparison.default_m) for comparison in model.comparisons]
    u = [shares.copy() for shares in seen]
    all_pairs = columns.rows * (columns.rows - 1) / 2
    share_matches = min(0.5 * columns.rows / max(all_pairs, 1), 0.5)
    related = _tells_relatives_apart(columns, model)
    share_relatives = share_matches if related else 0.0
    h = [_relatives(comparison, m[i], u[i], None) for i, comparison in enumerate(model.comparisons)]
    rounds = 0
    # One comparison alone teaches nothing: whatever it says, there is nothing to hold it against.
    alone = len(model.comparisons) == 1 and bool(model.comparisons[0].alone) and labels is None
    if alone:
        m[0], u[0], share_matches = _alone(model.comparisons[0], sessions, seen[0], all_pairs)
        h[0] = _relatives(model.comparisons[0], m[0], u[0], None)
    converged = alone or not sessions
    shares = [np.array([0.3, 0.2 if related else 0.0, 0.5]) for _ in sessions]
    backgrounds = [u for _ in sessions]
    while sessions and rounds < ROUNDS_MAX and not converged:
        rounds += 1
        before = np.concatenate(m)
        overall = np.array([share_matches, share_relatives, 1 - share_matches - share_relatives])
        m, h, shares, backgrounds = _maximize(model.comparisons, sessions, shares, overall, m, u, h, backgrounds)
        if rounds % 5 == 0:
            share_matches, share_relatives = _overall(sessions, m, u, h, all_pairs, share_matches, share_relatives)
            u = _strangers(seen, m, h, share_matches, share_relatives, columns.rows)
        converged = rounds > 10 and float(np.abs(np.concatenate(m) - before).max()) < TOLERANCE
    if sessions and not alone:
        share_matches, share_relatives = _overall(sessions, m, u, h, all_pairs, share_matches, share_relatives)
        u = _strangers(seen, m, h, share_matches, share_relatives, columns.rows)
    overlaps = dependences(
        columns,
        model.comparisons,
        [float(shares[0]) for shares in m],
        [float(shares[0]) for shares in h],
        share_matches,
        share_relatives,
    )
    comparisons = tuple(
        replace(
            comparison,
            overlaps={model.comparisons[a].name: round(bits, 3) for (a, b), bits in overlaps.items() if b == i},
            levels=_learnt(comparison, m[i], u[i], h[i]),
        )
        for i, comparison in enumerate(model.comparisons)
    )
    return replace(
        model,
        comparisons=comparisons,
        matches_per_record=_per_record(share_matches * all_pairs, columns.rows, MATCHES_PER_RECORD),
        relatives_per_record=(
            _per_record(share_relatives * all_pairs, columns.rows, RELATIVES_PER_RECORD) if related else 0.0
        ),
    ).with_facts(
        records=columns.rows,
        seed=seed,
        rounds=rounds,
        converged=bool(converged),
        pairs_seen=int(sum(session.counts.sum() for session in sessions)),
        not_learned=[
            comparison.name
            for i, comparison in enumerate(model.comparisons)
            if not any(session.speaks[i] and session.patterns[:, i].any() for session in sessions)
        ],
    )


def _alone(
    comparison: Comparison, sessions: Sequence[_Session], seen: Table, all_pairs: float
) -> tuple[Table, Table, float]:
    """m, u and the share of matches where only this is compared: each level's share of all pairs is counted, and the
    part of it that are matches is assumed."""
    shares = seen.copy()
    for level in range(len(shares) - 1):
        # Random pairs are too few to tell how rare a level is; that many are there for certain.
        found = sum(float(session.weights[session.patterns[:, 0] == level + 1].sum()) for session in sessions)
        shares[level] = found / all_pairs if found else min(shares[level], 1 / all_pairs)
    shares[-1] = 1 - shares[:-1].sum()
    matches = shares * np.array(comparison.alone)
    # Those whom no rule brings together are on the last level.
    total = float(matches.sum()) / (1 - comparison.default_m[-1])
    matches[-1] = total * comparison.default_m[-1]
    strangers = np.maximum(shares - matches, 1e-12)
    m = np.maximum(matches / total, 1e-6)
    return m / m.sum(), strangers / strangers.sum(), total


def _learnt(comparison: Comparison, m: Table, u: Table, h: Table) -> tuple[Level, ...]:
    """The levels with their probabilities; a one-sided comparison's last level is as likely among all."""
    if comparison.one_sided:
        m, h = np.append(m[:-1], u[-1]), np.append(h[:-1], u[-1])
    return tuple(
        replace(level, m=float(m[j]), u=float(u[j]), h=float(h[j])) for j, level in enumerate(comparison.levels)
    )


def _per_record(pairs: float, records: int, default: float) -> float:
    """Pairs per record, drawn towards the default where records are few."""
    return float((2 * pairs + DEFAULT_RECORDS * default) / (records + DEFAULT_RECORDS))


def _tells_relatives_apart(columns: Columns, model: Model) -> bool:
    """Whether most records say something personal. Where they do not (shops, sites, mailing lists), two records that
    share all they have are one customer, and looking for relatives would explain every match away."""
    personal = [
        column.codes >= 0
        for comparison in model.comparisons
        if not comparison.shared and comparison.name != "sex"
        for name in comparison.columns
        for column in columns.expand(name)
    ]
    return bool(personal) and float(np.mean(np.any(personal, axis=0))) > PERSONAL_SHARE_MIN


def _random_levels(columns: Columns, comparing: Comparing, rng: np.random.Generator) -> list[Table]:
    """The share of random pairs on each level, among those where the comparison is not missing."""
    left = rng.integers(0, max(1, columns.rows), RANDOM_PAIRS)
    right = rng.integers(0, max(1, columns.rows), RANDOM_PAIRS)
    differ = left != right
    levels = comparing.levels(left[differ], right[differ])
    out = []
    for number, comparison in enumerate(comparing.comparisons):
        counts = np.bincount(levels[:, number], minlength=len(comparison.levels) + 1)[1:].astype(float)
        shares = (counts + 0.5 / len(counts)) / (counts.sum() + 0.5)
        exact = _collisions(columns, comparison)
        if exact is not None:
            shares[1:] *= (1 - exact) / max(1e-12, 1 - shares[0])
            shares[0] = exact
        pairs = columns.rows * (columns.rows - 1) / 2
        shares = pairs * shares + STRANGER_PAIRS * _default_u(len(shares))
        out.append(shares / shares.sum())
    return out


def _default_u(levels: int) -> Table:
    """What is assumed of strangers before there is data: they seldom agree, unless there are but two levels."""
    if levels == 2:
        return np.array([0.5, 0.5])
    return np.append(np.full(levels - 1, 0.005), 1 - 0.005 * (levels - 1))


def _collisions(columns: Columns, comparison: Comparison) -> float | None:
    """How often two random records agree exactly, from the frequencies of values: a sample of pairs is too small
    to tell for what is nearly unique. None where the first level is more than one equality."""
    when = comparison.levels[0].when
    if len(when) != 1 or not when[0].endswith(" equal"):
        return None
    found = columns.expand(when[0].split()[0])
    frequency = np.sum([column.frequencies for column in found], axis=0)[:-1].astype(float)
    filled = max((column.filled for column in found), default=0)
    return float((frequency * (frequency - 1)).sum() / max(1.0, filled * (filled - 1.0)))


def _session(
    columns: Columns,
    comparing: Comparing,
    blocks: Sequence[Blocks],
    number: int,
    rng: np.random.Generator,
    labels: Labels | None,
) -> _Session | None:
    found = blocks[number]
    pairs = found.pairs
    if pairs == 0:
        return None
    most = min(SESSION_PAIRS, ALL_SESSIONS_PAIRS // len(blocks))
    numbers = np.arange(pairs) if pairs <= most else np.sort(rng.integers(0, pairs, most))
    left, right, own = found.pairs_at(numbers)
    levels = comparing.levels(left, right)
    new = _new(blocks, number, left, right, own) * (pairs / len(numbers))
    known = labels.known(left, right) if labels is not None else np.zeros(len(left), np.uint8)
    patterns, inverse = distinct_patterns(np.column_stack([levels, known]))
    decided = _sources(found.rule.columns)
    speaks = np.array([not (_sources_of(comparison) & decided) for comparison in comparing.comparisons])
    return _Session(
        patterns[:, :-1],
        np.bincount(inverse).astype(np.float64),
        np.bincount(inverse, weights=new).astype(np.float64),
        speaks,
        any(not comparison.shared and _compared(comparison) & decided for comparison in comparing.comparisons),
        patterns[:, -1],
    )


def _labelled(comparing: Comparing, labels: Labels) -> _Session:
    """The labelled pairs as a session in which every comparison speaks; it says nothing of how common matches are."""
    levels = comparing.levels(labels.left, labels.right)
    known = np.where(labels.same, 1, 2).astype(np.uint8)
    patterns, inverse = distinct_patterns(np.column_stack([levels, known]))
    counts = np.bincount(inverse).astype(np.float64)
    everything = np.ones(len(comparing.comparisons), bool)
    return _Session(patterns[:, :-1], counts, np.zeros_like(counts), everything, False, patterns[:, -1])


def _new(
    blocks: Sequence[Blocks],
    number: int,
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    own: npt.NDArray[np.int64],
) -> Table:
    """1 for pairs that this rule yields for the first time, else 0."""
    kept_left, kept_right = _first_time(blocks, number, left, right, own)
    wide = np.int64(1) << 32
    return np.isin(left * wide + right, kept_left * wide + kept_right).astype(float)


#: Columns made from others: what decides one decides the other.
_MADE_FROM = {
    "given_latin": {"given_name"},
    "surname_latin": {"surname"},
    "name_tokens": {"given_name", "surname"},
    "full_name": {"given_name", "surname"},
    "email_local": {"email"},
    "company_latin": {"company"},
    "company_words": {"company"},
}


def _sources(columns: Iterable[str]) -> set[str]:
    """The columns that these are made from, without their stars."""
    return {source for column in columns for source in _MADE_FROM.get(column.rstrip("*"), {column.rstrip("*")})}


def _compared(comparison: Comparison) -> set[str]:
    """The sources of what a comparison is about. Its conditions may look at more: at surnames, for what somebody is
    called in place of a given name."""
    return _sources(name for column in comparison.columns for name in column.split(","))


def _sources_of(comparison: Comparison) -> set[str]:
    conditions = [Condition.parse(text) for level in comparison.levels for text in level.when]
    # A swapped name looks at the other name too, but that does not decide it.
    looked_at = {column for found in conditions if found.test != "swapped" for column in found.columns}
    return _sources({*comparison.columns, *looked_at})


def _likelihoods(session: _Session, classes: Sequence[list[Table]], speaks: npt.NDArray[np.bool_]) -> Table:
    """log2 of each pattern's probability in each class: (patterns, classes)."""
    out = np.zeros((len(session.patterns), len(classes)))
    for k, probabilities in enumerate(classes):
        for i in np.flatnonzero(speaks):
            out[:, k] += np.append(0.0, np.log2(probabilities[i]))[session.patterns[:, i]]
    out[session.known == 1, 1:] = _NEVER
    out[session.known == 2, 0] = _NEVER
    return out


def _posteriors(likelihoods: Table, shares: Table) -> Table:
    weighted = likelihoods + np.log2(np.maximum(shares, 1e-300))
    weighted -= weighted.max(axis=1, keepdims=True)
    odds = np.exp2(weighted)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _maximize(
    comparisons: tuple[Comparison, ...],
    sessions: list[_Session],
    shares: list[Table],
    overall: Table,
    m: list[Table],
    u: list[Table],
    h: list[Table],
    backgrounds: list[list[Table]],
) -> tuple[list[Table], list[Table], list[Table], list[list[Table]]]:
    """One round of expectation and maximization.

    What strangers have in common depends on what brought them together: those of one first name are of one sex and
    often of one country. Each session therefore has a background of its own, drawn towards u where it is thin.

    One comparison alone cannot tell class shares from level probabilities. Where only one speaks in a session, the
    silent ones, and the `overall` shares of the classes among all pairs, say how likely each pair is a match.
    """
    matches = [DEFAULT_PAIRS * np.array(comparison.default_m) for comparison in comparisons]
    relatives = [DEFAULT_PAIRS * (0.5 * a + 0.5 * b) for a, b in zip(m, u, strict=True)]
    new_shares = []
    new_backgrounds = []
    for session, share, background in zip(sessions, shares, backgrounds, strict=True):
        alone = np.count_nonzero(session.speaks) < 2
        heard = np.ones_like(session.speaks) if alone else session.speaks
        likelihoods = _likelihoods(session, (m, h, background), heard)
        posterior = _posteriors(likelihoods, overall if alone else share) * session.counts[:, None]
        total = posterior.sum(axis=0) + np.array([1.0, 1.0, 1.0])
        if share[1] == 0:
            total[1] = 0.0
        elif session.personal:
            total[1] = COINCIDENCES * total[0]
        new_shares.append(total / total.sum())
        own = list(u)
        for i in np.flatnonzero(session.speaks):
            size = len(m[i]) + 1
            matches[i] += np.bincount(session.patterns[:, i], posterior[:, 0], size)[1:]
            relatives[i] += np.bincount(session.patterns[:, i], posterior[:, 1], size)[1:]
            own[i] = BACKGROUND_PAIRS * u[i] + np.bincount(session.patterns[:, i], posterior[:, 2], size)[1:]
            own[i] /= own[i].sum()
        new_backgrounds.append(own)
    m = [counts / counts.sum() for counts in matches]
    h = [
        _relatives(comparison, m[i], u[i], relatives[i] / relatives[i].sum())
        for i, comparison in enumerate(comparisons)
    ]
    return m, h, new_shares, new_backgrounds


def _relatives(comparison: Comparison, m: Table, u: Table, learned: Table | None) -> Table:
    """Level probabilities among relatives: learnt for what a household shares, else those of strangers but for a
    few coincidences."""
    if comparison.shared:
        return learned if learned is not None else 0.5 * m + 0.5 * u
    return (1 - comparison.coincidence) * u + comparison.coincidence * m


def _strangers(
    seen: list[Table],
    m: list[Table],
    h: list[Table],
    share_matches: float,
    share_relatives: float,
    records: int,
) -> list[Table]:
    """What random pairs show, less the matches and relatives among them."""
    out = []
    for i, shares in enumerate(seen):
        rest = shares - share_matches * m[i] - share_relatives * h[i]
        rest = np.maximum(rest, 0.1 / max(1, records) * np.minimum(m[i], 1))
        out.append(rest / rest.sum())
    return out


def _overall(
    sessions: list[_Session],
    m: list[Table],
    u: list[Table],
    h: list[Table],
    all_pairs: float,
    share_matches: float,
    share_relatives: float,
) -> tuple[float, float]:
    """The shares of matches and relatives among all pairs, from the pairs that the rules yield together."""
    everything = np.ones(len(m), bool)
    likelihoods = np.concatenate([_likelihoods(session, (m, h, u), everything) for session in sessions])
    weights = np.concatenate([session.weights for session in sessions])
    for _ in range(100):
        shares = np.array([share_matches, share_relatives, max(1e-9, 1 - share_matches - share_relatives)])
        found = (_posteriors(likelihoods, shares) * weights[:, None]).sum(axis=0) / max(all_pairs, 1.0)
        new_matches = max(float(found[0]), 0.01 / max(all_pairs, 1.0))
        new_relatives = float(found[1])
        done = abs(new_matches - share_matches) <= 1e-3 * share_matches
        share_matches, share_relatives = new_matches, new_relatives
        if done:
            break
    return share_matches, share_relatives
