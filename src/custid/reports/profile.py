"""Profiles of sources as text and as one page.

In: what `custid.profiling.profile` gives, one per source. Out: text of at most 100 columns; one HTML page that needs
nothing else and asks nobody for anything.
Never here: computing figures, masking values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custid.markup import Markup, h
from custid.reports import text

Profile = Mapping[str, Any]

#: Columns that are shown on a page each by itself; wider tables are in the overview only.
_CARDS_MAX = 500

#: Values that text tells of a column's junk.
_VALUES_SHOWN = 5

_HEAD = ("column", "taken for", "sure", "filled", "distinct", "usable", "junk", "examples")
_WIDTHS = (20, 16, 4, 6, 9, 6, 6, 19)
_RIGHT = (2, 3, 4, 5, 6)

_READ_AS = (
    "filled: of all rows that can be read. usable: values that could be made comparable, of those filled. "
    "junk: values that stand for nothing."
)


# --- as text --------------------------------------------------------------------------------------------------


def as_text(profiles: Sequence[Profile]) -> str:
    """Every source, with a line for each of its columns."""
    return "\n\n\n".join(_refused(one) if "refused" in one else _source(one) for one in profiles)


def _refused(profile: Profile) -> str:
    return f"{_plain(profile['source'])}\n  cannot be read: {_plain(profile['refused'])}"


def _source(profile: Profile) -> str:
    rows = [list(_HEAD)]
    for column in profile["columns"]:
        role = _role(column)
        junk, comparable = sum(column["junk"].values()), column["comparable"]
        rows.append(
            [
                _plain(column["column"]),
                _plain(role["field"]) if role else "",
                _sure(role),
                _share(column["filled"], profile["readable"]),
                f"{column['distinct']:,}",
                _share(comparable["rows"], comparable["of"]) if comparable else "",
                _share(junk, column["of"]) if junk else "",
                _fitting(column["examples"], _WIDTHS[-1]) or "(nothing)" * (not column["filled"]),
            ]
        )
    cells = [[text.cut(cell, width) for cell, width in zip(row, _WIDTHS, strict=True)] for row in rows]
    lines = [_plain(profile["source"]), *(f"  {line}" for line in _facts(profile)), "", *_lines(cells)]
    if told := [line for column in profile["columns"] for line in _junk_lines(column)]:
        lines += ["", "taken for no value", *told]
    if profile["notes"]:
        lines += ["", "notes", *(part for note in profile["notes"] for part in _wrapped(_plain(note), "  ", 98))]
    return "\n".join([*lines, "", *_wrapped(_READ_AS, "", 100)])


def _fitting(values: Sequence[str], cells: int) -> str:
    """
    >>> _fitting(["A**", "王**", "Z**"], 9)
    'A** 王**'
    """
    line = ""
    for value in values:
        more = f"{line} {_plain(value)}".strip()
        if line and text.width(more) > cells:
            break
        line = more
    return line


def _lines(cells: list[list[str]]) -> list[str]:
    return [line.rstrip() for line in text.columns(cells, right=_RIGHT)]


def _facts(profile: Profile) -> list[str]:
    written = [profile["format"], profile["encoding"], _delimiter(profile["delimiter"]), profile["preset"]]
    rows = f"{profile['rows']:,} rows, {len(profile['columns']):,} columns; "
    rows += ", ".join(part for part in written if part)
    key = f"key: {_plain(' + '.join(profile['record_id']))}" if profile["record_id"] else "no key was found"
    if profile["updated_at"]:
        key += f"; last changed: {_plain(profile['updated_at'])}"
    lines = [*_wrapped(rows, "", 98), *_wrapped(key, "", 98)]
    for one in profile["rejected"]:
        lines += _wrapped(_rejected(one), "", 98)
    if profile["sampled"]:
        lines += _wrapped(_sample(profile), "", 98)
    return lines


def _sample(profile: Profile) -> str:
    return (
        f"rows and filled are of all rows; all other figures are of a sample of {profile['looked_at']:,} rows, evenly "
        "spread"
    )


def _rejected(one: Mapping[str, Any]) -> str:
    rows = ", ".join(map(str, one["first"])) + (", …" if one["rows"] > len(one["first"]) else "")
    where = f" (row{'s' * (one['rows'] != 1)} {rows})" if one["first"] else ""
    return f"{one['rows']:,} rejected: {one['reason'].replace('_', ' ')}{where}"


def _junk_lines(column: Mapping[str, Any]) -> list[str]:
    if not column["junk"]:
        return []
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in column["junk"].items())
    values = ", ".join(f"{_plain(row['value'])} ×{row['rows']:,}" for row in column["junk_values"][:_VALUES_SHOWN])
    return _wrapped(f"{text.cut(_plain(column['column']), 24)}: {reasons} ({values})", "  ", 98)


def _delimiter(delimiter: str | None) -> str | None:
    """
    >>> _delimiter(","), _delimiter("\\t"), _delimiter(None)
    ("separated by ','", 'separated by tabs', None)
    """
    return None if delimiter is None else "separated by tabs" if delimiter == "\t" else f"separated by '{delimiter}'"


def _role(column: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a column was taken for: its field, else what it rules; None for one that is left out."""
    roles = sorted(column["roles"], key=lambda role: role["field"] == "record_id")
    return next((role for role in roles if role["field"]), None)


