"""Record ids as they are shown where personal data should not be: some systems have no other key than an address.

In: text that names records. Out: the same, without e-mail addresses and telephone numbers.
Never here: deciding when; values (see `hiding`).
"""

from __future__ import annotations

import re

from custid.reports.hiding import mask

_ADDRESS = re.compile(r"[^\s@:(),]+@[^\s@:(),]+")
#: A number with its country, a Chinese mobile, a number written in the North American way.
_NUMBER = re.compile(r"\+\d{7,}|(?<![\w-])(?:(?:00)?86)?1[3-9]\d{9}(?![\w-])|\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b")


def masked_keys(text: str) -> str:
    """`text` with every address and telephone number in it masked.

    >>> masked_keys("crm:A-17 matched news:emily@x.test with 14.2 bits")
    'crm:A-17 matched news:e***@***.test with 14.2 bits'
    >>> masked_keys("wechat:13812345678"), masked_keys("loyalty:8899000001")
    ('wechat:138****5678', 'loyalty:8899000001')
    """
    text = _ADDRESS.sub(lambda found: mask(found[0], "email"), text)
    return _NUMBER.sub(lambda found: mask(found[0], "phone"), text)
