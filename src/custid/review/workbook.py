"""One sheet as a workbook (.xlsx) that any spreadsheet opens: every cell a text, so that nothing is taken for a number,
a date or a formula.

In: rows of texts. Out: bytes (Office Open XML, ECMA-376). Never here: what the columns mean; reading workbooks back,
which `channels` does.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

#: What one cell can hold.
CELL_CHARACTERS_MAX = 32_767
#: What one sheet can hold, the head included.
ROWS_MAX = 1_048_576
#: Of every column, in characters.
_WIDTH = 18

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: Characters that XML 1.0 cannot hold, not even escaped.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_RELATIONS}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        "</Relationships>"
    ),
    # Two looks: text, and bold text for the head. Format 49 is "text": what is typed over it stays as typed.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/>'
        '<sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
        '</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/>'
        '<top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" '
        'borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" '
        'applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" '
        'applyFont="1"/></cellXfs></styleSheet>'
    ),
}


def workbook(
    name: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    *,
    choices: Sequence[str] = (),
) -> bytes:
    """A workbook of one sheet called `name`; the head stays in sight. `choices`: what the first column offers to choose
    from."""
    last = len(rows) + 1
    offered = (
        '<dataValidations count="1"><dataValidation type="list" allowBlank="1" showErrorMessage="1" '
        f'sqref="A2:A{last}">'
        f"<formula1>&quot;{escape(','.join(choices))}&quot;</formula1></dataValidation></dataValidations>"
        if choices and rows
        else ""
    )
    sheet = (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
        'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{max(1, len(head))}" width="{_WIDTH}" customWidth="1" style="0"/></cols><sheetData>'
        + "".join(_row(number, cells, 1 if number == 1 else 0) for number, cells in enumerate([head, *rows], 1))
        + f"</sheetData>{offered}</worksheet>"
    )
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets><sheet name="{escape(name)}" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in {**_PARTS, "xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(path, _HEAD + text)
    return out.getvalue()


def _row(number: int, cells: Sequence[str | None], style: int) -> str:
    filled = [
        f'<c r="{column(place)}{number}" t="inlineStr" s="{style}">'
        f'<is><t xml:space="preserve">{_text(cell)}</t></is></c>'
        for place, cell in enumerate(cells)
        if cell
    ]
    return f'<row r="{number}">{"".join(filled)}</row>'


def _text(cell: str) -> str:
    return escape(_IMPOSSIBLE.sub("\ufffd", cell)[:CELL_CHARACTERS_MAX])


def column(place: int) -> str:
    """The letters of a column, counted from 0.

    >>> column(0), column(25), column(26), column(703)
    ('A', 'Z', 'AA', 'AAB')
    """
    letters = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        letters = chr(65 + letter) + letters
        place -= 1
    return letters
