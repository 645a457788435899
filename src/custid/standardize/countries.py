"""Countries as ISO 3166 codes, from codes and from names in many languages.

In: clean distinct values. Out: `country`. Never here: guessing a country from anything else.
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, each, fold, replaced, words

# Names in daily use that the tables of the phonenumbers library lack, folded; a line that is indented goes on.
_NAMES = """
US: usa, united states of america, america, the united states, amerika, vereinigte staaten, vereinigte staaten von
    amerika, etats unis, eeuu, ee uu, eua, e u a, stati uniti, verenigde staten, 美利坚合众国, アメリカ, 미국
GB: uk, england, scotland, wales, great britain, northern ireland, britain, united kingdom of great britain and
    northern ireland, grossbritannien, vereinigtes konigreich, royaume uni, grande bretagne, angleterre, reino
    unido, gran bretana, inghilterra, engeland, 英格兰, 苏格兰, 大不列颠, イギリス
CN: prc, pr china, p r china, peoples republic of china, mainland china, china mainland, 中华人民共和国, 中国大陆, 大陆,
    volksrepublik china, chine, kina, 중국
HK: hong kong, hongkong, hong kong sar, hong kong sar china, hksar, hong kong s a r, 香港, 中国香港, 香港特别行政区
MO: macau, macao, macau sar, macao sar, macao sar china, 澳门, 中国澳门, 澳门特别行政区
TW: taiwan, taiwan province of china, taiwan roc, taiwan r o c, republic of china, 台湾, 中国台湾, 台湾省
NL: holland, the netherlands, pays bas, holanda, olanda
KR: korea, south korea, republic of korea, korea republic of, korea south, rok, 韩国, 大韩民国, 南韩, 한국, 대한민국
KP: north korea, korea north, dprk, korea democratic peoples republic of, democratic peoples republic of korea, 朝鲜,
    北韩
DE: brd, allemagne, alemania, alemanha, germania, duitsland, tyskland, niemcy, federal republic of germany
CZ: czech republic, czechia, cesko, ceska republika
RU: russia, russian federation, rossiya, россия
AE: uae, u a e, united arab emirates, emirates
SA: ksa, saudi
VN: vietnam, viet nam
TR: turkey, turkiye
CI: ivory coast, cote divoire
CD: dr congo, drc, congo kinshasa, congo democratic republic of the, democratic republic of the congo, zaire
CG: congo, republic of the congo, congo brazzaville
MM: burma, myanmar
GM: gambia, the gambia
BS: bahamas, the bahamas
XK: kosovo
MK: macedonia, north macedonia, fyrom, former yugoslav republic of macedonia
SZ: swaziland, eswatini
CV: cape verde
TL: east timor
PS: palestine, palestinian territory, state of palestine
JP: nippon, nihon
IR: islamic republic of iran, iran islamic republic of
LA: lao peoples democratic republic, lao pdr
SY: syrian arab republic
TZ: united republic of tanzania, tanzania united republic of
VA: holy see
BO: plurinational state of bolivia, bolivia plurinational state of
MD: republic of moldova, moldova republic of
VE: bolivarian republic of venezuela, venezuela bolivarian republic of
BN: brunei darussalam
FM: micronesia federated states of, federated states of micronesia
IE: eire, republic of ireland
"""
_COMMON_COUNTRIES = {
    name.strip(): line[:2]
    for line in _NAMES.replace("\n    ", " ").strip().splitlines()
    for name in line[3:].split(",")
}
# ISO 3166: codes of two letters, of three, and in digits, of all countries that have a telephone code.
_ISO = words(
    """
