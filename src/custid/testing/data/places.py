"""Cities with their postcodes and dialling codes; the parts of streets and of small towns."""

from __future__ import annotations

from custid.testing.data import words

#: In all rows `_` stands for a blank in a name.
#: US: region:first and last three digits of its ZIP codes:area codes:share
US_REGIONS = words("""
CA:900-961:213,310,415,510,619,714,818,916:12 TX:750-799:214,281,512,713,817,210:9
FL:320-349:305,407,561,813,904:7 NY:100-149:212,315,516,585,716,718,914:6 PA:150-196:215,412,610,717,814:4
IL:600-629:217,312,630,708,815:4 OH:430-459:216,330,419,513,614,937:4 GA:300-319:404,478,706,770,912:3
NC:270-289:252,336,704,828,910,919:3 MI:480-499:231,248,313,517,616,734:3
NJ:070-089:201,609,732,856,908,973:3 VA:220-246:276,434,540,703,757,804:3 WA:980-994:206,253,360,425,509:2
AZ:850-865:480,520,602,623,928:2 MA:010-027:413,508,617,781,978:2 TN:370-385:423,615,731,865,901,931:2
IN:460-479:219,260,317,574,765,812:2 MO:630-658:314,417,573,636,660,816:2 MD:206-219:240,301,410,443:2
WI:530-549:262,414,608,715,920:2 CO:800-816:303,719,720,970:2 MN:550-567:218,320,507,612,651,763:2
SC:290-299:803,843,864:2 AL:350-369:205,251,256,334:1 LA:700-714:225,318,337,504,985:1
KY:400-427:270,502,606,859:1 OR:970-979:503,541,971:1 OK:730-749:405,580,918:1 CT:060-069:203,860:1
UT:840-847:435,801:1 IA:500-528:319,515,563,641,712:1 NV:889-898:702,775:1 AR:716-729:479,501,870:1
KS:660-679:316,620,785,913:1
""")

US_CITIES = words("""
New_York:NY:20 Los_Angeles:CA:10 Chicago:IL:7 Houston:TX:6 Phoenix:AZ:4 Philadelphia:PA:4 San_Antonio:TX:4
San_Diego:CA:4 Dallas:TX:3 San_Jose:CA:3 Austin:TX:2.5 Jacksonville:FL:2.5 Fort_Worth:TX:2.5
Columbus:OH:2.3 Charlotte:NC:2.2 Indianapolis:IN:2.2 Seattle:WA:2 Denver:CO:2 Boston:MA:1.8
Nashville:TN:1.8 Oklahoma_City:OK:1.8 Las_Vegas:NV:1.7 Portland:OR:1.7 Detroit:MI:1.6 Memphis:TN:1.6
Louisville:KY:1.6 Baltimore:MD:1.5 Milwaukee:WI:1.5 Fresno:CA:1.4 Tucson:AZ:1.4 Sacramento:CA:1.4
Kansas_City:MO:1.3 Atlanta:GA:1.3 Raleigh:NC:1.2 Des_Moines:IA:1 Miami:FL:1.2 Tampa:FL:1 Tulsa:OK:1
Minneapolis:MN:1.1 Cleveland:OH:1 New_Orleans:LA:1 Pittsburgh:PA:.9 Cincinnati:OH:.9 St._Louis:MO:.9
Orlando:FL:.9 Newark:NJ:.9 Buffalo:NY:.8 Richmond:VA:.7 Salt_Lake_City:UT:.7 Birmingham:AL:.7
Hartford:CT:.5 Charleston:SC:.5
""")

#: GB: city:region:postcode area:dialling code:share
GB_CITIES = words("""
London:Greater_London:SE:20:9 London:Greater_London:N:20:8 London:Greater_London:SW:20:8
London:Greater_London:W:20:6 Birmingham:West_Midlands:B:121:7 Manchester:Greater_Manchester:M:161:6
Leeds:West_Yorkshire:LS:113:5 Glasgow:Lanarkshire:G:141:5 Sheffield:South_Yorkshire:S:114:4
Liverpool:Merseyside:L:151:4 Bristol:Bristol:BS:117:4 Edinburgh:Midlothian:EH:131:4
Leicester:Leicestershire:LE:116:3 Coventry:West_Midlands:CV:2476:3 Cardiff:South_Glamorgan:CF:2920:3
Nottingham:Nottinghamshire:NG:115:3 Newcastle_upon_Tyne:Tyne_and_Wear:NE:191:3
Belfast:County_Antrim:BT:2890:3 Brighton:East_Sussex:BN:1273:2 Plymouth:Devon:PL:1752:2
Derby:Derbyshire:DE:1332:2 Southampton:Hampshire:SO:2380:2 Portsmouth:Hampshire:PO:2392:2
Norwich:Norfolk:NR:1603:2 Swansea:West_Glamorgan:SA:1792:2 Aberdeen:Aberdeenshire:AB:1224:2
York:North_Yorkshire:YO:1904:1 Oxford:Oxfordshire:OX:1865:1 Cambridge:Cambridgeshire:CB:1223:1
Exeter:Devon:EX:1392:1 Ipswich:Suffolk:IP:1473:1 Bath:Somerset:BA:1225:1 Lincoln:Lincolnshire:LN:1522:1
Truro:Cornwall:TR:1872:1
""")

