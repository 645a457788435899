"""The tables of a registry, and the steps that bring an older registry up to date.

In: a session. Out: nothing but the tables, in a database schema of their own named `custid`.
Never here: reading or writing what they hold, apart from the format's number. A step that was released never
changes: a registry is what the steps made of it.

The events are the truth; `links` and `customers` are kept alongside so that nobody has to add them up.
Field columns of `records` are named in `fields`, because a field may have a name that no column can have.
"""

from __future__ import annotations

from importlib.metadata import version

from custid.errors import NotARegistry, RegistryTooNew
from custid.registries.session import Session

MAGIC = "custid registry"

#: The statements that lead from format n to format n + 1; the first make format 1 out of nothing.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE SCHEMA custid",
        "CREATE TABLE custid.meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
        """CREATE TABLE custid.runs (run_id BIGINT NOT NULL, started_at TIMESTAMPTZ NOT NULL,
            committed_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL, custid_version VARCHAR NOT NULL,
            model_id VARCHAR, summary VARCHAR NOT NULL, chain VARCHAR NOT NULL)""",
        """CREATE TABLE custid.records (record_key BIGINT NOT NULL, channel VARCHAR NOT NULL,
            record_id VARCHAR NOT NULL, updated_at TIMESTAMPTZ, live BOOLEAN NOT NULL,
            first_run BIGINT NOT NULL, last_run BIGINT NOT NULL)""",
        """CREATE TABLE custid.fields (position BIGINT NOT NULL, field VARCHAR NOT NULL,
            column_name VARCHAR NOT NULL)""",
        """CREATE TABLE custid.events (seq BIGINT NOT NULL, run_id BIGINT NOT NULL, kind VARCHAR NOT NULL,
            customer_id VARCHAR NOT NULL, other_id VARCHAR, record_key BIGINT, reason VARCHAR NOT NULL,
            evidence VARCHAR, evidence_left BIGINT, evidence_right BIGINT, match_weight REAL, levels VARCHAR,
            decision_id BIGINT)""",
        "CREATE TABLE custid.links (record_key BIGINT NOT NULL, customer_id VARCHAR NOT NULL)",
        """CREATE TABLE custid.customers (customer_id VARCHAR NOT NULL, minted BIGINT NOT NULL,
            status VARCHAR NOT NULL, redirect VARCHAR, created_run BIGINT NOT NULL)""",
        """CREATE TABLE custid.edges (left_key BIGINT NOT NULL, right_key BIGINT NOT NULL,
            match_weight REAL NOT NULL, levels VARCHAR)""",
        """CREATE TABLE custid.decisions (decision_id BIGINT NOT NULL, left_key BIGINT NOT NULL,
            right_key BIGINT NOT NULL, verdict VARCHAR NOT NULL, actor VARCHAR NOT NULL, reason VARCHAR,
            decided_at TIMESTAMPTZ NOT NULL, revoked_at TIMESTAMPTZ, revoked_by VARCHAR)""",
        """CREATE TABLE custid.rejects (run_id BIGINT NOT NULL, channel VARCHAR NOT NULL,
            source VARCHAR NOT NULL, "row" BIGINT, record_id VARCHAR, reason VARCHAR NOT NULL,
            detail VARCHAR NOT NULL, raw VARCHAR)""",
        """CREATE TABLE custid.models (model_id VARCHAR NOT NULL, model VARCHAR NOT NULL,
            run_id BIGINT NOT NULL)""",
    ),
    (
        # What a batch is matched against without reading everything: the blocking keys of all live records, and
        # their comparable values, one text a record (see `registries.packing`).
        "CREATE TABLE custid.keys (key BIGINT NOT NULL, record_key BIGINT NOT NULL)",
        """CREATE TABLE custid.large_blocks (key BIGINT NOT NULL, records BIGINT NOT NULL, rule BIGINT NOT NULL,
            depth BIGINT NOT NULL)""",
        "CREATE TABLE custid.comparables (record_key BIGINT NOT NULL, packed VARCHAR NOT NULL)",
        # The merge or split that a decision is part of, and the last run that had landed when it was said, taken back.
        "ALTER TABLE custid.decisions ADD COLUMN act BIGINT",
        "ALTER TABLE custid.decisions ADD COLUMN entered_after BIGINT",
        "ALTER TABLE custid.decisions ADD COLUMN revoked_after BIGINT",
        # Records that the next run has to look at again, whatever it reads.
        "CREATE TABLE custid.pending (record_key BIGINT NOT NULL)",
        "CREATE TABLE custid.comparable_columns (position BIGINT NOT NULL, name VARCHAR NOT NULL)",
        # What was erased, as keyed digests of names and identifying values (see `registries.erasing`). One that was
        # allowed again has lost its digest.
        """CREATE TABLE custid.erased (record_key BIGINT NOT NULL, run_id BIGINT NOT NULL, kind VARCHAR NOT NULL,
            digest VARCHAR NOT NULL, lifted_at TIMESTAMPTZ, lifted_by VARCHAR)""",
        # Customer codes: all there ever were, the formats they were issued by, and the serial numbers used up.
        """CREATE TABLE custid.codes (code VARCHAR NOT NULL, reads_as VARCHAR NOT NULL,
            customer_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, format_id BIGINT, run_id BIGINT,
            issued_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL)""",
        """CREATE TABLE custid.code_formats (format_id BIGINT NOT NULL, format VARCHAR NOT NULL,
            run_through BIGINT NOT NULL, declared_at TIMESTAMPTZ NOT NULL, actor VARCHAR NOT NULL)""",
        "CREATE TABLE custid.code_serials (scope VARCHAR NOT NULL, last_serial BIGINT NOT NULL)",
        # What exports say of their own merges and is no decision yet, and the preset a channel was last read with.
        """CREATE TABLE custid.merge_facts (left_channel VARCHAR NOT NULL, left_record_id VARCHAR NOT NULL,
            left_key BIGINT, right_channel VARCHAR, right_record_id VARCHAR NOT NULL, right_key BIGINT,
            right_preset VARCHAR, source VARCHAR NOT NULL)""",
        "CREATE TABLE custid.channel_presets (channel VARCHAR NOT NULL, preset VARCHAR NOT NULL)",
        # Golden records as they were chosen last, each as a JSON object, and the values that stewards pinned in them.
        """CREATE TABLE custid.golden (minted BIGINT NOT NULL, customer_id VARCHAR NOT NULL, records BIGINT NOT NULL,
            golden VARCHAR NOT NULL)""",
        """CREATE TABLE custid.pins (pin_id BIGINT NOT NULL, act BIGINT NOT NULL, customer_id VARCHAR NOT NULL,
            field VARCHAR NOT NULL, value VARCHAR NOT NULL, actor VARCHAR NOT NULL, reason VARCHAR,
            pinned_at TIMESTAMPTZ NOT NULL, unpinned_at TIMESTAMPTZ, unpinned_by VARCHAR)""",
    ),
)

