"""Chinese surnames with their shares, characters of given names by sex, and how each is read and written."""

from __future__ import annotations

from custid.testing.data import words

#: surname:share in percent of the population. Those without a share are rare.
SURNAMES = words("""
王:7.1 李:7.0 张:6.6 刘:5.2 陈:4.6 杨:3.1 黄:2.2 赵:2.1 吴:1.95 周:1.9 徐:1.45 孙:1.4 马:1.3 朱:1.26
胡:1.22 郭:1.2 何:1.17 林:1.15 高:1.1 罗:1.05 郑:.93 梁:.84 宋:.81 谢:.76 唐:.7 韩:.68 许:.66 邓:.62
冯:.61 曹:.6 彭:.58 曾:.58 肖:.57 田:.52 董:.51 潘:.49 袁:.48 蔡:.48 蒋:.48 余:.47 于:.46 杜:.46 叶:.45
程:.44 魏:.43 苏:.43 吕:.42 丁:.42 任:.41 卢:.4 姚:.4 沈:.4 钟:.39 姜:.38 崔:.38 谭:.37 陆:.36 范:.36
汪:.35 廖:.34 石:.34 金:.33 韦:.32 贾:.32 夏:.31 付:.31 方:.3 邹:.3 熊:.3 白:.29 孟:.29 秦:.28 邱:.28
侯:.27 江:.27 尹:.27 薛:.26 闫:.25 雷:.24 龙:.23 黎:.23 史:.23 陶:.22 贺:.22 毛:.21 段:.21 郝:.2 顾:.2
龚:.2 邵:.2 覃:.19 武:.19 钱:.19 戴:.18 严:.18 莫:.17 孔:.17 向:.17 常:.16 赖:.16 汤:.16 康:.15 易:.15
乔:.15 文:.15 牛:.14 樊:.14 葛:.14 邢:.13 安:.13 齐:.13 伍:.12 庄:.12 申:.12 倪:.12 温:.12 季:.11 芦:.11
俞:.11 章:.11 鲁:.11 庞:.1 殷:.1 翟:.1 施:.1 聂:.1 焦:.1 柳:.09 邰:.02 欧:.09 祝:.09 岳:.08 辛:.08 管:.08
祁:.08 耿:.08 左:.08 涂:.07 谷:.07 时:.07 舒:.07 梅:.07 蓝:.06 卜:.06 詹:.06 关:.06 裴:.06 凌:.06 霍:.06
柯:.06 阮:.06 童:.06 翁:.05 穆:.05 成:.05 车:.05 连:.05 路:.05 娄:.05 符:.05 包:.05 盛:.05 宁:.05 喻:.05
项:.05 尚:.04 鲍:.04 甘:.04 房:.04 单:.04 解:.04 柴:.04 游:.04 滕:.03 苗:.03 古:.03 饶:.03 靳:.03 冉:.03
褚:.03 屈:.03 司:.03 闵:.02 匡:.02 桂:.02 仇:.02 查:.02 佟:.02 邬:.02 卞:.02 晏:.02 巫:.02 荣:.02 简:.02
明:.02 欧阳:.08 上官:.009 司徒:.006 诸葛:.005 皇甫:.006 司马:.003 夏侯:.003 令狐:.004 慕容:.002 尉迟:.002
公孙:.001 东方:.001 端木:.001
""")

