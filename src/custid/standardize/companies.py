"""Company names: the core that tells companies apart, and the legal form that does not.

In: clean distinct values. Out: `company`, `legal_form`, `company_latin`, `company_words`. Never here: people's names,
and how rare a word is: that depends on the other records, and is the engine's to weigh.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.chinese import pinyin
from custid.standardize.junk import UNREADABLE, because
from custid.standardize.text import (
    Outcome,
    compact,
    each,
    fold,
    groups,
    has_han,
    joined,
    map_words,
    matches,
    not_empty,
    on_some,
    replaced,
    where,
    words,
)

# As written after folding; longer ones first where one begins another.
_LATIN_FORMS = (
    "gmbh and co kgaa", "gmbh and co kg", "gmbh und co kg", "gmbh co kg", "ag and co kg", "and company", "and co",
    "sp z oo", "sp z o o", "sp zoo", "sdn bhd", "pty ltd", "pte ltd", "pvt ltd", "private limited",
    "public limited company", "limited liability company", "limited partnership", "co ltd",
    "gesellschaft mit beschrankter haftung", "aktiengesellschaft", "kommanditgesellschaft", "aktiebolag",
    "aktieselskab", "osakeyhtio", "naamloze vennootschap", "societe anonyme", "sociedad anonima", "sociedade anonima",
    "societa per azioni", "spolka akcyjna", "spolka z oo", "kabushiki kaisha", "kabushiki gaisha",
    "sapi de cv", "sab de cv", "s de rl de cv", "s de rl", "sa de cv", "s a de c v",
    "incorporated", "inc", "corporation", "corp", "limited", "ltd", "company", "co", "llc", "llp",
    "lp", "plc", "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "gbr", "ev", "sarl", "sas", "sasu", "eurl",
    "snc", "sa",
    "srl", "spa", "sl", "slu", "bv", "nv", "vof", "ab", "oy", "oyj", "as", "asa", "aps", "kk", "kft", "zrt",
    "doo", "sro", "spol s ro", "a s", "s a", "s p a", "s r l", "s r o", "d o o", "b v", "n v", "ou", "uab", "sia",
    "ehf", "hf", "bvba", "cvba", "sprl", "scrl", "sca", "scs", "dd", "ad", "ead", "eood", "ood", "nyrt", "zrt",
    "bhd", "berhad", "tbk", "jsc", "pjsc", "ojsc", "cjsc", "lllp", "pllc", "wll", "fze", "fzco", "saog", "sae", "sal",
    "lda", "ltee", "ltd sti", "as", "ooo", "oao", "pao", "zao", "ltda", "eireli", "sac", "pty", "pte", "pvt", "se",
    "sau", "eg", "ek", "e k", "gesmbh", "ges mbh", "ges m b h", "haftungsbeschrankt", "ug haftungsbeschrankt", "sagl",
    "sa rl", "scop", "scrlfs", "srls", "srl unipersonale", "ltda me", "ltda epp", "fz llc", "fzc", "fz", "spk",
    "limited liability partnership", "limited liability company", "company limited", "proprietary limited",
    "private company", "public company limited", "pcl", "pte limited", "pty limited", "sociedad limitada", "cia ltda",
    "societe a responsabilite limitee", "societa a responsabilita limitata", "besloten vennootschap", "ltd co",
    "as ltd",
    "eood", "ae", "αε", "επε", "ικε", "株式会社", "유한회사", "주식회사",
    "ооо", "зао", "оао", "пао", "ао", "тов",
)  # fmt: skip
# Legal forms that stand in front.
_FRONT_FORMS = words(
    "株式会社 有限会社 合同会社 주식회사 유한회사 uab sia ab ип ооо зао оао пао ао тов ooo oao pao zao pt"
)
_HAN_FORMS = words(
        "集团股份有限公司 集团有限责任公司 集团有限公司 股份有限公司 有限责任公司 有限公司 "
        "股份合作公司 特殊普通合伙 普通合伙 有限合伙 自然人独资 "
        "法人独资 外商独资 股份公司 集团公司 合伙企业 个人独资企业 个体工商户 株式会社 有限会社 公司 集团"
    )  # fmt: skip
_SAME_FORM = {
    "incorporated": "inc",
    "corporation": "corp",
    "limited": "ltd",
    "company": "co",
    "有限责任公司": "有限公司",
    "集团有限责任公司": "集团有限公司",
}
# Ends that make a name a company's even where no legal form is given.
_HAN_TRADES = words(
        "厂 店 商行 超市 酒店 银行 医院 学校 大学 事务所 工作室 经营部 中心 合作社 研究院 分公司 "
        "门市部 餐厅 药房 办事处 商场"
    )  # fmt: skip
# Latin forms that are also surnames or given names are no proof that a full name is a company's.
_DOUBTFUL_FORMS = frozenset(
    words(
        "co as se ag ev ab sa lp oy spa sas sl ug mbh pty pte kk ou sia hf dd ad sal sac sca lda eg ek ae fz fzc "
        "spk sau "
        "αε тов ао"
    )
)
# Short forms in several words, that initials behind a name spell too.
_SURE_FORMS = tuple(form for form in _LATIN_FORMS if form not in _DOUBTFUL_FORMS and not re.match(r"[a-z] ", form))

# What stands behind the legal form where a part of a company is meant, whose place belongs to the name.
_BRANCH = "(?:分公司|分行|支行|营业部|办事处|代表处|分店|分部|分院|分所)"
_LATIN_BRANCH = (
    "(?:branch|niederlassung|zweigniederlassung|succursale|sucursal|filiale|filial|oddzial|representative office)"
)
_ABROAD = "uk|usa|us|hk|china|deutschland|germany|france|japan|india|singapore|hong kong"
# Stands for 株式会社 or 주식회사, before or behind a name.
_BRACKETED = r"\((?:株|주|有|유)\)"
# What registers and clerks write behind a name: 注销, 吊销, in liquidation.
_STATE = (
    r"(?i)[ (\[【（]*(?:(?:已|被)?(?:注销|吊销|停业|停用|破产)|in liquidation|i\.? ?l\.|dissolved|inactive|closed)"
    r"[)\]】） ]*$"
)
_LATIN_TAIL = "(?:" + "|".join(_LATIN_FORMS) + ")"
_HAN_TAIL = "(?:" + "|".join(_HAN_FORMS) + ")"
_CORE = rf"^(?:the )?(?P<core>.+?)(?P<form>(?: {_LATIN_TAIL})+|(?: ?{_HAN_TAIL})+)?$"
_FRONT = rf"^(?P<form>{'|'.join(form + (' ?' if form[0] > '一' else ' ') for form in _FRONT_FORMS)})(?P<rest>.{{2,}})$"
# Between the name of a company and the one it goes by, or went by.
_ALSO = (
    r"^(?P<core>.+?)(?: dba | d b a | doing business as | trading as | t a | formerly known as | formerly | fka "
    r"| f k a | aka | a k a |曾用名)(?P<also>.+)$"
)
# A name that is the address of a site: netvibes.com, www.expedia.es.
_SITE = (
    r"^(?i)(?:https?://)?(?:www\.)?([\p{L}\d-]{3,})(?:\.(?:com|co|org|net|gov|edu|ac))?"
    r"\.(?:[a-z]{2}|com|net|org|info|biz|edu|gov|app|dev|shop|store|online|museum)(?:/.*)?$"
)
_DOT_COM = r"\b(?:www\.)?([a-z0-9]{2,})\.(?:com|net|org|io)\b"
_IS_COMPANY = rf"(?:. (?:{'|'.join(_SURE_FORMS)})|{_HAN_TAIL}|\p{{Han}}(?:{'|'.join(_HAN_TRADES)}))$"


def _folded(values: pa.Array) -> pa.Array:
    values = on_some(values, matches(values, _STATE), lambda some: not_empty(replaced(some, _STATE, "")))
    values = on_some(values, matches(values, _BRACKETED), lambda some: replaced(some, _BRACKETED, " "))
    values = on_some(values, matches(values, _SITE), lambda some: replaced(some, _SITE, r"\1"))
    values = fold(values, keep=".&")
    values = on_some(values, matches(values, _DOT_COM), lambda some: replaced(some, _DOT_COM, r"\1"))
    odd = matches(values, r"[.&]")

    def dots(some: pa.Array) -> pa.Array:
        some = replaced(some, r"\b([a-z])\.", r"\1")  # s.a.r.l. is sarl
        return pc.utf8_trim(replaced(replaced(some, r" ?& ?", " and "), r"[. ]+", " "), " ")

    return not_empty(compact(on_some(values, odd, dots)))


def is_company(values: pa.Array) -> pa.Array:
    """Where a clean value is plainly a company's name, by how it ends.

    >>> is_company(pa.array(["Acme Trading Ltd.", "北京大华科技有限公司", "Ann Co", "张伟"])).to_pylist()
    [True, True, False, False]
    """
    return matches(_folded(values), _IS_COMPANY)


def companies(values: pa.Array) -> Outcome:
    """What `clean` values are compared by.

    `company`: the folded core. A branch keeps its place: "X有限公司北京分公司" is "x北京分公司". A name that is nothing
    but a legal form stays as it is. Of "A dba B" it is A. `company_latin`: the same with 汉字 in pinyin.
    `legal_form`. `company_words`: see `words_of_name`; of "A dba B" the words of both.

    >>> found = companies(pa.array(["The ACME Trading Co., Ltd.", "大華科技（北京）有限公司", "www.expedia.es"]))
    >>> found.columns["company"].to_pylist()
    ['acme trading', '大华科技北京', 'expedia']
    >>> found.columns["company_words"].to_pylist()
    ['acme trading', '北京 大华 科技', 'expedia']
    """
    folded = _folded(values)
    # Parentheses in Chinese names hold a place that belongs to the name.
    folded = on_some(folded, matches(folded, r"\p{Han} "), lambda some: replaced(some, r"(\p{Han}) ", r"\1"))
    folded = on_some(folded, matches(folded, r" \p{Han}"), lambda some: replaced(some, r" (\p{Han})", r"\1"))
    folded = on_some(folded, matches(folded, rf" (?:{_LATIN_BRANCH}|{_ABROAD})$"), _place_in_front)
    front = groups(folded, _FRONT, ("form", "rest"))
    two = groups(pc.coalesce(front["rest"], folded), _ALSO, ("core", "also"))
    core, form = _core_and_form(pc.coalesce(two["core"], front["rest"], folded))
    also, _ = _core_and_form(two["also"])
    latin = on_some(core, has_han(core), lambda some: each(some, pinyin))
    columns = {
        "company": core,
        "legal_form": _same_form(pc.coalesce(form, pc.utf8_trim(front["form"], " "))),
        "company_latin": latin,
        "company_words": each(joined(" ", core, also), words_of_name),
    }
    return Outcome(columns, because(pc.and_(values.is_valid(), pc.is_null(core)), UNREADABLE))


def _place_in_front(folded: pa.Array) -> pa.Array:
    """ "foo ltd hong kong branch" and "foo ltd uk" with the form last: "foo hong kong branch ltd"."""
    branch = rf"^(.+?)((?: {_LATIN_TAIL})+) ((?:\S+ ){{0,3}}{_LATIN_BRANCH}|{_ABROAD})$"
    return replaced(folded, branch, r"\1 \3\2")


def _core_and_form(folded: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The core of folded names, and the legal form behind it."""
    branch = matches(folded, rf"{_HAN_TAIL}[^公]{{2,}}{_BRANCH}$")
    found = pc.extract_regex(folded, _CORE)
    known = found.is_valid()
    core = where(pc.and_(known, pc.invert(branch)), pc.struct_field(found, "core"))
    form = not_empty(pc.utf8_trim(where(pc.and_(known, pc.invert(branch)), pc.struct_field(found, "form")), " "))
    if pc.any(branch).as_py():
        parent = pc.extract_regex(folded, rf"(?P<form>{_HAN_TAIL})[^公]{{2,}}{_BRANCH}$")
        form = pc.coalesce(form, where(branch, pc.struct_field(parent, "form")))
        core = pc.coalesce(
            core, on_some(folded, branch, lambda some: replaced(some, rf"{_HAN_TAIL}([^公]{{2,}}{_BRANCH})$", r"\1"))
        )
    return pc.coalesce(not_empty(pc.utf8_trim(core, " ")), folded), form


