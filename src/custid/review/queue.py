"""A steward's desk: what waits, what is known of it, and what the steward says.

In: a registry and a steward's name. Out: plain data for the page; decisions, which go to the registry at once.
Never here: HTTP; the order of the queue (`registries.reviewing` has it); what decisions change (`effect`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import CustidError, UnknownCustomer, UsageError
from custid.identity.history import levels_said, tell
from custid.model.files import from_json
from custid.model.spec import Model
from custid.registries.base import Registry, View
from custid.review import compare
from custid.review.evidence import Evidence
from custid.review.layout import places

#: Questions that are fetched at once, and left when more are fetched.
PAGE, LOW = 200, 20
#: Records of the two customers of a question that are shown.
BESIDE_MAX = 12
#: Records of one customer that are shown, and that are in its picture: all its pairs are weighed for that.
RECORDS_MAX, PICTURE_MAX = 400, 60
FOUND_MAX = 20
DECISIONS_MAX = 300

Record = tuple[str, str]


@dataclass
class _Done:
    """One thing a steward did here, to be undone. `question`: what comes back to the queue."""

    kind: str
    number: int
    question: dict[str, Any] | None = None


@dataclass
class Desk:
    """One steward at work; safe to use from several threads. `decided`: how many questions were answered here.

    `retrain_after`: after so many decisions since the model was last learned it is time to learn again; 0: never, as
    the model is pinned.
    """

    registry: Registry
    actor: str
    retrain_after: int = 25
    decided: int = 0
    _page: list[dict[str, Any]] = field(default_factory=list)
    _waiting: int = 0
    _skipped: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    _done: list[_Done] = field(default_factory=list)
    _stale: bool = True
    _unlearned: int = 0
    _model: tuple[int, Model] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # --- the queue ---

    def state(self) -> dict[str, Any]:
        """What the page says of itself."""
        with self._lock:
            self._refresh()
            return {
                "registry": self.registry.location,
                "actor": self.actor,
                "waiting": self._waiting,
                "decided": self.decided,
                "skipped": len(self._skipped),
                "undo": self._done[-1].kind if self._done else None,
                "retrain_after": self.retrain_after,
                "since_learned": self._unlearned,
            }

    def questions(self, count: int = 30) -> list[dict[str, Any]]:
        """The first questions: rows of `reviewing.QUESTIONS`, those skipped last."""
        with self._lock:
            self._refresh()
            open_ = [one for one in self._page if _pair(one) not in self._skipped]
            return [*open_, *self._skipped.values()][:count]

    def question(self, left_key: int, right_key: int) -> dict[str, Any]:
        """All there is to know about two records: side by side with the others of their customers, and the evidence.

        Raises UnknownCustomer when one of them is gone.
        """
        with self.registry.view() as view:
            model = self._model_of(view)
            records, holder = _with_links(view, [left_key, right_key])
            if not {left_key, right_key} <= holder.keys():
                raise UnknownCustomer("one of these records has gone since the queue was made. It is asked no more.")
            order = sorted(
                records, key=lambda row: (_rank(row["record_key"], left_key, right_key, holder), row["record_key"])
            )
            shown = order[:BESIDE_MAX]
            values = view.values(pa.array([row["record_key"] for row in shown], pa.int64()))
            account = Evidence(values, model).told(left_key, right_key)
        fields = [name for name in shown[0] if name not in schemas.STORED_RECORDS.names]
        return {
            "records": [_head(row, holder) for row in shown],
            "left_out": len(order) - len(shown),
            "same_customer": holder[left_key] == holder[right_key],
            "fields": compare.side_by_side(shown, fields, _by_key(values)),
            "evidence": {
                **account,
                "match_threshold": model.match_threshold,
                "review_threshold": model.review_threshold,
            },
            "decisions": self._decisions_on({row["record_key"] for row in order}),
        }

    # --- saying ---

    def decide(self, left: Record, right: Record, verdict: str, reason: str | None = None) -> dict[str, Any]:
        """Enter a verdict on two records. Raises as `Registry.decide`."""
        with self._lock:
            began = datetime.now(UTC)
            number = self.registry.decide(left, right, verdict, actor=self.actor, reason=reason or None)
            asked = next((one for one in [*self._page, *self._skipped.values()] if _names(one) == {left, right}), None)
            self._entered("decision", number, began, asked)
            if asked is not None:
                self._take_out(asked)
            else:
                self._stale = True
            return {"decision_id": number}

    def skip(self, left_key: int, right_key: int) -> None:
        """Leave a question for the end of this session."""
        with self._lock:
            asked = next((one for one in self._page if _pair(one) == (left_key, right_key)), None)
            if asked is None:
                return
            self._skipped.pop(_pair(asked), None)
            self._skipped[_pair(asked)] = asked
            self._done.append(_Done("skip", 0, asked))

    def merge(self, customers: Sequence[str], reason: str | None = None) -> dict[str, Any]:
        """Say that customers are one. Raises as `Registry.merge`."""
        with self._lock:
            began = datetime.now(UTC)
            act = self.registry.merge(list(customers), actor=self.actor, reason=reason or None)
            self._entered("merge", act, began, None)
            self._stale = True
            return {"act": act}

    def split(self, customer_id: str, parts: Sequence[Sequence[Record]], reason: str | None = None) -> dict[str, Any]:
        """Say that a customer is several. Raises as `Registry.split`."""
        with self._lock:
            began = datetime.now(UTC)
            act = self.registry.split(customer_id, parts, actor=self.actor, reason=reason or None)
            self._entered("split", act, began, None)
            self._stale = True
            return {"act": act}

    def undo(self) -> dict[str, Any]:
        """Take back what was done last at this desk; `question`: the one that is asked again. Raises UsageError."""
        with self._lock:
            if not self._done:
                raise UsageError(
                    "there is nothing to undo here. Older decisions can be taken back in the list of them."
                )
            last = self._done[-1]
            if last.kind == "skip" and last.question is not None:
                self._skipped.pop(_pair(last.question), None)
            elif last.kind == "decision":
                self.registry.revoke(last.number, actor=self.actor)
            else:
                self.registry.revoke_act(last.number, actor=self.actor)
            self._done.pop()
            if last.kind != "skip":
                self.decided = max(0, self.decided - 1)
                self._count_unlearned(self.registry.decisions())
                if last.question is None:
                    self._stale = True
                else:
                    self._page.insert(0, last.question)
                    self._waiting += 1
            return {"kind": last.kind, "question": last.question}

    def take_back(self, number: int, *, act: bool) -> None:
        """Take back any decision, or a whole act. Raises as `Registry.revoke`."""
        with self._lock:
            if act:
                self.registry.revoke_act(number, actor=self.actor)
            else:
                self.registry.revoke(number, actor=self.actor)
            self._done = [one for one in self._done if one.number != number or (one.kind == "decision") == act]
            self._stale = True

    def look_again(self) -> None:
        """Forget what is known of the queue: a run landed."""
        with self._lock:
            self._stale = True
            self._done = []

    # --- looking around ---

    def customer(self, customer_id: str) -> dict[str, Any]:
        """A customer: its records, a picture of what ties them, who else it may be, its story.

        Raises UnknownCustomer.
        """
        found = self.registry.customer(customer_id)
        records = found.records.slice(0, RECORDS_MAX)
        keys = records["record_key"].to_numpy()
        with self.registry.view() as view:
            values = view.values(pa.array(keys))
            picture = self._picture(view, values.sort_by("record_key").slice(0, PICTURE_MAX))
            near = _near(view, keys, found.customer_id)
        rows = records.to_pylist()
        fields = [name for name in records.column_names if name not in schemas.STORED_RECORDS.names]
        code = None if found.status == "erased" else self.registry.code(found.customer_id)
        return {
            "customer_id": found.customer_id,
            "asked_for": found.asked_for,
            "status": found.status,
            "code": code,
            "records": [_head(row, {}) for row in rows],
            "left_out": len(found.records) - len(rows),
            "fields": compare.side_by_side(rows, fields, _by_key(values), asked=False),
            "picture": picture,
            "near": near,
            "story": tell(self.registry.history(found.customer_id), found.customer_id)[-100:],
            "decisions": self._decisions_on(set(keys.tolist())),
        }

    def search(self, text: str) -> list[dict[str, Any]]:
        """Customers found by an id, a customer code, channel:record_id, or what is known of somebody; the surest first.

        `why` says how each was found.
        """
        text = text.strip()
        found: dict[str, dict[str, Any]] = {}
        for customer_id, why in self._named(text):
            found.setdefault(customer_id, {"customer_id": customer_id, "why": why})
        if not found and text:
            alike = self._alike(text)
            sure = [one[:2] for one in alike if one[2]]
            for customer_id, why in [*sure, *self._holding(text), *(one[:2] for one in alike)]:
                found.setdefault(customer_id, {"customer_id": customer_id, "why": why})
        return [self._card(one) for one in list(found.values())[:FOUND_MAX]]

    def decisions(self, *, everything: bool = False) -> dict[str, Any]:
        """Who decided what, the latest first; `everything`: also what was taken back."""
        table = self.registry.decisions()
        standing = table if everything else table.filter(pc.is_null(table["revoked_at"]))
        latest = standing.slice(max(0, len(standing) - DECISIONS_MAX)).to_pylist()[::-1]
        return {"decisions": [_decision(row) for row in latest], "left_out": max(0, len(standing) - DECISIONS_MAX)}

    # --- inside ---

    def _refresh(self) -> None:
        open_ = sum(_pair(one) not in self._skipped for one in self._page)
        if not self._stale and (open_ >= LOW or self._waiting <= len(self._page)):
            return
        queue = self.registry.review(limit=PAGE + len(self._skipped))
        self._waiting = queue.waiting
        self._count_unlearned(self.registry.decisions())
        self._page = queue.questions.to_pylist()
        there = {_pair(one) for one in self._page}
        self._skipped = {pair: one for pair, one in self._skipped.items() if pair in there}
        self._stale = False

    def _take_out(self, asked: dict[str, Any]) -> None:
        self._page = [one for one in self._page if _pair(one) != _pair(asked)]
        self._skipped.pop(_pair(asked), None)
        self._waiting = max(0, self._waiting - 1)

    def _entered(self, kind: str, number: int, began: datetime, asked: dict[str, Any] | None) -> None:
        """Remember what can be undone: not what somebody had said before in the same words."""
        self.decided += 1
        said = self.registry.decisions()
        self._count_unlearned(said)
        row = said.filter(pc.equal(said["decision_id"], number))
        if len(row) and row["decided_at"][0].as_py() >= began:
            self._done.append(_Done(kind, number, asked))

    def _count_unlearned(self, said: pa.Table) -> None:
        """How many standing decisions there are more than the model was learned with."""
        standing = said["revoked_at"].null_count
        text = self.registry.model()
        learned = from_json(text).facts.get("decisions", 0) if text is not None else 0
        self._unlearned = max(0, standing - int(learned))

    def _model_of(self, view: View) -> Model:
        if self._model is None or self._model[0] != view.run_id:
            text = self.registry.model()
            if text is None:
                raise UsageError(f"{self.registry.location} has no run yet, so there is nothing to review.")
            self._model = (view.run_id, from_json(text))
        return self._model[1]

    def _decisions_on(self, keys: set[int]) -> list[dict[str, Any]]:
        table = self.registry.decisions()
        known = pa.array(sorted(keys), pa.int64())
        either = pc.or_(pc.is_in(table["left_key"], known), pc.is_in(table["right_key"], known))
        return [_decision(row) for row in table.filter(either).to_pylist()[::-1]]

    def _picture(self, view: View, values: pa.Table) -> dict[str, Any]:
        """Records as dots (x, y from 0 to 1), pairs as lines: those that link or contradict."""
        keys = np.sort(values["record_key"].to_numpy())
        left, right = np.triu_indices(len(keys), 1)
        model = self._model_of(view)
        if len(left):
            weights, against = Evidence(values, model).weights(keys[left], keys[right])
        else:
            weights, against = np.zeros(0), np.zeros(0, bool)
        ties = weights >= model.review_threshold
        at = places(len(keys), left[ties].astype(np.int64), right[ties].astype(np.int64))
        told = ties | against
        links = weights >= model.match_threshold
        return {
            "dots": [
                {"record_key": key, "x": round(x, 4), "y": round(y, 4)}
                for key, (x, y) in zip(keys.tolist(), at.tolist(), strict=True)
            ],
            "lines": [
                {"left": a, "right": b, "bits": round(max(bits, -99.0), 1), "kind": kind}
                for a, b, bits, kind in zip(
                    keys[left[told]].tolist(),
                    keys[right[told]].tolist(),
                    weights[told].tolist(),
                    np.select([links[told], ties[told]], ["link", "review"], "against").tolist(),
                    strict=True,
                )
            ],
            "pairs": len(left),
        }

    def _named(self, text: str) -> Iterable[tuple[str, str]]:
        for ask, why in ((self.registry.current, "by its id"), (self.registry.by_code, "by its code")):
            try:
                yield ask(text), why
            except CustidError:
                continue
        channel, colon, record_id = text.partition(":")
        if colon and (held := self.registry.lookup(channel.strip(), record_id.strip())):
            yield held, f"has {channel.strip()}:{record_id.strip()}"

    def _alike(self, text: str) -> list[tuple[str, str, bool]]:
        """Who somebody with this e-mail, number or name may be: customer_id, why, and whether a run would link them."""
        if "@" in text:
            asked = {"email": text}
        elif re.fullmatch(r"[\d\s()+./-]{6,}", text):
            asked = {"phone": text}
        else:
            asked = {"full_name": text}
        try:
            rows = self.registry.find(asked, customers_max=FOUND_MAX).to_pylist()
        except UsageError:
            return []  # nothing that can be compared
        return [(row["customer_id"], f"is like it ({levels_said(row['levels'])})", bool(row["likely"])) for row in rows]

    def _holding(self, text: str) -> Iterable[tuple[str, str]]:
        with self.registry.view() as view:
            keys = view.containing(text, FOUND_MAX)
            links = view.links(keys)
        order = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
        return [(order[key], "holds these words") for key in keys.to_pylist()]

    def _card(self, found: dict[str, Any]) -> dict[str, Any]:
        customer = self.registry.customer(found["customer_id"])
        rows = customer.records.slice(0, 1).to_pylist()
        values = [str(rows[0][name]) for name in rows[0] if name not in schemas.STORED_RECORDS.names and rows[0][name]]
        return {
            **found,
            "status": customer.status,
            "records": len(customer.records),
            "names": [f"{row['channel']}:{row['record_id']}" for row in customer.records.slice(0, 4).to_pylist()],
            "values": [compare.shorten(value, 60) for value in values[:6]],
        }


def _pair(question: dict[str, Any]) -> tuple[int, int]:
    return question["left_key"], question["right_key"]


def _names(question: dict[str, Any]) -> set[Record]:
    return {(question[f"{side}_channel"], question[f"{side}_record_id"]) for side in ("left", "right")}


def _rank(key: int, left_key: int, right_key: int, holder: dict[int, str]) -> int:
    """The two that are asked about come first, then those of the left one's customer."""
    if key in (left_key, right_key):
        return 0 if key == left_key else 1
    return 2 if holder[key] == holder[left_key] else 3