def _sure(role: Mapping[str, Any] | None) -> str:
    return f"{role['confidence']:.0%}" if role and role["confidence"] else ""


def _share(part: int, whole: int) -> str:
    """A share that is never rounded to all or nothing.

    >>> _share(1, 3), _share(0, 3), _share(9999, 10000), _share(1, 10000), _share(0, 0)
    ('33%', '0%', '>99%', '<1%', '')
    """
    if not whole:
        return ""
    share = part / whole
    return ">99%" if 0.995 <= share < 1 else "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _plain(said: str) -> str:
    """On one line, and without characters that move a terminal's cursor or turn its text around."""
    return "".join(character if character.isprintable() else " " for character in " ".join(said.split()))


def _wrapped(said: str, indent: str, width: int) -> list[str]:
    """
    >>> _wrapped("one two three", "  ", 9)
    ['  one two', '    three']
    """
    lines, line = [], indent
    for word in said.split(" "):
        if line.strip() and text.width(line) + 1 + text.width(word) > width:
            lines.append(line)
            line = indent + "  "
        line += (" " if line.strip() else "") + text.cut(word, width - len(indent) - 2)
    return [*lines, line]


# --- as a page ------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2126; --soft: #5b646e; --line: #dfe3e8; --back: #f6f7f9; --card: #fff;
  --good: #2a78b5; --bad: #d1622b; --track: #e8ebef; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4ae; --line: #343b43; --back: #15181b;
  --card: #1e2226; --good: #5aa5dd; --bad: #e58a5a; --track: #2f363d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1180px; background: var(--back); color: var(--ink);
  font: 14px/1.5 system-ui, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6em; margin: 0 0 4px; } h2 { font-size: 1.3em; margin: 32px 0 6px; overflow-wrap: anywhere; }
h3 { font-size: 1.1em; margin: 0; overflow-wrap: anywhere; }
p, ul { margin: 4px 0; } ul { padding-left: 18px; } .soft { color: var(--soft); } .small { font-size: .9em; }
.warn { color: var(--bad); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  margin: 12px 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-weight: 600; font-size: .9em; color: var(--soft); white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td { overflow-wrap: anywhere; } td.name, td.name + td { min-width: 9em; } td:last-child { min-width: 13em; }
a { color: inherit; }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; background: var(--track); border-radius: 4px;
  padding: 0 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
.bar { height: 5px; border-radius: 3px; background: var(--track); overflow: hidden; margin-top: 3px; min-width: 56px; }
.bar i { display: block; height: 100%; background: var(--good); } .bar i.bad { background: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 12px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px;
  break-inside: avoid; min-width: 0; }
.card dl { display: grid; grid-template-columns: 6.5em 1fr; gap: 3px 10px; margin: 8px 0 0; }
.card dt { color: var(--soft); font-size: .9em; } .card dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --back: #fff; --card: #fff;
  --track: #ddd; } body { padding: 0; max-width: none; font-size: 11px; } .scroll { overflow: visible; }
  .cards { grid-template-columns: repeat(2, 1fr); } * { print-color-adjust: exact; } tr { break-inside: avoid; } }
"""


def as_html(profiles: Sequence[Profile], title: str = "What the sources hold") -> str:
    """One page: an overview of each source's columns, then each column by itself."""
    parts = [
        h("h1", title),
        h(
            "p",
            "Values are masked; what many rows share, and what stands for nothing, is told as it is.",
            class_="soft",
        ),
    ]
    if len(profiles) > 1:
        parts.append(h("ul", [h("li", h("a", one["source"], href=f"#s{place}")) for place, one in enumerate(profiles)]))
    for place, one in enumerate(profiles):
        parts.append(_section(one, place))
    head = [h("meta", charset="utf-8"), h("meta", name="viewport", content="width=device-width, initial-scale=1")]
    # A page that runs nothing and loads nothing, whatever stands in it.
    rule = "default-src 'none'; style-src 'unsafe-inline'"
    head += [h("meta", http_equiv="Content-Security-Policy", content=rule), h("title", title)]
    head.append(Markup(f"<style>{_STYLE}</style>"))
    return f"<!doctype html>\n{h('html', h('head', head), h('body', parts), lang='en')}\n"