#: DE: city:region:first three digits of its postcodes:dialling code:share
DE_CITIES = words("""
Berlin:Berlin:101-141:30:12 Hamburg:Hamburg:200-227:40:7 München:Bayern:803-819:89:6
Köln:Nordrhein-Westfalen:506-511:221:5 Frankfurt_am_Main:Hessen:603-605:69:4
Stuttgart:Baden-Württemberg:701-705:711:3 Düsseldorf:Nordrhein-Westfalen:402-406:211:3
Leipzig:Sachsen:041-043:341:3 Dortmund:Nordrhein-Westfalen:441-443:231:3
Essen:Nordrhein-Westfalen:451-453:201:3 Bremen:Bremen:281-287:421:3 Dresden:Sachsen:010-013:351:3
Hannover:Niedersachsen:301-306:511:3 Nürnberg:Bayern:902-904:911:3
Duisburg:Nordrhein-Westfalen:470-472:203:2 Bochum:Nordrhein-Westfalen:447-448:234:2
Münster:Nordrhein-Westfalen:481-481:251:2 Karlsruhe:Baden-Württemberg:761-762:721:2
Mannheim:Baden-Württemberg:681-683:621:2 Augsburg:Bayern:861-861:821:2
Kiel:Schleswig-Holstein:241-241:431:1 Freiburg_im_Breisgau:Baden-Württemberg:790-791:761:1
Mainz:Rheinland-Pfalz:551-551:6131:1 Lübeck:Schleswig-Holstein:235-235:451:1
Erfurt:Thüringen:990-990:361:1 Rostock:Mecklenburg-Vorpommern:180-181:381:1
""")

#: CN: city:region:first four digits of its postcodes:area code:share:districts
CN_CITIES = words("""
北京市:北京市:1000-1026:10:8:朝阳区,海淀区,东城区,西城区,丰台区,通州区,昌平区,大兴区,石景山区
上海市:上海市:2000-2021:21:8:浦东新区,徐汇区,静安区,长宁区,普陀区,虹口区,杨浦区,闵行区,宝山区,松江区
广州市:广东省:5100-5114:20:6:天河区,越秀区,海珠区,荔湾区,白云区,番禺区,黄埔区
深圳市:广东省:5180-5181:755:6:南山区,福田区,罗湖区,宝安区,龙岗区,龙华区
成都市:四川省:6100-6117:28:5:武侯区,锦江区,青羊区,金牛区,成华区,双流区
重庆市:重庆市:4000-4097:23:5:渝中区,江北区,南岸区,沙坪坝区,九龙坡区,渝北区
杭州市:浙江省:3100-3113:571:4:西湖区,上城区,拱墅区,滨江区,余杭区,萧山区
武汉市:湖北省:4300-4304:27:4:江岸区,江汉区,武昌区,洪山区,汉阳区,青山区
西安市:陕西省:7100-7106:29:3:雁塔区,碑林区,未央区,莲湖区,新城区,长安区
苏州市:江苏省:2150-2156:512:3:姑苏区,吴中区,相城区,虎丘区,吴江区
南京市:江苏省:2100-2118:25:3:鼓楼区,玄武区,秦淮区,建邺区,栖霞区,江宁区
天津市:天津市:3000-3019:22:3:和平区,河西区,南开区,河东区,红桥区,西青区
郑州市:河南省:4500-4521:371:3:金水区,二七区,中原区,管城回族区,惠济区
长沙市:湖南省:4100-4106:731:2:岳麓区,芙蓉区,天心区,开福区,雨花区
青岛市:山东省:2660-2667:532:2:市南区,市北区,崂山区,李沧区,黄岛区
济南市:山东省:2500-2514:531:2:历下区,市中区,槐荫区,天桥区,历城区
沈阳市:辽宁省:1100-1103:24:2:和平区,沈河区,铁西区,皇姑区,大东区
大连市:辽宁省:1160-1165:411:2:中山区,西岗区,沙河口区,甘井子区
宁波市:浙江省:3150-3157:574:2:海曙区,江北区,鄞州区,镇海区
厦门市:福建省:3610-3613:592:2:思明区,湖里区,集美区,海沧区
福州市:福建省:3500-3508:591:2:鼓楼区,台江区,仓山区,晋安区
合肥市:安徽省:2300-2319:551:2:蜀山区,包河区,庐阳区,瑶海区
哈尔滨市:黑龙江省:1500-1517:451:2:南岗区,道里区,香坊区,道外区
长春市:吉林省:1300-1305:431:2:朝阳区,南关区,宽城区,二道区
昆明市:云南省:6500-6506:871:2:五华区,盘龙区,官渡区,西山区
东莞市:广东省:5230-5239:769:2:南城街道,东城街道,莞城街道,虎门镇,长安镇
佛山市:广东省:5280-5283:757:2:禅城区,南海区,顺德区,三水区
无锡市:江苏省:2140-2144:510:2:梁溪区,滨湖区,新吴区,锡山区
南昌市:江西省:3300-3308:791:1:东湖区,西湖区,青山湖区,红谷滩区
石家庄市:河北省:0500-0519:311:1:长安区,桥西区,新华区,裕华区
太原市:山西省:0300-0305:351:1:小店区,迎泽区,杏花岭区,万柏林区
南宁市:广西壮族自治区:5300-5304:771:1:青秀区,兴宁区,西乡塘区
贵阳市:贵州省:5500-5503:851:1:南明区,云岩区,观山湖区 兰州市:甘肃省:7300-7303:931:1:城关区,七里河区,安宁区
海口市:海南省:5700-5711:898:1:龙华区,美兰区,秀英区
""")