#: Characters of given names, most used first.
MALE = (
    "伟强军杰勇明涛磊超辉刚平鹏华斌波飞鑫浩宇建志国文海俊峰凯健龙永林东春旭亮成阳帆帅宁威康星天达"
    "安岩中茂进彬博诚震振思豪承乐松庆民友哲江政谦奇翰宏言鸣栋维启克伦翔泽晨辰士家树德泰雄琛钧冠腾"
    "楠航弘轩子梓睿涵一嘉皓锦铭佳昊然景瑞立新荣贵福生元根良才发祥玉兵洪光胜学世义仁金忠利清保山喜"
    "全顺长云少正传运有定来大小卫红雷彦晓骏耀恒毅煜尧逸瀚炜烨焱霖沛"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀燕玲桂英红梅莉兰婷雪慧萍琳洁颖丹玉欣怡倩佳悦琴云珍凤蓉晶莹莲春菊文华美娥淑"
    "惠珠翠雅芝巧月香彩爱瑞瑶妍茜诗嘉青露璐娅琦岚苑婕馨韵融园艺咏卿聪澜纯毓昭冰爽琬羽希宁飘育柔竹"
    "晓枫芸菲寒伊亚宜可姬舒影荔枝思梦若涵梓子雨语萱彤依诺心钰紫一晨曦曼蕾薇婉娇媛苗蕊莎甜妮楠宇帆"
    "银素连小凡平兴改金秋"
)

#: Characters easily taken for each other, by sound or by shape.
CONFUSED = words("""
伟玮炜 丽莉俐 芳方 静婧靖 敏民 杰洁捷 涛滔 磊垒 超朝 辉晖 鹏朋 斌彬 浩皓昊 宇羽 建健 志智 俊骏峻 凯恺 龙隆
洋阳扬 燕艳 玲铃灵 英瑛 婷亭廷 雪学 慧惠蕙 萍苹平 琳林霖 颖影 欣新心 怡宜 佳嘉家 悦月 晶精 莹盈 梅玫 晨辰
轩萱 梓子 涵函 瑶遥 思斯 诗施 雨语 张章 王汪 刘柳 陈程 杨扬 黄皇 吴武 周邹 徐许 付傅 闫阎 肖萧 于余俞 蒋将
韦魏 沈申 邱丘 余佘
""")

#: syllable, then the characters read so.
PINYIN = words("""
ai爱 an安 bai白 bao保包鲍 bian卞 bin彬斌 bing兵冰 bo博波 bu卜 cai彩才蔡 cao曹 chai柴 chang常长 chao朝超
che车 chen晨琛辰陈 cheng成承程诚 chi迟 chu褚 chuan传 chun春纯 cong聪 cui崔翠 da大达 dai戴 dan丹 de德
deng邓 ding丁定 dong东栋董 du杜 duan段端 e娥 fa发 fan凡帆樊范 fang房方芳 fei菲飞 feng冯凤峰枫 fu付傅甫福符
gai改 gan甘 gang刚 gao高 ge葛 gen根 geng耿 gong公龚 gu古谷顾 guan关冠官管 guang光 gui桂贵 guo国郭 hai海
han函寒涵瀚翰韩 hang航 hao昊浩皓豪郝 he何贺 heng恒 hong宏弘洪红 hou侯 hu狐胡 hua华 huang皇黄 hui惠慧晖蕙辉
huo霍 ji姬季 jia佳嘉家贾 jian健建简 jiang姜将江蒋 jiao娇焦 jie婕捷杰洁 jin进金锦靳 jing婧景晶精靖静 ju菊
juan娟 jun俊军峻钧骏 kai凯恺 kang康 ke克可柯 kong孔 kuang匡 lai来赖 lan兰岚澜蓝 le乐 lei垒磊蕾雷
li丽俐利李立荔莉黎 lian莲连 liang亮梁良 liao廖 lin林琳霖 ling令凌灵玲铃 liu刘柳 long隆龙 lou娄
lu卢璐芦路陆露鲁 lun伦 luo罗 lv吕 ma马 man曼 mao毛茂 mei梅玫美 meng孟梦 miao苗 min敏民闵 ming明铭鸣 mo莫
mu慕木穆 na娜 nan楠 ni倪妮 nie聂 ning宁 niu牛 nuo诺 ou欧 pan潘 pang庞 pei沛裴 peng彭朋鹏 piao飘 ping平苹萍
qi启奇琦祁齐 qian倩茜谦钱 qiang强 qiao乔巧 qin琴秦覃 qing卿庆清青 qiu丘仇秋邱 qu屈 quan全 ran冉然 rao饶
ren仁任 rong容荣蓉融 rou柔 ruan阮 rui瑞睿蕊 ruo若 sha莎 shan单山 shang上尚 shao少邵 she佘 shen沈申
sheng生盛胜 shi世史士施时石诗 shu树淑舒 shuai帅 shuang爽 shun顺 si司思斯 song宋松 su素苏 sun孙 tai泰邰
tan谭 tang唐汤 tao涛滔陶 teng滕腾 tian天甜田 ting亭婷廷 tong佟彤童 tu徒涂 wan婉琬 wang汪王
wei伟卫威炜玮维薇韦魏 wen文温 weng翁 wu伍吴巫武邬 xi喜希曦 xia夏霞 xiang向祥翔项香 xiao小晓肖萧 xie解谢
xin心新欣辛鑫馨 xing兴星邢 xiong熊雄 xiu秀 xu徐旭许 xuan萱轩 xue学薛雪 ya亚娅雅 yan严妍岩彦晏焱燕艳言闫阎
yang扬杨洋阳 yao姚尧瑶耀遥 ye叶烨 yi一义伊依宜怡易毅艺逸 yin尹殷银 ying影瑛盈英莹颖 yong勇咏永 you友有游
yu于余俞喻宇尉毓煜玉羽育语钰雨 yuan元园媛苑袁 yue岳悦月 yun云芸运韵 ze泽 zeng曾 zha查 zhai翟 zhan詹
zhang张章 zhao昭赵 zhe哲 zhen振珍震 zheng政正郑 zhi志智枝芝 zhong中忠钟 zhou周 zhu朱珠祝竹诸 zhuang庄
zi子梓紫 zou邹 zuo左
""")