AD AND 20 AE ARE 784 AF AFG 4 AG ATG 28 AI AIA 660 AL ALB 8 AM ARM 51 AO AGO 24 AR ARG 32 AS ASM 16 AT AUT 40 AU AUS
36 AW ABW 533 AZ AZE 31 BA BIH 70 BB BRB 52 BD BGD 50 BE BEL 56 BF BFA 854 BG BGR 100 BH BHR 48 BI BDI 108 BJ BEN
204 BM BMU 60 BN BRN 96 BO BOL 68 BR BRA 76 BS BHS 44 BT BTN 64 BW BWA 72 BY BLR 112 BZ BLZ 84 CA CAN 124 CD COD 180
CF CAF 140 CG COG 178 CH CHE 756 CI CIV 384 CK COK 184 CL CHL 152 CM CMR 120 CN CHN 156 CO COL 170 CR CRI 188 CU CUB
192 CV CPV 132 CY CYP 196 CZ CZE 203 DE DEU 276 DJ DJI 262 DK DNK 208 DM DMA 212 DO DOM 214 DZ DZA 12 EC ECU 218 EE
EST 233 EG EGY 818 ER ERI 232 ES ESP 724 ET ETH 231 FI FIN 246 FJ FJI 242 FK FLK 238 FM FSM 583 FO FRO 234 FR FRA
250 GA GAB 266 GB GBR 826 GD GRD 308 GE GEO 268 GF GUF 254 GH GHA 288 GI GIB 292 GL GRL 304 GM GMB 270 GN GIN 324 GP
GLP 312 GQ GNQ 226 GR GRC 300 GT GTM 320 GU GUM 316 GW GNB 624 GY GUY 328 HK HKG 344 HN HND 340 HR HRV 191 HT HTI
332 HU HUN 348 ID IDN 360 IE IRL 372 IL ISR 376 IN IND 356 IQ IRQ 368 IR IRN 364 IS ISL 352 IT ITA 380 JM JAM 388 JO
JOR 400 JP JPN 392 KE KEN 404 KG KGZ 417 KH KHM 116 KI KIR 296 KM COM 174 KN KNA 659 KP PRK 408 KR KOR 410 KW KWT
414 KY CYM 136 KZ KAZ 398 LA LAO 418 LB LBN 422 LC LCA 662 LI LIE 438 LK LKA 144 LR LBR 430 LS LSO 426 LT LTU 440 LU
LUX 442 LV LVA 428 LY LBY 434 MA MAR 504 MC MCO 492 MD MDA 498 ME MNE 499 MG MDG 450 MH MHL 584 MK MKD 807 ML MLI
466 MM MMR 104 MN MNG 496 MO MAC 446 MQ MTQ 474 MR MRT 478 MS MSR 500 MT MLT 470 MU MUS 480 MV MDV 462 MW MWI 454 MX
MEX 484 MY MYS 458 MZ MOZ 508 NA NAM 516 NC NCL 540 NE NER 562 NG NGA 566 NI NIC 558 NL NLD 528 NO NOR 578 NP NPL
524 NR NRU 520 NZ NZL 554 OM OMN 512 PA PAN 591 PE PER 604 PF PYF 258 PG PNG 598 PH PHL 608 PK PAK 586 PL POL 616 PR
PRI 630 PS PSE 275 PT PRT 620 PW PLW 585 PY PRY 600 QA QAT 634 RE REU 638 RO ROU 642 RS SRB 688 RU RUS 643 RW RWA
646 SA SAU 682 SB SLB 90 SC SYC 690 SD SDN 729 SE SWE 752 SG SGP 702 SI SVN 705 SK SVK 703 SL SLE 694 SM SMR 674 SN
SEN 686 SO SOM 706 SR SUR 740 SS SSD 728 ST STP 678 SV SLV 222 SY SYR 760 SZ SWZ 748 TD TCD 148 TG TGO 768 TH THA
764 TJ TJK 762 TL TLS 626 TM TKM 795 TN TUN 788 TO TON 776 TR TUR 792 TT TTO 780 TV TUV 798 TW TWN 158 TZ TZA 834 UA
UKR 804 UG UGA 800 US USA 840 UY URY 858 UZ UZB 860 VA VAT 336 VC VCT 670 VE VEN 862 VN VNM 704 VU VUT 548 WS WSM
882 YE YEM 887 ZA ZAF 710 ZM ZMB 894 ZW ZWE 716
    """
)
# What formal names add: "Korea, Republic of", "Kingdom of Sweden", "United States of America (the)".
_FORMAL = re.compile(
    r"^the | the$"
    r"|^(?:federal |islamic |socialist |bolivarian )*(?:republic|kingdom|state|commonwealth|principality|sultanate) of "
    r"(?:the )?"
    r"| (?:republic|kingdom|state|federation|islamic republic)(?: of)?(?: the)?$"
)


@cache
def _countries() -> dict[str, str]:
    """Folded country name in many languages → ISO 3166 code, from the tables of the phonenumbers library."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    pairs = [(name, code) for code, names in sorted(LOCALE_DATA.items()) for name in names.values() if name[:1] != "*"]
    folded = fold(pa.array([name for name, _ in pairs], pa.string())).to_pylist()
    return {name: code for name, (_, code) in zip(folded, pairs, strict=True) if name} | _COMMON_COUNTRIES


@cache
def _codes() -> frozenset[str]:
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def countries(values: pa.Array) -> Outcome:
    """`country` of clean values as ISO 3166 code, from codes and from names in many languages.

    >>> countries(pa.array(["us", "中国", "Deutschland", "U.K.", "Atlantis"])).columns["country"].to_pylist()
    ['US', 'CN', 'DE', 'GB', None]
    """
    folded = fold(replaced(values, r"\.", ""))
    code = each(folded, country_named) if folded.null_count < len(folded) else folded
    return Outcome({"country": code}, junk.because(pc.and_(values.is_valid(), pc.is_null(code)), junk.UNREADABLE))


def country_named(name: str) -> str | None:
    bare = name.removesuffix(" the")
    code = _known(name) or _known(bare)
    if code is None and (found := re.match(r"^(?:[a-z]{2} )?(.+?) ([a-z]{2})$", name)):  # germany (de), zh-CN
        code = _known(found[1])
        code = code if code == found[2].upper() else None
    return code or _known(_FORMAL.sub("", bare).strip())


def _known(name: str) -> str | None:
    if len(name) == 2 and name.upper() in _codes():
        return name.upper()
    return _COMMON_COUNTRIES.get(name) or _iso_codes().get(name.lstrip("0")) or _countries().get(name)


@cache
def _iso_codes() -> dict[str, str]:
    """Letters of three and numbers without noughts in front → ISO 3166 code."""
    codes = dict(zip((name.lower() for name in _ISO[1::3]), _ISO[::3], strict=True))
    return codes | dict(zip(_ISO[2::3], _ISO[::3], strict=True))