#: Small towns: every front with every back.
TOWN_PARTS = (
    """Ash Beck Black Brad Bridge Brook Burn Cedar Chester Clear Clif Cold Crest Dale Deer East Eden Elm
    Fair Falcon
    Fern Forest Fox Glen Gold Green Hamp Harbor Hart Hazel Hill Kings Lake Lang Lin Long Maple Marl Mill
    New North Oak
    Orchard Pine Plain Ridge River Rock Rose Salem Sand Silver Spring Stan Stone Summer Sun Thorn Vale
    Walnut West White
    Willow Win Wood""",
    """ford ton field wood bury port ville view dale burg worth mont haven brook_Park side boro gate
    more_Heights ham
    _Springs _Falls _Creek _Grove _Hills _Junction stead""",
)
DE_TOWN_PARTS = (
    """Alt Bad_Alten Birken Blumen Brücken Buchen Eichen Eschen Falken Frauen Frieden Grün Hain Hasel Heiden
    Herren
    Hirsch Hohen Kalten Kirch Königs Langen Linden Markt Mühl Neu Nieder Ober Rosen Rothen Sand Schön
    Stein Tannen
    Unter Wald Weiden Weißen Wies Wolfs""",
    "au bach berg brück burg dorf felde hagen hausen heim hofen rode stadt stedt tal walde",
)

US_STREETS = """
Main|Oak|Park|Maple|Cedar|Elm|Washington|Lake|Pine|Walnut|Hill|Highland|Lincoln|Spring|Church|Ridge
Jackson|Sunset
Franklin|Jefferson|Chestnut|Willow|River|Meadow|Forest|Center|Madison|Adams|Cherry|Mill|Center|Johnson
Railroad
Martin Luther King Jr|Dogwood|Hickory|Birch|Valley|Magnolia|Broadway|College|Union|Prospect|Monroe|Court
Pleasant|Grove
Locust|Poplar|Spruce|1st|2nd|3rd|4th|5th|6th|7th|8th|9th|10th|11th|12th|14th|21st|32nd
""".replace("\n", "|")
US_STREET_KINDS = "Street:30 Avenue:20 Drive:14 Road:12 Lane:8 Court:6 Boulevard:4 Place:3 Circle:2 Way:2 Terrace:1"

GB_STREETS = """
High|Station|Church|Victoria|Park|London|Green|Manor|Kings|Queens|New|Grange|Mill|Windsor|Albert|Main
York|Springfield
George|Richmond|The|North|South|West|Alexandra|School|Stanley|Chester|Grove|Highfield|Broad|Castle
Albion|Bridge|Market
Northfield|Woodland|Meadow|Orchard|Chapel|Vicarage|Cross|Beech|Hawthorn|Sycamore|Warwick|Clarence
Devonshire|Cambridge
""".replace("\n", "|")
GB_STREET_KINDS = "Road:36 Street:18 Lane:10 Avenue:11 Close:9 Drive:7 Crescent:3 Gardens:3 Terrace:2 Place:1"

