"""What custid knows of Chinese names: surnames, their readings, pinyin.

In: single names in 汉字 or in pinyin. Out: readings and syllable counts. Never here: splitting or folding of
names.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from custid.standardize.text import words

#: Surnames of two characters.
COMPOUND_SURNAMES = frozenset(
    words(
        "欧阳 司马 诸葛 上官 司徒 夏侯 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 轩辕 南宫 端木 "
        "独孤 呼延 申屠 太史 淳于 澹台 公冶 宗政 濮阳 单于 仲孙 钟离 鲜于 闾丘 司空 司寇 拓跋 "
        "百里 东郭 南门 西门 第五 公羊 赫连 完颜 纳兰 耶律 万俟 闻人 叔孙 公西 公良 颛孙 子车 "
        "亓官 巫马 谷梁 左丘 东门 羊舌 微生 梁丘 欧杨"
    )
)

#: Surnames of one character, the common ones first.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔"
    "谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙段黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施樊兰殷"
    "柯左凌岳甘毕章梅季翟倪卫葛齐尤俞安鲁游庞管伍盛焦詹辛耿关苗童项裴鲍霍纪祁缪符柴成温牛阮欧解柳欣单骆路尚牟曲靳庄"
    "涂吉包简谷聂冉岑宁艾佟米冷连饶房褚申鞠喻蒲边卜应晏古华麦颜丘仇查区费司景苟储盖桂党满封滕娄闵臧戚屈丛全楚沙明车"
    "闻巩敖匡植巫隋池宫卓阎傅时穆虞栗荣卞匡来占商原支宗傅况农燕桑晋乌扈郎迟束粟由衣富初阳蓝胥冼容寇鄢郁诸邢商练荆"
    "仝展别平佘权洪窦幸修逄逯苑娜塔木花岩巴候刁计宿银步苍尧祝鹿麻寻强邬邝麻仲漆银丰云茅皮水卯隗宓湛尉"
)

#: Surnames read otherwise than the same character elsewhere.
SURNAME_READINGS = {
    "单": "shan",
    "曾": "zeng",
    "仇": "qiu",
    "解": "xie",
    "查": "zha",
    "区": "ou",
    "任": "ren",
    "朴": "piao",
    "盖": "ge",
    "尉迟": "yuchi",
    "万俟": "moqi",
    "单于": "chanyu",
    "长孙": "zhangsun",
    "澹台": "tantai",
    "繁": "po",
    "秘": "bi",
    "折": "she",
    "员": "yun",
    "召": "shao",
    "洗": "xian",
    "冼": "xian",
    "翟": "zhai",
    "乐": "yue",
    "缪": "miao",
    "隗": "wei",
    "逄": "pang",
    "仝": "tong",
    "覃": "qin",
    "尹": "yin",
    "车": "che",
    "石": "shi",
    "宿": "su",
    "卜": "bu",
}

#: Characters in given names whose first dictionary reading is not the one used there.
_READINGS = {
    "行": "xing",
    "长": "chang",
    "重": "chong",
    "乐": "le",
    "丽": "li",
    "佑": "you",
    "贾": "jia",
    "薄": "bo",
}

#: Surnames in pinyin, the common ones first: of two, the earlier is taken for the surname.
PINYIN_SURNAMES = {
    surname: rank
    for rank, surname in enumerate(
        words(
            "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng "
            "liang xie song tang han feng deng cao peng zeng xiao tian dong pan yuan cai jiang yu du "
            "ye cheng wei su lv lyu ding ren lu yao shen zhong cui tan fan liao shi jin jia xia fu "
            "fang zou xiong bai meng qin qiu hou yin xue yan lei long duan tao mao hao gu gong shao "
            "wan qian dai mo kong xiang chang kang qiao lai wen pang yue gan bi mei ji zhai ni ge qi "
            "you an niu ruan ou guan miao tong pei bao huo fei ai mi leng lian rao chu ju pu bian "
            "ying zha si jing man qu quan sha ming che wo kuang chi zhuo mu rong lan xi hong dou geng "
            "hua zhan sheng ouyang sima zhuge shangguan situ xiahou dongfang huangfu yuchi murong "
            "linghu zhangsun"
        )
    )
}

_SYLLABLES = frozenset(
    words(
        "a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai "
        "can cang cao ce cen ceng cha chai chan chang chao che chen cheng chi chong chou chu chua "
        "chuai chuan chuang chui chun chuo ci cong cou cu cuan cui cun cuo da dai dan dang dao de "
        "den deng di dian diao die ding diu dong dou du duan dui dun duo e ei en er fa fan fang "
        "fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan "
        "guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang "
        "hui hun huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan "
        "kang kao ke ken keng kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le "
        "lei leng li lia lian liang liao lie lin ling liu long lou lu luan lun luo lv lve lyu ma "
        "mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang "
        "nao ne nei nen neng ni nian niang niao nie nin ning niu nong nou nu nuan nuo nv nve o ou "
        "pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang "
        "qiao qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri rong rou ru ruan "
        "rui run ruo sa sai san sang sao se sen seng sha shai shan shang shao she shen sheng shi "
        "shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta tai "
        "tan tang tao te teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang "
        "wei wen weng wo wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan "
        "yang yao ye yi yin ying yong you yu yuan yue yun za zai zan zang zao ze zei zen zeng zha "
        "zhai zhan zhang zhao zhe zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang zhui zhun "
        "zhuo zi zong zou zu zuan zui zun zuo"
    )
)
_SYLLABLE_LENGTH_MAX = 6


@lru_cache(maxsize=1 << 18)
def syllables(word: str) -> int:
    """The fewest pinyin syllables that spell `word`; 0 when none do.

    >>> syllables("xiaoming"), syllables("xian"), syllables("smith")
    (2, 1, 0)
    """
    length = len(word)
    if length > 4 * _SYLLABLE_LENGTH_MAX or not word.isascii():
        return 0
    fewest = [0] + [99] * length
    reached = 0
    for start in range(length):
        if start > reached:  # most words of other languages end here, after a letter or two
            return 0
        if fewest[start] == 99:
            continue
        for end in range(start + 1, min(length, start + _SYLLABLE_LENGTH_MAX) + 1):
            if fewest[start] + 1 < fewest[end] and word[start:end] in _SYLLABLES:
                fewest[end], reached = fewest[start] + 1, max(reached, end)
    return fewest[-1] if fewest[-1] < 99 else 0


class _ReadingsByCode(dict[int, str]):
    """Code of a character → its reading, looked up once."""

    def __missing__(self, code: int) -> str:
        self[code] = chr(code) if code < 128 else _reading(chr(code))
        return self[code]


_READINGS_BY_CODE = _ReadingsByCode()


def _reading(character: str) -> str:
    if character in _READINGS:
        return _READINGS[character]
    from pypinyin.pinyin_dict import pinyin_dict

    reading = pinyin_dict.get(ord(character))
    if reading is None:
        return character
    # ü is typed v; its tone marks fall away with the others.
    marks = unicodedata.normalize("NFD", reading.split(",")[0]).replace("u\u0308", "v")
    return "".join(mark for mark in marks if not unicodedata.combining(mark))


def pinyin(text: str) -> str:
    """`text` with its 汉字 in toneless pinyin, without spaces between them.

    >>> pinyin("晓明"), pinyin("吕"), pinyin("abc 中国")
    ('xiaoming', 'lv', 'abc zhongguo')
    """
    text = text.replace("银行", "银航").replace("商行", "商航")  # the one common word of company names read otherwise
    return text.translate(_READINGS_BY_CODE)


def in_pinyin(texts: list[str]) -> list[str]:
    """`pinyin` of each text, worked out at once; none of them has more than one line.

    >>> in_pinyin(["晓明", "单"])
    ['xiaoming', 'dan']
    """
    return pinyin("\n".join(texts)).split("\n") if texts else []


def surname_pinyin(surname: str) -> str:
    """As `pinyin`, with the readings that surnames have.

    >>> surname_pinyin("单"), surname_pinyin("曾"), surname_pinyin("欧阳"), surname_pinyin("尉迟")
    ('shan', 'zeng', 'ouyang', 'yuchi')
    """
    if surname in SURNAME_READINGS:
        return SURNAME_READINGS[surname]
    first = SURNAME_READINGS.get(surname[:1]) if surname[:2] not in COMPOUND_SURNAMES else None
    return first + pinyin(surname[1:]) if first else pinyin(surname)
