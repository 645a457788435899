#!/usr/bin/env bash
# The retail example from start to end, in a folder of its own: demo.sh FOLDER. An earlier demo there is removed first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1

say() { printf '\n== %s\n' "$*"; }
show() { printf '\n$ custid %s\n' "$*"; custid "$@"; }
first_rows() { python -c 'import duckdb, sys; duckdb.sql(sys.argv[1]).show(max_width=200)' "$1"; }

say "copying examples/retail to $folder/"
if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/customers-2026-03.toml" ]; then
  echo "$folder holds something else than an earlier demo. Name another folder, or remove it." >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder"
cp -R "$here"/2026-* "$here"/customers-*.toml "$folder"
cd "$folder"

say "March: five channels, nothing known yet"
show run customers-2026-03.toml --actor demo

say "April: new, changed and deleted records meet what is known; ids stay put"
show run customers-2026-04.toml --actor demo

say "a shop account in March and now: in April the CRM learns that its customer married, and whose account it is"
show lookup shop 9900001 --as-of 1
show lookup shop 9900001
show history shop 9900001
show show "$(custid lookup shop 9900001)"

say "the change feed: what a downstream table must update (the first rows)"
show changes --since 1 --output april.csv
head -n 6 april.csv

say "the cross-reference (out/xref.parquet)"
first_rows "FROM 'out/xref.parquet' LIMIT 5"

say "golden records (out/golden.parquet; each value has the record it came from beside it)"
first_rows "SELECT customer_id, records, given_name, given_name_from, surname, email, phone, city
            FROM 'out/golden.parquet' WHERE records >= 4 AND given_name IS NOT NULL ORDER BY customer_id LIMIT 5"

say "is the registry sound?"
show verify

say "done. In $folder/:"
cat <<END
   customers.db            the registry: open it with custid.connect("$folder/customers.db")
   out/                    xref, golden, changes, rejects and review as Parquet, and summary.json
   april.csv               the change feed as CSV
   customers-2026-04.toml  what was read, and how
To look further: cd $folder, then $(command -v custid) --help
END
