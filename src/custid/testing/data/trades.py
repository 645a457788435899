"""Parts of company names: made-up stems, trades and legal forms, and what people shorten them to."""

from __future__ import annotations

STEM_PARTS = (
    """Acu Alba Alto Aqua Arc Astro Auro Axi Bel Brio Cala Can Cel Cera Cor Cryo Cyn Dal Del Dex Dura Eco
    Elan Ener Equi
    Evo Fal Fer Flex Fora Gal Gen Geo Gran Heli Hydro Ima Inno Iri Jov Kal Kin Lumi Lux Mag Mar Med Mer
    Mira Mono Nav
    Neo Nor Nova Octa Omni Opti Orb Pal Pan Para Peri Pho Pol Prim Pro Qua Rad Ral Rhe Sal Sen Sol Spec
    Stel Syn Tal
    Tec Ter Thal Tor Tri Ultra Uni Val Vel Ver Vi Vol Xen Zen Zir""",
    """bion bria cea cento coda cor cron dana delta dex dia dora dyne fera flow gard gen gon ium kraft lane
    len lia lith
    lon lux mark max meda mond mont nect net nex nia nix nova pax phase plex point port quest ra ris rix
    ron sana sense
    spar star tane tech tera tica tive ton tria tron tus vance vera via vida vis vox ware wave wind
    works xa zon""",
)

#: trade|usual short form ("" when there is none)
WESTERN_TRADES = """
Engineering|Eng.;Logistics|;Foods|;Consulting|;Technologies|Tech;Services|Svcs;Solutions|
International|Intl;Trading|
Systems|;Manufacturing|Mfg;Construction|Constr.;Electronics|;Pharmaceuticals|Pharma;Media|;Textiles|;Software|
Industries|Ind.;Transport|;Energy|;Furniture|;Packaging|;Plastics|;Instruments|;Security|
""".replace("\n", ";").strip(";")

#: country → legal form|short form:share
LEGAL_FORMS = {
    "US": "Inc.|Inc:40 LLC|L.L.C.:35 Corporation|Corp.:20 Company|Co.:5",
    "GB": "Limited|Ltd:70 Ltd|Limited:15 PLC|plc:8 LLP|L.L.P.:7",
    "DE": "GmbH|G.m.b.H.:60 AG|Aktiengesellschaft:12 GmbH_&_Co._KG|GmbH_&_Co_KG:20 e.K.|eK:8",
    "CN": ("有限公司|有限责任公司:62 有限责任公司|有限公司:8 股份有限公司|股份公司:14 集团有限公司|集团:8 商行|商行:6"),
}
WESTERN_BRANCHES = "North:3 South:3 {city}_Branch:6 Northern_Region:2 Export:2 Retail:2"

CN_STEM_PARTS = (
    "华中天金宏恒瑞新东大鼎博海嘉诚安盛凯科远信荣德佳万通兴亿龙润泰聚",
    "达通信源创兴盛泰和丰润翔宇森腾邦尔美康辰联合特锐拓图科迪维奥杰",
)
#: trade|usual short form
CN_TRADES = """
科技|科技;网络科技|网络;贸易|商贸;电子商务|电商;物流|物流;建筑工程|建工;餐饮管理|餐饮;文化传媒|传媒
信息技术|信息;食品|食品
医疗器械|医疗;机械制造|机械;服装|服饰;家具|家居;汽车销售|汽车;教育咨询|教育;环保设备|环保
房地产开发|地产;化工|化工;农业发展|农业
""".replace("\n", ";").strip(";")