def _with_links(view: View, keys: list[int]) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """These records and all others of their customers, and whose each is. Of a huge customer only the first."""
    links = view.links(pa.array(keys, pa.int64()))
    holder = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
    others = [key for key in holder if key not in keys][: RECORDS_MAX - len(keys)]
    records = view.records(pa.array([*keys, *others], pa.int64())).to_pylist()
    return [row for row in records if row["record_key"] in holder], holder


def _by_key(values: pa.Table) -> dict[int, dict[str, Any]]:
    return {row["record_key"]: row for row in values.to_pylist()}


def _near(view: View, keys: npt.NDArray[np.int64], customer_id: str) -> list[dict[str, Any]]:
    """Other customers that edges lead to, the strongest first."""
    edges = view.edges(pa.array(keys))
    left, right, weights = (edges[name].to_numpy() for name in ("left_key", "right_key", "match_weight"))
    inside = np.isin(left, keys)
    outer = np.where(inside, right, left)
    known = ~(inside & np.isin(right, keys))
    links = view.links(pa.array(np.unique(outer[known])))
    holder = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
    best: dict[str, dict[str, Any]] = {}
    for place in np.flatnonzero(known)[np.argsort(-weights[known], kind="stable")].tolist():
        other = holder.get(int(outer[place]))
        if other is not None and other != customer_id:
            best.setdefault(
                other,
                {
                    "customer_id": other,
                    "bits": round(float(weights[place]), 1),
                    "left_key": int(left[place]),
                    "right_key": int(right[place]),
                },
            )
    return list(best.values())[:FOUND_MAX]


def _head(row: dict[str, Any], holder: dict[int, str]) -> dict[str, Any]:
    updated = row["updated_at"]
    return {
        "record_key": row["record_key"],
        "channel": row["channel"],
        "record_id": row["record_id"],
        "customer_id": holder.get(row["record_key"]),
        "updated_at": updated.date().isoformat() if updated is not None else None,
    }


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("decision_id", "act", "verdict", "actor", "reason", "revoked_by")},
        "left": f"{row['left_channel']}:{row['left_record_id']}",
        "right": f"{row['right_channel']}:{row['right_record_id']}",
        "left_key": row["left_key"],
        "right_key": row["right_key"],
        "at": f"{row['decided_at']:%Y-%m-%d %H:%M}",
        "revoked": row["revoked_at"] is not None,
    }