def _section(profile: Profile, place: int) -> Markup:
    name = f"s{place}"
    if "refused" in profile:
        return h(
            "section",
            h("h2", profile["source"], id=name),
            h("p", "Cannot be read: ", profile["refused"], class_="warn"),
        )
    wide = len(profile["columns"]) > _CARDS_MAX
    shown = profile["columns"][:_CARDS_MAX]
    return h(
        "section",
        h("h2", profile["source"], id=name),
        [h("p", line, class_="soft") for line in _page_facts(profile)],
        [h("p", _rejected(one), class_="warn") for one in profile["rejected"]],
        h("ul", [h("li", note) for note in profile["notes"]], class_="small soft") if profile["notes"] else None,
        h("div", _overview(profile, name), class_="scroll"),
        h("p", _READ_AS, class_="soft small"),
        h("div", [_card(profile, column, f"{name}c{at}") for at, column in enumerate(shown)], class_="cards"),
        h("p", f"The first {_CARDS_MAX} columns are shown by themselves.", class_="soft") if wide else None,
    )


def _page_facts(profile: Profile) -> list[str]:
    return [
        line.strip()
        for line in _facts({**profile, "rejected": [], "sampled": False})
        + ([_sample(profile)] if profile["sampled"] else [])
    ]


def _overview(profile: Profile, name: str) -> Markup:
    heads = [h("th", word, class_="n" if at in _RIGHT else None) for at, word in enumerate(_HEAD)]
    rows = []
    for at, column in enumerate(profile["columns"]):
        role, junk, comparable = _role(column), sum(column["junk"].values()), column["comparable"]
        link = h("a", column["column"], href=f"#{name}c{at}") if at < _CARDS_MAX else column["column"]
        rows.append(
            h(
                "tr",
                h("td", link, class_="name"),
                h("td", role["field"] if role else h("span", "left out", class_="soft")),
                h("td", _sure(role), class_="n"),
                h(
                    "td",
                    _share(column["filled"], profile["readable"]),
                    _bar(column["filled"], profile["readable"]),
                    class_="n",
                ),
                h("td", f"{column['distinct']:,}", class_="n"),
                _measured(comparable["rows"], comparable["of"], "") if comparable else h("td"),
                _measured(junk, column["of"], "bad") if junk else h("td"),
                h("td", _codes(column["examples"]), class_="small"),
            )
        )
    return h("table", h("thead", h("tr", heads)), h("tbody", rows))


def _measured(part: int, whole: int, style: str) -> Markup:
    return h("td", _share(part, whole), _bar(part, whole, style), class_="n")


def _bar(part: int, whole: int, style: str = "") -> Markup | None:
    if not whole:
        return None
    return h("div", h("i", class_=style or None, style=f"width:{100 * part / whole:.1f}%"), class_="bar")


def _card(profile: Profile, column: Mapping[str, Any], name: str) -> Markup:
    share = _share(column["filled"], profile["readable"]) or "0%"
    filled = f"{column['filled']:,} of {profile['readable']:,} rows ({share})"
    lengths, comparable = column["lengths"], column["comparable"]
    told: list[tuple[str, Any]] = [(_taken(role), role["reason"]) for role in column["roles"]]
    told = [("taken for", [h("div", h("b", what), f": {why}") for what, why in told])] if told else []
    told += [("filled", filled), ("distinct", f"{column['distinct']:,}" + _repeated(column))]
    if comparable:
        means = f": {comparable['means']}" if comparable["means"] else ""
        told.append(("usable", f"{comparable['rows']:,} of {comparable['of']:,}{means}"))
        if comparable["checked"] is not None:
            told.append(("checked", f"{comparable['checked']:,} have check characters that agree"))
    if column["junk"]:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in column["junk"].items())
        told.append(("junk", [h("div", reasons, class_="warn"), _listed(column["junk_values"])]))
    if column["top"]:
        told.append(("most common", _listed(column["top"])))
    if lengths:
        told.append(("characters", f"{lengths['min']} to {lengths['max']}, half up to {lengths['median']}"))
    if column["patterns"]:
        shapes = [
            h("div", h("code", one["pattern"]), f" {_share(round(one['share'] * 10_000), 10_000)}")
            for one in column["patterns"]
        ]
        told.append(("shapes", shapes))
    if column["examples"]:
        told.append(("examples", _codes(column["examples"])))
    return h(
        "div",
        h("h3", column["column"], id=name),
        h("dl", [[h("dt", what), h("dd", said)] for what, said in told]),
        class_="card",
    )


def _taken(role: Mapping[str, Any]) -> str:
    return f"{role['field'] or 'nothing'}{', ' + _sure(role) + ' sure' if role['confidence'] else ''}"


def _repeated(column: Mapping[str, Any]) -> str:
    more = column["of"] - column["distinct"]
    return f", {more:,} repeat another" if more else ", no two alike" if column["of"] > 1 else ""


def _listed(rows: Sequence[Mapping[str, Any]]) -> list[Markup]:
    return [h("div", h("code", row["value"]), f" ×{row['rows']:,}") for row in rows]


def _codes(values: Sequence[str]) -> list[Any]:
    return [[h("code", value), " "] for value in values]
