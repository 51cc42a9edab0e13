"""What people write for the same thing: traditional characters, and the other names of the county's goods. Data.

A person from Hong Kong or with an old keyboard types 黃金茶; a person from Shandong says 茶油 and means 油茶籽油. Both
are brought to what the shelf says before anything is looked for.
"""

from __future__ import annotations

from functools import lru_cache

_TRADITIONAL = """
    黃黄 綠绿 紅红 臍脐 禮礼 磚砖 壓压 選选 級级 裝装 鐵铁 單单 葉叶 樹树 種种 頭头 採采 製制 熱热 溫温 農农 園园
    產产 業业 廠厂 鎮镇 鄉乡 縣县 復复 遷迁 陽阳 長长 龍龙 風风 華华 國国 會会 東东 車车 馬马 門门 問问 間间 開开
    關关 閉闭 陳陈 陰阴 雲云 電电 靈灵 靜静 韻韵 響响 頂顶 項项 順顺 須须 預预 頻频 題题 顏颜 類类 顧顾 飛飞 飯饭
    飲饮 飽饱 養养 餅饼 館馆 餘余 麵面 麥麦 鮮鲜 魚鱼 鳥鸟 鳳凤 鴨鸭 鵝鹅 鶴鹤 鹽盐 點点 黨党 齊齐 齒齿 龜龟 兩两
    個个 們们 傳传 優优 億亿 價价 儀仪 備备 傷伤 債债 傾倾 僅仅 儲储 兒儿 內内 冊册 凍冻 凱凯 別别 刪删 則则 剛刚
    創创 劃划 劇剧 劍剑 劑剂 動动 務务 勝胜 勞劳 勢势 勵励 勸劝 區区 協协 參参 雙双 發发 變变 號号 員员 喪丧 喬乔
    嘗尝 嚴严 囑嘱 圍围 圓圆 圖图 團团 執执 場场 塊块 塗涂 塵尘 墊垫 壇坛 壞坏 壯壮 壽寿 夢梦 夾夹 奪夺 奮奋 婦妇
    媽妈 孫孙 學学 寧宁 寶宝 實实 寫写 寬宽 審审 對对 導导 專专 尋寻 將将 層层 屬属 歲岁 島岛 嶺岭 嶽岳 巖岩 幣币
    帥帅 師师 帳帐 帶带 幫帮 幹干 幾几 庫库 廂厢 廣广 廳厅 張张 強强 彈弹 彎弯 彙汇 後后 從从 徑径 徹彻 恆恒 惡恶
    愛爱 態态 慣惯 慶庆 憂忧 應应 懷怀 戰战 戲戏 戶户 拋抛 挾挟 捨舍 掃扫 掛挂 揀拣 換换 揮挥 損损 搖摇 搶抢 撥拨
    撫抚 擁拥 擇择 擊击 擋挡 擔担 據据 擠挤 擬拟 擴扩 擺摆 攜携 攝摄 敗败 敵敌 數数 斷断 於于 時时 晉晋 曉晓 暢畅
    曆历 曬晒 書书 條条 極极 楊杨 構构 槍枪 樓楼 標标 樣样 橋桥 機机 檔档 檢检 櫃柜 權权 歐欧 歡欢 歷历 歸归 殘残
    殺杀 毀毁 氣气 汙污 決决 沒没 淚泪 淨净 淺浅 渾浑 湯汤 準准 溝沟 滄沧 滅灭 滿满 漁渔 漢汉 漲涨 潔洁 潤润 澤泽
    濃浓 濕湿 濟济 濱滨 灣湾 災灾 為为 烏乌 無无 煙烟 煉炼 燈灯 燒烧 營营 爐炉 爭争 爺爷 牆墙 狀状 猶犹 獎奖 獨独
    獲获 獻献 瑤瑶 環环 現现 甌瓯 畢毕 畫画 異异 當当 療疗 盜盗 盡尽 監监 盤盘 眾众 睜睁 瞭了 礦矿 碼码 禪禅 離离
    稅税 穀谷 積积 穩稳 窩窝 窮穷 競竞 筆笔 節节 範范 築筑 篩筛 簡简 籃篮 籤签 糧粮 糰团 糾纠 紀纪 約约 純纯 紙纸
    紋纹 納纳 紐纽 細细 終终 組组 結结 絕绝 絡络 給给 統统 絲丝 經经 綜综 維维 網网 緊紧 緒绪 線线 編编 緩缓 練练
    縮缩 總总 績绩 織织 繡绣 繩绳 繪绘 繼继 續续 纖纤 羅罗 義义 習习 聖圣 聞闻 聯联 聰聪 聲声 職职 聽听 肅肃 腳脚
    腦脑 膚肤 膠胶 臉脸 臟脏 臨临 與与 興兴 舉举 舊旧 艦舰 艱艰 莊庄 莖茎 蒔莳 蒼苍 蓋盖 蓮莲 蔣蒋 蕩荡 薈荟 薑姜
    薦荐 薩萨 藍蓝 藝艺 藥药 蘇苏 蘋苹 蘭兰 處处 虛虚 蟲虫 蠟蜡 術术 衛卫 補补 裏里 裡里 複复 褲裤 襯衬 見见 規规
    視视 覺觉 覽览 觀观 觸触 訂订 計计 訊讯 記记 許许 設设 訪访 訴诉 評评 詞词 試试 詩诗 話话 詳详 認认 語语 誠诚
    說说 課课 調调 談谈 請请 論论 諸诸 謝谢 證证 識识 譜谱 議议 護护 讀读 讓让 豐丰 豬猪 貓猫 貝贝 負负 財财 貢贡
    貨货 販贩 責责 貴贵 買买 費费 貼贴 貿贸 資资 賓宾 賞赏 賢贤 賣卖 質质 購购 贈赠 贊赞 趕赶 趙赵 跡迹 踐践 軍军
    軟软 軸轴 較较 載载 輕轻 輛辆 輝辉 輪轮 輸输 轉转 辦办 辭辞 邊边 遊游 運运 過过 達达 違违 遠远 適适 還还 邁迈
    鄭郑 鄧邓 醫医 醬酱 釀酿 釋释 鈣钙 鈞钧 鉛铅 銀银 銅铜 銷销 鋒锋 鋪铺 錢钱 錦锦 錯错 鍋锅 鍵键 鎖锁 鏡镜 鐘钟
    鑑鉴 鑒鉴 閱阅 闊阔 隊队 階阶 際际 隨随 險险 隱隐 雜杂 雞鸡 難难 霧雾 靦腼 韓韩 飄飘 飾饰 餃饺 饋馈 體体 髒脏
    鬆松 鬥斗 鬧闹 麗丽 黴霉 麼么 磯矶 籠笼 錫锡 蔥葱 蔘参 滙汇 醃腌 筍笋 漿浆 燻熏 臘腊 糶粜 榖谷 彊强
"""