def _same_form(forms: pa.Array) -> pa.Array:
    """Legal forms in one spelling: incorporated is inc."""
    return map_words(forms, _SAME_FORM)


# --- words --------------------------------------------------------------------------------------------------

# Words that hold a name together and say nothing.
_SMALL_WORDS = frozenset(
    words(
        "the of and for at in on by to a an de du des del della dello dei degli delle di da do dos das la le les "
        "el los "
        "las il lo i gli l d et y e und der die das den dem fur zu zur zum van von voor het een en och og ja i w "
        "we na "
        "z ze a s u v o"
    )
)
# One spelling for what is shortened, counted or said in several languages. Sources: the words' own meanings.
_SAME_WORD = {
    short: word
    for word, shorts in {
        "international": "intl int internacional internazionale internationale",
        "national": "natl nacional nazionale nationale",
        "university": "univ universita universitat universite universidad universidade uniwersytet univerzita",
        "institute": "inst institut instituto istituto instytut instituut",
        "faculty": "facultad faculdade faculte facolta fakultat fakultet",
        "department": "dept departamento departement dipartimento",
        "ministry": "ministerium ministere ministerio ministero ministerstwo",
        "academy": "akademie academie academia accademia akademia",
        "school": "schule ecole escuela escola scuola",
        "library": "bibliothek bibliotheque biblioteca biblioteka",
        "hospital": "hopital krankenhaus ospedale klinikum",
        "museum": "musee museo museu muzeum",
        "foundation": "fdn stiftung fondation fundacion fundacao fondazione",
        "association": "assn assoc verband associacion asociacion associazione associacao",
        "society": "soc gesellschaft societe sociedad sociedade societa",
        "bank": "bk banque banco banca",
        "group": "grp gruppe groupe grupo gruppo",
        "company": "compagnie compania companhia compagnia",
        "center": "centre ctr cntr zentrum centro centrum",
        "service": "svc svcs srvc services servicios servizi",
        "technology": "tech technologies technologie tecnologia",
        "manufacturing": "mfg manuf",
        "management": "mgmt mgt",
        "laboratory": "lab labs laboratories laboratorio labor",
        "industry": "ind inds industries industrie industria",
        "system": "sys systems",
        "product": "prod prods products",
        "solution": "solutions",
        "holding": "holdings hldg hldgs",
        "brother": "bros brothers",
        "government": "govt gov",
        "insurance": "ins assurance",
        "engineering": "engr engg eng",
        "communication": "comm comms communications telecommunications telecom",
        "republic": "rep",
        "saint": "st",
        "north": "n",
        "2": "ii 2nd second",
        "3": "iii 3rd third",
        "4": "iv",
        "6": "vi",
        "7": "vii",
        "8": "viii",
        "1": "1st first",
    }.items()
    for short in words(shorts)
}
_PLACES = words(
    "内蒙古 黑龙江 北京 上海 天津 重庆 河北 山西 辽宁 吉林 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 "
    "广西 海南 四川 贵州 "
    "云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾 中国 石家庄 太原 沈阳 大连 长春 哈尔滨 南京 苏州 无锡 "
    "常州 南通 徐州 扬州 "
    "杭州 宁波 温州 嘉兴 绍兴 金华 台州 合肥 福州 厦门 泉州 南昌 济南 青岛 烟台 潍坊 临沂 郑州 洛阳 武汉 长沙 "
    "广州 深圳 佛山 东莞 "
    "珠海 中山 惠州 汕头 南宁 海口 成都 绵阳 贵阳 昆明 西安 兰州 西宁 银川 乌鲁木齐 呼和浩特 唐山 保定"
)
_TRADES = words(
    "人力资源 电子商务 电商 电子科技 信息技术 网络科技 生物科技 生物技术 知识产权 供应链 互联网 房地产 物联网 计算机 "
    "会计师 新能源 新材料 "
    "研究院 研究所 事务所 工作室 经营部 门市部 办事处 分公司 营业部 合作社 基金会 委员会 幼儿园 子公司 出版社 电视台 "
    "科技 技术 信息 网络 电子 软件 贸易 商贸 实业 投资 管理 咨询 服务 文化 传媒 传播 广告 建筑 建设 工程 装饰 "
    "设计 置业 物业 物流 "
    "运输 餐饮 酒店 食品 饮料 医药 药业 医疗 健康 生物 环保 环境 能源 电力 汽车 机械 机电 设备 制造 工业 化工 "
    "材料 纺织 服装 服饰 "
    "家具 家居 农业 国际 集团 控股 股份 发展 教育 培训 旅游 旅行 金融 保险 人寿 财产 银行 证券 基金 租赁 担保 "
    "大学 学院 学校 中学 小学 "
    "医院 诊所 药店 药房 超市 商店 商行 饭店 餐厅 宾馆 中心 律师 支行 分行 总部 通信 通讯 数码 智能 数据 系统 "
    "电器 电气 钢铁 矿业 "
    "石油 石化 航空 铁路 港口 出版 印刷 包装 珠宝 美容 体育 影视 娱乐 游戏 动漫 公司 责任 有限 产品 用品 销售 进出口"
)
_SAME_TRADE = {"电商": "电子商务", "商贸": "贸易", "通讯": "通信", "饭店": "酒店"}
_PLACE = re.compile(rf"(?:{'|'.join(_PLACES)})(?:省|市|自治区|特别行政区)?")
_HAN_RUN = re.compile(r"[㐀-鿿]+")


