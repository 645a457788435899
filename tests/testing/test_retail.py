"""The made-up retailer: its files and their truth; the committed files are what the generator writes."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from custid.channels.spec import Channel
from custid.testing.retail import BATCHES, CHANNELS, write_retail

COMMITTED = Path(__file__).parents[2] / "examples" / "retail"
KEYS = {
    "crm": "contact_id",
    "shop": "Customer ID",
    "loyalty": "会员号",
    "callcentre": "caller_no",
    "wechat": "openid",
}
FORMS = {"crm": ("utf-8-sig", ","), "loyalty": ("gb18030", ","), "callcentre": ("utf-8", ";")}


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retail")
    write_retail(folder, seed=7)
    return folder


def rows_of(folder: Path, batch: str, channel: str) -> list[dict[str, object]]:
    """The rows of a channel's file, ragged ones left out."""
    if channel in ("shop", "wechat"):
        return pq.read_table(folder / batch / f"{channel}.parquet").to_pylist()
    encoding, delimiter = FORMS[channel]
    with (folder / batch / f"{channel}.csv").open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def true_ids(folder: Path, batch: str) -> dict[tuple[str, str], str]:
    rows = pq.read_table(folder / "truth.parquet").filter(pc.equal(pc.field("batch"), batch)).to_pylist()
    return {(row["channel"], row["record_id"]): row["true_id"] for row in rows}


def test_the_committed_example_is_what_the_generator_writes(retail: Path) -> None:
    written = sorted(path.relative_to(retail) for path in retail.rglob("*") if path.is_file())
    for path in written:
        if path.suffix == ".parquet":
            # the bytes of Parquet differ between versions of its writer; the table does not
            assert pq.read_table(COMMITTED / path).equals(pq.read_table(retail / path)), path
        else:
            assert (COMMITTED / path).read_bytes() == (retail / path).read_bytes(), path


def test_it_has_about_three_thousand_records(retail: Path) -> None:
    keys = true_ids(retail, BATCHES[0]).keys() | true_ids(retail, BATCHES[1]).keys()
    assert 2_700 < len(keys) < 3_300
    assert sum(path.stat().st_size for path in retail.rglob("*") if path.is_file()) < 3_000_000


def test_files_are_encoded_as_said(retail: Path) -> None:
    for batch in BATCHES:
        assert (retail / batch / "crm.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        loyalty = (retail / batch / "loyalty.csv").read_bytes()
        assert loyalty.decode("gb18030").startswith("会员号,姓名")
        with pytest.raises(UnicodeDecodeError):
            loyalty.decode("utf-8")
        assert (retail / batch / "callcentre.csv").read_text("utf-8").startswith("caller_no;caller;")


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_truth_covers_every_record_and_only_records(retail: Path, channel: str) -> None:
    rows = rows_of(retail, BATCHES[0], channel)
    first = {str(row[KEYS[channel]]) for row in rows if row[KEYS[channel]] and row.get("deleted") != "Y"}
    assert first == {record_id for name, record_id in true_ids(retail, BATCHES[0]) if name == channel}

    second = [row for row in rows_of(retail, BATCHES[1], channel) if row[KEYS[channel]]]
    gone = {str(row[KEYS[channel]]) for row in second if row.get("deleted") == "Y"}
    here = {str(row[KEYS[channel]]) for row in second} - gone
    live = here if channel in ("crm", "loyalty") else (first - gone) | here
    assert live == {record_id for name, record_id in true_ids(retail, BATCHES[1]) if name == channel}


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_file_has_a_row_without_its_key_and_csv_files_a_ragged_one(retail: Path, channel: str) -> None:
    for batch in BATCHES:
        keys = [row[KEYS[channel]] for row in rows_of(retail, batch, channel)]
        assert sum(not key for key in keys) == 1
        assert len(keys) - len(set(keys)) == (0 if channel == "wechat" else 1)
        if channel in FORMS:
            encoding, delimiter = FORMS[channel]
            with (retail / batch / f"{channel}.csv").open(encoding=encoding, newline="") as file:
                lengths = [len(row) for row in csv.reader(file, delimiter=delimiter)]
            assert sum(length != lengths[0] for length in lengths) == 1


def test_snapshots_lose_few_records(retail: Path) -> None:
    for channel in ("crm", "loyalty"):
        first, second = ({row[KEYS[channel]] for row in rows_of(retail, batch, channel)} for batch in BATCHES)
        assert 0 < len(first - second) < 0.1 * len(first)
        assert second - first


def test_the_second_batch_brings_two_merges_and_two_splits(retail: Path) -> None:
    first, second = true_ids(retail, BATCHES[0]), true_ids(retail, BATCHES[1])
    assert first["crm", "C-900003"] == first["shop", "9900007"]
    assert second["crm", "C-900003"] != second["shop", "9900007"]
    assert first["loyalty", "8899000008"] == first["crm", "C-900004"]
    assert second["loyalty", "8899000008"] != second["crm", "C-900004"]
    emily = [next(row for row in rows_of(retail, batch, "crm") if row["contact_id"] == "C-900001") for batch in BATCHES]
    shop = next(row for row in rows_of(retail, BATCHES[0], "shop") if row["Customer ID"] == 9900001)
    assert emily[0]["mail"] != shop["Email"] == emily[1]["mail"]
    assert ("crm", "C-900002") not in first
    assert second["crm", "C-900002"] == second["loyalty", "8899000001"] == second["shop", "9900004"]


def test_the_configurations_name_files_and_columns_that_exist(retail: Path) -> None:
    for batch in BATCHES:
        config = tomllib.loads((retail / f"customers-{batch[:7]}.toml").read_text("utf-8"))
        assert tuple(config["channels"]) == CHANNELS
        for name, keys in config["channels"].items():
            row = rows_of(retail, batch, name)[0]
            assert (retail / keys["path"]).is_file()
            columns = {keys["record_id"], keys["updated_at"], *keys.get("columns", {})}
            assert columns <= row.keys()
            Channel(name, keys.pop("path"), **keys)


def test_it_can_be_made_larger(tmp_path: Path) -> None:
    write_retail(tmp_path, people=3_000, seed=1)
    assert len(true_ids(tmp_path, BATCHES[1])) > 5_000
    assert isinstance(pq.read_table(tmp_path / "truth.parquet"), pa.Table)
