"""What waits for a steward in a whole registry, and in which order to ask.

In: a session, the stored model's match threshold. Out: a `Queue`. Never here: deciding; reading values of records,
except by `containing`, which looks for a text in them.

A question is about two customers: of the edges between them the strongest stands for all. It waits until somebody has
decided anything about a record of the one and a record of the other, directly or through records that are the same.

What is asked first teaches the model most. A pair is the more uncertain the nearer its weight is to the match
threshold: 4 p (1 - p), with p the probability that is so many bits away from even. A pair that reached the threshold
and was kept apart counts as `GUARDED_BITS` away: much speaks for it, and much against. Pairs on the same comparison
levels teach the same, so the k-th of them, decided ones counted, is worth a k-th (uncertainty with diversity; see
Settles, Active Learning Literature Survey, 2009, on both).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.identity.decided import joined
from custid.registries.session import Session

#: One row per question, what teaches most first. `match_weight`, `levels`: of the strongest of `pairs` edges between
#: the two customers. `reason`: why it waits. `teaches`: 0 … 1, see above. `left_id`, `right_id`: the customers.
QUESTIONS = pa.schema(
    [
        *schemas.EDGES,
        pa.field("reason", pa.string(), nullable=False),
        pa.field("teaches", pa.float64(), nullable=False),
        pa.field("pairs", pa.int64(), nullable=False),
        pa.field("left_id", pa.string(), nullable=False),
        pa.field("right_id", pa.string(), nullable=False),
        *[
            pa.field(f"{side}_{name}", pa.string(), nullable=False)
            for side in ("left", "right")
            for name in ("channel", "record_id")
        ],
    ]
)

BETWEEN, GUARDED = "between the thresholds", "kept apart by a guard"
#: How far from the match threshold a pair counts that reached it and was kept apart, in bits.
GUARDED_BITS = 2.5
#: So many questions, those nearest to the threshold, are put in order; the others wait behind them.
RANKED_MAX = 20_000

_EVERYTHING = 2**62


@dataclass(frozen=True)
class Queue:
    """`waiting`: how many questions wait in all. `questions`: QUESTIONS, the first of them."""

    waiting: int
    questions: pa.Table = field(repr=False)


_DECIDED = """
    SELECT decisions.left_key, decisions.right_key, decisions.verdict,
        lefts.customer_id AS left_id, rights.customer_id AS right_id
    FROM custid.decisions AS decisions
    LEFT JOIN custid.links AS lefts ON lefts.record_key = decisions.left_key
    LEFT JOIN custid.links AS rights ON rights.record_key = decisions.right_key
    WHERE decisions.revoked_at IS NULL"""

# Of a pair of customers only the strongest edge; $1 the match threshold, $2 what a guarded pair counts, $3 how many.
_WAITING = """
    WITH apart AS (
        SELECT edges.left_key, edges.right_key, edges.match_weight, edges.levels,
            lefts.customer_id AS left_id, rights.customer_id AS right_id,
            coalesce(left_persons.person, lefts.customer_id) AS left_person,
            coalesce(right_persons.person, rights.customer_id) AS right_person
        FROM custid.edges AS edges
        JOIN custid.links AS lefts ON lefts.record_key = edges.left_key
        JOIN custid.links AS rights ON rights.record_key = edges.right_key
        LEFT JOIN given_persons AS left_persons ON left_persons.customer_id = lefts.customer_id
        LEFT JOIN given_persons AS right_persons ON right_persons.customer_id = rights.customer_id
        WHERE lefts.customer_id <> rights.customer_id),
    asked AS (
        SELECT left_key, right_key, match_weight, levels, left_id, right_id,
            least(left_person, right_person) AS one, greatest(left_person, right_person) AS other
        FROM apart WHERE left_person <> right_person),
    waiting AS (
        SELECT asked.*, count(*) OVER (PARTITION BY one, other) AS pairs,
            row_number() OVER (PARTITION BY one, other ORDER BY match_weight DESC, left_key, right_key) AS place
        FROM asked WHERE NOT EXISTS (
            SELECT 1 FROM given_settled AS settled WHERE settled.one = asked.one AND settled.other = asked.other)),
    questions AS (
        SELECT left_key, right_key, match_weight, levels, left_id, right_id, pairs,
            CASE WHEN match_weight >= $1 THEN $2 ELSE $1 - match_weight END AS away_bits
        FROM waiting WHERE place = 1)
    SELECT questions.*, (SELECT count(*) FROM questions) AS waiting
    FROM questions ORDER BY away_bits, left_key, right_key LIMIT $3"""

_NAMES = """
    SELECT record_key, channel, record_id FROM custid.records
    WHERE record_key IN (SELECT given_key FROM given_keys)"""

#: How often a comparison pattern was decided.
_TAUGHT = """
    SELECT edges.levels, count(*) AS times
    FROM custid.decisions AS decisions
    JOIN custid.edges AS edges ON edges.left_key = decisions.left_key AND edges.right_key = decisions.right_key
    WHERE decisions.revoked_at IS NULL AND decisions.verdict <> 'unsure' GROUP BY edges.levels"""


def queue(session: Session, match_threshold: float, limit: int | None) -> Queue:
    """See `Registry.review`; `limit` None: all questions."""
    persons, settled = _settled(session)
    session.offer("given_persons", persons)
    session.offer("given_settled", settled)
    most = _EVERYTHING if limit is None else max(limit, RANKED_MAX)
    found = session.fetch(_WAITING, (float(match_threshold), GUARDED_BITS, most))
    if not len(found):
        return Queue(0, schemas.empty(QUESTIONS))
    taught = session.fetch(_TAUGHT)
    away = found["away_bits"].cast(pa.float64()).to_numpy()
    levels = found["levels"].fill_null("")
    teaches = worth(away, levels, dict(zip(taught["levels"].to_pylist(), taught["times"].to_pylist(), strict=True)))
    order = np.lexsort((found["right_key"].to_numpy(), found["left_key"].to_numpy(), -teaches))[:limit]
    chosen = found.take(pa.array(order)).append_column("teaches", pa.array(teaches[order]))
    guarded = pc.greater_equal(chosen["match_weight"].cast(pa.float64()), match_threshold)
    chosen = chosen.append_column("reason", pc.if_else(guarded, GUARDED, BETWEEN))
    return Queue(int(found["waiting"][0].as_py()), schemas.conform(_named(session, chosen), QUESTIONS))


def worth(
    away_bits: npt.NDArray[np.float64], levels: pa.ChunkedArray | pa.Array, taught: dict[str, int]
) -> npt.NDArray[np.float64]:
    """How much each pair teaches: its uncertainty, shared with the pairs on the same levels that come before it.

    `away_bits`: bits from the match threshold. `taught`: levels → how often they were decided.

    >>> worth(np.array([0.0, 0.0, 1.0]), pa.array(["a", "a", "b"]), {"b": 1}).round(3).tolist()
    [1.0, 0.5, 0.444]
    """
    sure = 1 / (1 + np.exp2(away_bits))
    uncertain = 4 * sure * (1 - sure)
    encoded = levels.combine_chunks() if isinstance(levels, pa.ChunkedArray) else levels
    encoded = encoded.dictionary_encode()
    pattern = encoded.indices.to_numpy()
    order = np.lexsort((np.arange(len(pattern)), away_bits, pattern))
    starts = np.searchsorted(pattern[order], pattern[order])
    before = np.empty(len(pattern), np.int64)
    before[order] = np.arange(len(pattern)) - starts
    before += np.array([taught.get(text, 0) for text in encoded.dictionary.to_pylist()], np.int64)[pattern]
    return np.asarray(uncertain / (1 + before), np.float64)


def containing(session: Session, text: str, columns: list[str], records_max: int) -> pa.Table:
    """record_key of live records in whose values, taken together, every word of `text` stands, in any case."""
    words = text.split()
    if not words or not columns:
        return pa.table({"record_key": pa.array([], pa.int64())})
    held = _joined([f'"{column}"' for column in columns])
    conditions = " AND ".join(
        f"(lower({held}) LIKE ${2 * place + 1} ESCAPE '!' OR {held} LIKE ${2 * place + 2} ESCAPE '!')"
        for place in range(len(words))
    )
    found = session.fetch(
        f"SELECT record_key FROM custid.records WHERE live AND {conditions} ORDER BY record_key LIMIT {records_max:d}",
        tuple(pattern for word in words for pattern in (_like(word.lower()), _like(word))),
    )
    return found.cast(pa.schema([pa.field("record_key", pa.int64())]))


#: PostgreSQL's functions take a hundred arguments.
_ARGUMENTS_MAX = 90


def _joined(columns: list[str]) -> str:
    parts = [columns[start : start + _ARGUMENTS_MAX] for start in range(0, len(columns), _ARGUMENTS_MAX)]
    joined_parts = [f"concat_ws(' ', {', '.join(part)})" for part in parts]
    return joined_parts[0] if len(joined_parts) == 1 else _joined(joined_parts)


def _like(word: str) -> str:
    """
    >>> _like("50%_!")
    '%50!%!_!!%'
    """
    for special in "!%_":
        word = word.replace(special, "!" + special)
    return f"%{word}%"


def _settled(session: Session) -> tuple[pa.Table, pa.Table]:
    """What decisions already say of customers: customer_id → `person`, for those that are one with others; and pairs
    of persons (`one` < `other`) that are not to be asked about."""
    rows = session.fetch(_DECIDED)
    keys = np.unique(np.concatenate([rows["left_key"].to_numpy(), rows["right_key"].to_numpy()]))
    ids = pc.unique(pa.chunked_array([*rows["left_id"].chunks, *rows["right_id"].chunks], pa.string())).drop_null()
    left, right = (np.searchsorted(keys, rows[side].to_numpy()) for side in ("left_key", "right_key"))
    holder = [
        pc.index_in(rows[side].cast(pa.string()), value_set=ids).fill_null(-1) for side in ("left_id", "right_id")
    ]
    left_holder, right_holder = (np.asarray(found.to_numpy(), np.int64) for found in holder)
    same = pc.equal(rows["verdict"], "same").to_numpy()
    held = [(place[has >= 0], has[has >= 0] + len(keys)) for place, has in ((left, left_holder), (right, right_holder))]
    number = (
        joined(
            len(keys) + len(ids),
            np.concatenate([left[same], *(place for place, _ in held)]),
            np.concatenate([right[same], *(has for _, has in held)]),
        )
        if len(keys)
        else np.zeros(0, np.int64)
    )
    # A person goes by the first of its customers; one without any is in no edge.
    names: dict[int, str] = {}
    person_of = number[len(keys) :].tolist()
    for customer_id, person in sorted(zip(ids.to_pylist(), person_of, strict=True)):
        names.setdefault(person, customer_id)
    persons = pa.table(
        {"customer_id": ids.cast(pa.string()), "person": pa.array([names[person] for person in person_of], pa.string())}
    )
    pairs = {
        tuple(sorted((names[one], names[other])))
        for one, other in zip(number[left[~same]].tolist(), number[right[~same]].tolist(), strict=True)
        if one != other and one in names and other in names
    }
    ordered = sorted(pairs)
    return persons, pa.table(
        {
            "one": pa.array([one for one, _ in ordered], pa.string()),
            "other": pa.array([other for _, other in ordered], pa.string()),
        }
    )


def _named(session: Session, chosen: pa.Table) -> pa.Table:
    keys = pc.unique(pa.chunked_array([*chosen["left_key"].chunks, *chosen["right_key"].chunks]))
    session.offer("given_keys", pa.table({"given_key": keys.cast(pa.int64())}))
    names = session.fetch(_NAMES)
    known = names["record_key"].combine_chunks()
    for side in ("left", "right"):
        rows = pc.index_in(chosen[f"{side}_key"], value_set=known)
        for name in ("channel", "record_id"):
            chosen = chosen.append_column(f"{side}_{name}", names[name].take(rows))
    return chosen