#: The tail of street names in English: every front with every back.
STREET_PARTS = (
    """Alder Amber Apple Arbor Aspen Bald Bear Beaver Bell Bent Berry Big Bishop Bluff Bram Briar Bright
    Brown Canter
    Cardinal Castle Clover Cobble Copper Coral Cotton Coyote Cranberry Crystal Deer Dove Eagle Elder
    Fair Falcon Fiddle
    Fox Golden Grand Grey Hare Harvest Haw Heather Heron Hidden Holly Honey Hunters Indigo Iron Ivy
    Jasper Juniper
    Kestrel Lark Laurel Linden Long Lost Mead Mist Moon Moss Nettle Otter Partridge Pebble Pheasant
    Pigeon Plum Quail
    Quarry Rabbit Raven Red Robin Rose Rush Saddle Sage Sand Shadow Shady Silver Snow Sparrow Stag Star
    Stone Summer
    Swallow Sweet Thistle Timber Trout Turtle Twin Vine Violet Wagon Water White Wild Wind Winter Wren
    Yarrow""",
    """field wood brook dale view ridge mont ford bank well gate stone leaf hurst croft bend meadow crest
    hollow point
    run creek path land more water side glen""",
)

DE_STREETS = """
Hauptstraße|Schulstraße|Gartenstraße|Bahnhofstraße|Dorfstraße|Bergstraße|Birkenweg|Lindenstraße
Kirchstraße|Waldstraße
Ringstraße|Schillerstraße|Amselweg|Wiesenweg|Jahnstraße|Goethestraße|Buchenweg|Wiesenstraße|Eichenweg
Friedhofstraße
Am Sportplatz|Mühlenweg|Mozartstraße|Rosenstraße|Finkenweg|Feldstraße|Tannenweg|Industriestraße|Ahornweg
Beethovenstraße
Lerchenweg|Schlossstraße|Kiefernweg|Talstraße|Fliederweg|Bachstraße|Uhlandstraße|Parkstraße
Lessingstraße|Poststraße
Marktplatz|Mittelstraße|Neue Straße|Drosselweg|Kastanienallee|Burgstraße|Brunnenstraße|Am Markt
Blumenstraße|Bismarckstraße
""".replace("\n", "|")
DE_STREET_PARTS = (
    """Acker Adler Ahorn Alten Amts Apfel Auen Bären Bieber Blüten Brahms Brombeer Dachs Distel Drossel Eber
    Efeu Eiben
    Elster Enzian Erlen Falken Farn Fasanen Fichten Föhren Forst Fuchs Gerber Ginster Hafen Hasel Heide
    Hirsch Holunder
    Hopfen Igel Kapellen Kirsch Klee Kloster Korn Kranich Kreuz Lavendel Lilien Luchs Mandel Marien
    Meisen Mohn Mond Nelken
    Nuss Otter Pappel Quell Raben Reb Reiher Rosmarin Rotdorn Schleh Schwalben Sonnen Specht Star Stein
    Storch Tulpen
    Ulmen Veilchen Wacholder Weiden Wein Zedern Ziegel""",
    "straße weg allee gasse platz ring ufer hof steig kamp pfad",
)

CN_ROADS = words("""
人民 中山 解放 建设 和平 文化 新华 胜利 东风 南京 北京 长江 黄河 光明 友谊 团结 青年 学府 迎宾 滨江 环城
朝阳 工业 幸福 红旗 延安 淮海 复兴 科技 创业 世纪 体育 公园 花园 西湖 东湖 南湖 健康 振兴 民主 民生 共和
交通 劳动 五一 育才 清江 凤凰
""")
CN_ROAD_PARTS = (
    "龙凤金银锦玉青翠紫红云天星月江湖海河溪泉松柏竹梅兰桂枫柳榆槐安宁康泰福祥永兴嘉瑞",
    "山林泉湖江河溪桥园苑塘湾岭浦阳华和安平兴盛祥源水门府台",
)
CN_ROAD_KINDS = "路:55 街:18 大道:10 东路:4 西路:4 南路:4 北路:4 巷:3"
CN_ESTATES = words("""
阳光 金色 紫金 翠湖 锦绣 丽景 恒大 万科 绿地 碧水 龙湖 佳兆 世纪 御景 香榭 水岸 天鹅 康桥 东方 时代
""")
CN_ESTATE_KINDS = words("花园 家园 小区 名苑 新村 城 公馆 雅居 华庭 半岛")
