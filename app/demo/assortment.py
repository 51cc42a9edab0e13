"""The 36 sales units of the demo county as 32 products: how they are grouped, described and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GREEN = {"tea_class": "绿茶", "exec_standard": "GB/T 14456.3", "storage": "密封、避光、干燥，0–5 ℃ 冷藏更佳"}
BLACK = {"tea_class": "红茶", "exec_standard": "GB/T 13738", "storage": "密封、避光、干燥、常温"}
DARK = {"tea_class": "黑茶", "exec_standard": "GB/T 32719", "storage": "通风、干燥、避光、无异味，可长期存放"}
OIL = {"exec_standard": "GB/T 11765-2018", "quality_grade": "一级", "storage": "避光、阴凉处密封保存"}
ORANGE = {"exec_standard": "GB/T 21488-2008", "storage": "阴凉通风；5–8 ℃ 可存 45 天"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One product of the demo: its address, its name, the SKUs that are its variants, and what it says of itself."""

    slug: str
    name: str
    category: str
    skus: tuple[str, ...]
    description: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def _green(cultivar: str, season: str, standard: str, grade: str) -> dict[str, str]:
    return {**GREEN, "cultivar": cultivar, "pick_season": season, "pick_standard": standard, "grade": grade}


LISTINGS: tuple[Listing, ...] = (
    Listing(
        "golden-tea-no1-bud",
        "保靖黄金茶1号 明前特级（单芽）",
        "green-tea",
        ("GT01",),
        "清明前手采单芽，吕洞山高海拔茶园出产。汤色清亮，香气清高，鲜爽回甘。一芽一泡，静看茶针起落。",
        _green("1号", "明前", "单芽", "特级"),
    ),
    Listing(
        "golden-tea-no1-first-grade",
        "保靖黄金茶1号 明前一级（一芽一叶）",
        "green-tea",
        ("GT02",),
        "清明前一芽一叶，当天采、当天制。栗香带花香，三泡仍甜，是当地人待客的茶。",
        _green("1号", "明前", "一芽一叶", "一级"),
    ),
    Listing(
        "golden-tea-no1-gift",
        "保靖黄金茶1号 明前一级礼盒",
        "green-tea",
        ("GT03",),
        "两罐明前一级，配苗绣纹样礼盒与冲泡卡。节前送长辈、送同事，都拿得出手。",
        _green("1号", "明前", "一芽一叶", "一级"),
    ),
    Listing(
        "golden-tea-no1-yuqian",
        "保靖黄金茶1号 雨前二级（一芽二叶初展）",
        "green-tea",
        ("GT04", "GT05"),
        "谷雨前一芽二叶初展，滋味更浓，耐泡实惠。办公室与家里的日常茶。",
        _green("1号", "雨前", "一芽二叶初展", "二级"),
    ),
    Listing(
        "golden-tea-no1-yuqian-500",
        "保靖黄金茶1号 雨前二级（家庭装）",
        "green-tea",
        ("GT06",),
        "一斤装雨前二级，按斤称的价钱，按克封的新鲜。适合一家人喝到入冬。",
        _green("1号", "雨前", "一芽二叶初展", "二级"),
    ),
    Listing(
        "golden-tea-no168",
        "保靖黄金茶168号 明前一级",
        "green-tea",
        ("GT07",),
        "168号发芽早，每年三月上旬开园。香气带兰韵，入口柔和。",
        _green("168号", "明前", "一芽一叶", "一级"),
    ),
    Listing(
        "golden-tea-no2",
        "保靖黄金茶2号 明前特级",
        "green-tea",
        ("GT08",),
        "2号品种氨基酸含量高，鲜味突出，适合爱喝“鲜”的人。",
        _green("2号", "明前", "单芽", "特级"),
    ),
    Listing(
        "golden-tea-no8",
        "保靖黄金茶8号 头采",
        "green-tea",
        ("GT09",),
        "8号树少量少，只采头一道。香气高扬，留杯久。",
        _green("8号", "春茶", "一芽一叶", "特级"),
    ),
    Listing(
        "golden-tea-ancient",
        "保靖黄金茶 古茶树群体种 明前（限量）",
        "green-tea",
        ("GT10",),
        "黄金村古茶园的老树所出，每棵树挂牌，每罐可查到园子。产量有限，售完等来年。",
        _green("群体种", "明前", "一芽一叶", "特级"),
    ),
    Listing(
        "golden-black-tea-first",
        "黄金红茶 一级",
        "black-tea",
        ("GT11",),
        "黄金茶鲜叶制红茶，花蜜香明显，汤色橙红，加奶也好喝。",
        {**BLACK, "cultivar": "1号", "pick_season": "春茶", "grade": "一级"},
    ),
    Listing(
        "golden-black-tea-second",
        "黄金红茶 二级",
        "black-tea",
        ("GT12",),
        "半斤装日常红茶，甜香耐泡，冬天煮着喝也合适。",
        {**BLACK, "cultivar": "1号", "pick_season": "春茶", "grade": "二级"},
    ),
    Listing(
        "golden-tea-everyday",
        "保靖黄金茶 夏秋口粮绿茶",
        "green-tea",
        ("GT13",),
        "夏秋叶制成，滋味浓、价格低，让茶农一年多挣两季的钱。",
        {**GREEN, "cultivar": "1号", "pick_season": "夏茶", "grade": "三级"},
    ),
    Listing(
        "golden-tea-bags",
        "保靖黄金绿茶 袋泡",
        "tea-bags",
        ("GT14",),
        "二十五袋独立包装，玉米纤维茶包。开会、出差、食堂都方便。",
        {**GREEN, "cultivar": "1号", "grade": "二级"},
    ),
    Listing(
        "fu-brick-handmade",
        "手筑茯砖茶",
        "fu-brick",
        ("DT01",),
        "手工筑制，自然发花，金花茂盛。一公斤一块，撬着喝、煮着喝，越放越醇。",
        {**DARK, "exec_standard": "DB43/T 569"},
    ),
    Listing(
        "fu-brick",
        "机制茯砖茶",
        "fu-brick",
        ("DT02",),
        "机压小砖，松紧适中好撬。菌花香纯，入门黑茶的第一块。",
        {**DARK, "exec_standard": "GB/T 9833.3"},
    ),
    Listing(
        "dark-brick",
        "黑砖茶",
        "black-brick",
        ("DT03",),
        "松烟香淡，汤色红浓，配肉食解腻。",
        {**DARK, "exec_standard": "GB/T 9833.2"},
    ),
    Listing(
        "bailiang-roll",
        "百两花卷茶",
        "flower-roll",
        ("DT04",),
        "百两一支，竹篾捆扎，日晒夜露而成。可收藏，可锯片分享。",
        DARK,
    ),
    Listing(
        "tianjian-loose",
        "天尖散茶",
        "loose",
        ("DT05",),
        "一级黑毛茶精制，芽叶匀整，滋味醇和，不用撬。",
        {**DARK, "exec_standard": "DB43/T 571"},
    ),
    Listing(
        "fu-tea-squares",
        "小方片茯茶",
        "fu-brick",
        ("DT06",),
        "五克一片，一片一杯。二十四片一盒，办公桌抽屉常备。",
        DARK,
    ),
    Listing(
        "dark-loose-everyday",
        "黑毛茶 口粮装",
        "loose",
        ("DT07",),
        "一斤装黑毛茶，煮一大壶全家喝，价格实在。",
        DARK,
    ),
    Listing(
        "camellia-oil-pressed",
        "压榨一级油茶籽油",
        "pressed-oil",
        ("CO01", "CO02", "CO04"),
        "霜降后采籽，物理压榨，一级精炼。烟点高，炒菜不呛，凉拌有清香。",
        {**OIL, "process": "压榨"},
    ),
    Listing(
        "camellia-oil-gift",
        "压榨一级油茶籽油礼盒",
        "oil-gift",
        ("CO03",),
        "两瓶五百毫升礼盒，合作社社员自家山上的油茶籽榨成。",
        {**OIL, "process": "压榨"},
    ),
    Listing(
        "camellia-oil-5l",
        "压榨油茶籽油（家庭桶）",
        "pressed-oil",
        ("CO05",),
        "五升桶装，食堂与大家庭适用，算下来每斤更省。",
        {**OIL, "process": "压榨"},
    ),
    Listing(
        "camellia-oil-cold-pressed",
        "低温冷榨油茶籽油",
        "cold-pressed-oil",
        ("CO06",),
        "六十度以下冷榨，保留籽香。凉拌、宝宝辅食、直接调味。",
        {**OIL, "process": "压榨"},
    ),
    Listing(
        "youshui-orange-first",
        "酉水脐橙 一等 75–80 mm",
        "orange-box",
        ("NO01", "NO02"),
        "酉水河谷露天脐橙，熟一批摘一批。净果称重，可溶性固形物十三以上，皮薄化渣。坏果包赔，到货请当场验收。",
        {**ORANGE, "grade": "一等", "size": "75–80 mm"},
    ),
    Listing(
        "youshui-orange-premium",
        "酉水脐橙 特等 80–85 mm",
        "orange-box",
        ("NO03",),
        "大果特等，逐个挑选，果面光洁。送人自吃都体面。",
        {**ORANGE, "grade": "特等", "size": "80–85 mm"},
    ),
    Listing(
        "youshui-orange-gift",
        "酉水脐橙 特等 85–90 mm 礼盒 12 枚",
        "orange-gift",
        ("NO04",),
        "十二枚礼盒，每枚套网托底。年前走亲访友的果篮替代。",
        {**ORANGE, "grade": "特等", "size": "85–90 mm"},
    ),
    Listing(
        "youshui-orange-value",
        "酉水脐橙 二等 70–75 mm 实惠装",
        "orange-box",
        ("NO05",),
        "个头小一圈，甜度不打折。家庭农场直发，榨汁、当饭后果都合适。",
        {**ORANGE, "grade": "二等", "size": "70–75 mm"},
    ),
    Listing(
        "youshui-orange-carton",
        "酉水脐橙 一等 75–85 mm 商超箱",
        "orange-bulk",
        ("NO06",),
        "十公斤商超箱，按箱供货，到仓验收。",
        {**ORANGE, "grade": "一等", "size": "75–85 mm"},
    ),
    Listing(
        "youshui-orange-crate",
        "酉水脐橙 二等 70–80 mm 周转筐",
        "orange-bulk",
        ("NO07",),
        "十五公斤周转筐，批发与配送专用。",
        {**ORANGE, "grade": "二等", "size": "70–80 mm"},
    ),
    Listing(
        "two-teas-one-oil",
        "“两茶一油”礼包",
        "tea-gift",
        ("GB01",),
        "黄金茶、茯砖、山茶油各一份，帮扶车间手工组装。一盒尝遍保靖。",
        {"storage": "阴凉干燥处"},
    ),
    Listing(
        "oil-and-orange",
        "“茶油+脐橙”福利包",
        "welfare-gift",
        ("GB02",),
        "一升山茶油配一箱脐橙，工会年节福利团购装。",
        {"storage": "阴凉通风处"},
    ),
)
