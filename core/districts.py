"""Kaohsiung's 38 districts: codes of the Ministry of the Interior (TOWNCODE, 8 digits) and their names.

Source: Ministry of the Interior, 行政區域圖 (data.gov.tw 7441).
"""

from __future__ import annotations

from core.text import Text

NAMES: dict[str, Text] = {
    "64000010": Text("鹽埕區", "Yancheng"),
    "64000020": Text("鼓山區", "Gushan"),
    "64000030": Text("左營區", "Zuoying"),
    "64000040": Text("楠梓區", "Nanzi"),
    "64000050": Text("三民區", "Sanmin"),
    "64000060": Text("新興區", "Xinxing"),
    "64000070": Text("前金區", "Qianjin"),
    "64000080": Text("苓雅區", "Lingya"),
    "64000090": Text("前鎮區", "Qianzhen"),
    "64000100": Text("旗津區", "Qijin"),
    "64000110": Text("小港區", "Xiaogang"),
    "64000120": Text("鳳山區", "Fengshan"),
    "64000130": Text("林園區", "Linyuan"),
    "64000140": Text("大寮區", "Daliao"),
    "64000150": Text("大樹區", "Dashu"),
    "64000160": Text("大社區", "Dashe"),
    "64000170": Text("仁武區", "Renwu"),
    "64000180": Text("鳥松區", "Niaosong"),
    "64000190": Text("岡山區", "Gangshan"),
    "64000200": Text("橋頭區", "Qiaotou"),
    "64000210": Text("燕巢區", "Yanchao"),
    "64000220": Text("田寮區", "Tianliao"),
    "64000230": Text("阿蓮區", "Alian"),
    "64000240": Text("路竹區", "Luzhu"),
    "64000250": Text("湖內區", "Hunei"),
    "64000260": Text("茄萣區", "Qieding"),
    "64000270": Text("永安區", "Yong'an"),
    "64000280": Text("彌陀區", "Mituo"),
    "64000290": Text("梓官區", "Ziguan"),
    "64000300": Text("旗山區", "Qishan"),
    "64000310": Text("美濃區", "Meinong"),
    "64000320": Text("六龜區", "Liugui"),
    "64000330": Text("甲仙區", "Jiaxian"),
    "64000340": Text("杉林區", "Shanlin"),
    "64000350": Text("內門區", "Neimen"),
    "64000360": Text("茂林區", "Maolin"),
    "64000370": Text("桃源區", "Taoyuan"),
    "64000380": Text("那瑪夏區", "Namaxia"),
}
CODES = tuple(NAMES)
