"""Currencies by the codes of ISO 4217.

In: what stands in a source. Out: a code, or nothing. Never here: converting one currency into another.
"""

from __future__ import annotations

#: Codes of money that is or was paid with since 1999; codes of metals, funds and tests are left out.
_CODES = """
AED AFN ALL AMD ANG AOA ARS ATS AUD AWG AZN BAM BBD BDT BEF BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD
CDF CHF CLF CLP CNH CNY COP CRC CUC CUP CVE CYP CZK DEM DJF DKK DOP DZD EEK EGP ERN ESP ETB EUR FIM FJD FKP FRF GBP
GEL GHC GHS GIP GMD GNF GRD GTQ GYD HKD HNL HRK HTG HUF IDR IEP ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR KMF
KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LUF LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MTL MUR MVR MWK MXN MYR
MZN NAD NGN NIO NLG NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PTE PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SIT SKK SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VEF VES
VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
"""
CODES = frozenset(_CODES.split())

#: Names that mean one currency and no other. A sign such as ¥ or $ stands for several, and is none.
_NAMES = {"RMB": "CNY", "人民币": "CNY", "€": "EUR", "EURO": "EUR", "欧元": "EUR", "港币": "HKD", "美元": "USD"}


def currency_code(text: str | None) -> str | None:
    """The ISO 4217 code that `text` stands for; None: it stands for none.

    >>> currency_code(" eur "), currency_code("RMB"), currency_code("$"), currency_code("XYZ")
    ('EUR', 'CNY', None, None)
    """
    word = (text or "").strip().upper()
    code = _NAMES.get(word, word)
    return code if code in CODES else None