def words_of_name(core: str) -> str:
    """The distinct words of a folded company name, sorted: small words gone (unless there are no others), the usual
    shortened, numbered and foreign words in one spelling; of 汉字 the place, what the company is called (字号), and
    its trades.

    >>> words_of_name("faculty of science masaryk univ"), words_of_name("masaryk university faculty of science")
    ('faculty masaryk science university', 'faculty masaryk science university')
    >>> words_of_name("北京小米科技"), words_of_name("小米")
    ('北京 小米 科技', '小米')
    """
    found: set[str] = set()
    small: set[str] = set()
    for word in core.split():
        if _HAN_RUN.search(word):
            found.update(piece for run in re.split(r"([㐀-鿿]+)", word) if run for piece in _han_words(run))
        elif word in _SMALL_WORDS:
            small.add(word)
        else:
            found.add(_SAME_WORD.get(word, word))
    if all(len(word) == 1 and word.isascii() for word in found):  # i and m, or nothing
        found |= {word for word in small if len(word) == 1}
    return " ".join(sorted(found or small))


def _han_words(run: str) -> list[str]:
    """Places in front and behind, trades behind, and what remains between them."""
    if not _HAN_RUN.match(run):
        return [run]
    out = []
    for _ in range(3):  # 中国, a province, a city
        found = _PLACE.match(run)
        if not found or found.end() == len(run):
            break
        out.append(_bare_place(found[0]))
        run = run[found.end() :]
    while len(run) > 2:
        ending = next((word for word in (*_TRADES, *_PLACES) if run.endswith(word) and len(run) > len(word)), None)
        if ending is None:
            break
        out.append(_SAME_TRADE.get(ending, ending))
        run = run[: -len(ending)]
    return [*out, run]


def _bare_place(place: str) -> str:
    return next(name for name in _PLACES if place.startswith(name))