FORMAT = len(STEPS)


def build(session: Session, format: int = FORMAT) -> None:
    """Make the tables of an empty registry, of the newest format or, for an older backup, of its own."""
    _step(session, 0, format)
    for name, value in (
        ("magic", MAGIC),
        ("format", str(format)),
        ("created_by", f"custid {version('custid')}"),
    ):
        session.execute("INSERT INTO custid.meta (name, value) VALUES ($1, $2)", (name, value))


def format_of(session: Session, location: str, *, seen: bool = False) -> int:
    """The format of the registry in `session`; `seen`: it was one before. Raises NotARegistry, RegistryTooNew."""
    meta: dict[str, str] = {}
    # The question what tables there are takes longer than most that follow it.
    if seen or len(
        session.fetch(
            "SELECT 1 AS found FROM information_schema.tables WHERE table_schema = 'custid' AND table_name = 'meta'"
        )
    ):
        rows = session.fetch("SELECT name, value FROM custid.meta").to_pylist()
        meta = {row["name"]: row["value"] for row in rows}
    if meta.get("magic") != MAGIC or not meta.get("format", "").isdigit():
        raise NotARegistry(
            f"{location} is a database, but not one that custid made. It was left as it is; give another path."
        )
    if int(meta["format"]) > FORMAT:
        raise RegistryTooNew(
            f"{location} has format {meta['format']}; this custid ({version('custid')}) knows up to "
            f"{FORMAT}. Update custid: pip install -U custid"
        )
    return int(meta["format"])


def migrate(session: Session, location: str) -> None:
    """Bring the registry in `session` to the newest format, step by step, inside its transaction."""
    found = format_of(session, location)
    if found < FORMAT:
        _step(session, found)
        session.execute("UPDATE custid.meta SET value = $1 WHERE name = 'format'", (str(FORMAT),))


def _step(session: Session, start: int, end: int | None = None) -> None:
    for step in STEPS[start:end]:
        for statement in step:
            session.execute(statement)