#: simplified then traditional, for the characters above that differ.
TRADITIONAL = words("""
东東 严嚴 丽麗 义義 乐樂 乔喬 云雲 亚亞 伟偉 传傳 伦倫 兰蘭 关關 兴興 军軍 冯馮 凤鳳 凯凱 刘劉 刚剛 华華
单單 卢盧 卫衛 发發 叶葉 吕呂 启啟 吴吳 咏詠 园園 国國 垒壘 娄婁 娅婭 娇嬌 孙孫 学學 宁寧 将將 尧堯 岚嵐
帅帥 庄莊 庆慶 庞龐 张張 强強 彦彥 恒恆 恺愷 悦悅 扬揚 时時 晓曉 晖暉 来來 杨楊 杰傑 枫楓 栋棟 树樹 梦夢
欧歐 汤湯 泽澤 洁潔 涛濤 温溫 澜瀾 灵靈 炜煒 烨燁 爱愛 玮瑋 瑶瑤 简簡 红紅 纯純 维維 罗羅 聂聶 聪聰 胜勝
腾騰 艳豔 艺藝 芦蘆 苏蘇 苹蘋 荣榮 莲蓮 莹瑩 萧蕭 蒋蔣 蓝藍 许許 诗詩 诚誠 语語 诸諸 诺諾 谢謝 谦謙 谭譚
贵貴 贺賀 贾賈 赖賴 赵趙 车車 轩軒 辉輝 达達 运運 进進 连連 迟遲 遥遙 邓鄧 邬鄔 邹鄒 郑鄭 钟鍾 钧鈞 钰鈺
钱錢 铃鈴 铭銘 银銀 锦錦 长長 闫閆 闵閔 阎閻 阳陽 陆陸 陈陳 静靜 韦韋 韩韓 韵韻 项項 顺順 顾顧 颖穎 飘飄
飞飛 饶饒 马馬 骏駿 鲁魯 鲍鮑 鸣鳴 鹏鵬 黄黃 齐齊 龙龍 龚龔
""")