_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _TRADITIONAL.split()})

_SAME = (
    ("茶油", "山茶油", "油茶籽油", "茶籽油", "油茶油", "山茶籽油"),
    ("花卷茶", "花卷", "千两茶", "百两茶"),
    ("袋泡", "茶包", "袋泡茶"),
    ("冷榨", "低温压榨"),
    ("福利包", "福利礼包"),
    ("头采", "头春"),
)
"""Names of the same goods: whoever types one of them is shown all."""

_MEANS = {
    "橙子": ("脐橙",),
    "甜橙": ("脐橙",),
    "柑橘": ("脐橙",),
    "水果": ("脐橙",),
    "食用油": ("油茶籽油",),
    "植物油": ("油茶籽油",),
    "茶砖": ("砖茶",),
    "湘尖": ("天尖",),
    "安化黑茶": ("黑茶",),
    "明前茶": ("明前",),
    "雨前茶": ("雨前",),
    "新茶": ("明前", "雨前"),
    "古树茶": ("古茶树",),
    "口粮茶": ("口粮",),
    "送礼": ("礼盒", "礼包"),
    "礼品": ("礼盒", "礼包"),
    "团购": ("福利",),
    "一斤": ("500g",),
    "半斤": ("250g",),
    "二两": ("100g",),
    "一两": ("50g",),
    "五斤": ("2.5kg",),
    "十斤": ("5kg",),
    "5斤": ("2.5kg",),
    "10斤": ("5kg",),
    "二十斤": ("10kg",),
}
"""What is typed, and what it is called here; not the other way round."""

_NEARLY = {
    "礼盒": ("礼包",),
    "礼包": ("礼盒",),
    "茯砖": ("茯茶",),
    "茯茶": ("茯砖",),
    "茯砖茶": ("茯砖", "茯茶"),
}
"""What will also do, after what was asked for."""

_OTHERS = {name: tuple(other for other in names if other != name) for names in _SAME for name in names} | _MEANS
_LONGEST_FIRST = sorted((*_OTHERS, *_NEARLY), key=len, reverse=True)


def simplified(text: str) -> str:
    """Traditional characters made simplified; everything else stays."""
    return text.translate(_SIMPLIFIED)


@lru_cache(1024)
def also(word: str, *, nearly: bool) -> tuple[str, ...]:
    """What else ``word`` may be called: with the longest name in it replaced by its others; ``nearly`` takes more.

    >>> also("压榨茶油", nearly=False)[0]
    '压榨山茶油'
    """
    others = _OTHERS | _NEARLY if nearly else _OTHERS
    name = next((name for name in _LONGEST_FIRST if name in word and name in others), None)
    return () if name is None else tuple(dict.fromkeys(word.replace(name, other) for other in others[name]))
