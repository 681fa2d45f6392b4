"""The printed tables of Liaocheng (June 2022) and Lishui (2019), as they were transcribed, and where they lie."""

from pathlib import Path

SHARED = Path(__file__).parents[3].parent / "shared" / "reference"

INTENSITY = """\
# Ranks are among all provincial zones, 160 of them; 市经开区 is absent, although the caption speaks of 10 zones.
zone_name,tax_per_mu_wan_yuan,tax_per_mu_rank,investment_intensity_wan_yuan_per_mu,investment_intensity_rank
阳谷经开区,5.24,101,32.83,100
临清经开区,6.01,90,14.59,153
冠县经开区,3.29,126,23.44,127
嘉明经开区,1.12,150,27.04,117
鲁西经开区,0.99,151,30.6,108
聊城高新区,4.25,110,24.62,123
茌平经开区,26.3,5,31.23,104
高唐经开区,2.31,138,8.72,158
东阿经开区,8.40,70,30.72,107
"""
RANKS = """\
年份,嘉明经开区,茌平经开区,临清经开区,东阿经开区,冠县经开区,阳谷经开区,鲁西经开区,高唐经开区,市经开区,市高新区,全市综合排名
2019,73,136,78,113,87,49,106,152,104,116,13
2020,72,116,68,109,81,43,100,144,112,113,12
2021,81,106,67,126,80,43,89,123,143,104,12
"""
REMAINING = """\
name_as_printed,zone_name,value_as_printed,remaining_area_km2
市经开区,市经开区,6.14平 方公里,6.14
嘉明经济 开发区,嘉明经济开发区,6.6平方 公里,6.6
茌平经济 开发区,茌平经济开发区,3.15平 方公里,3.15
临清经济 开发区,临清经济开发区,1.62平 方公里,1.62
东阿经济 开发区,东阿经济开发区,0.3平方 公里,0.3
冠县经济 开发区,冠县经济开发区,1.3平方 公里,1.3
阳谷经济 开发区,阳谷经济开发区,7.2平方 公里,7.2
鲁西经济 开发区,鲁西经济开发区,2平方公 里,2
高唐经济 开发区,高唐经济开发区,1.2平方 公里,1.2
市高新区,市高新区,7.22平 方公里,7.22
"""
LISHUI = """\
area,above_scale_enterprises,tax_per_mu,value_added_per_mu,value_added_per_t_emission
莲都区,55,46.38,98.96,1119.07
缙云县,147,36.91,101.58,
龙泉市,87,22.97,106.35,365.47
青田县,157,21.41,87.08,
云和县,65,21.36,74.68,409.73
遂昌县,68,16.75,54.45,392.11
松阳县,90,12.15,52.66,
庆元县,48,11.78,66.22,173.53
景宁县,16,10.06,47.45,786.86
开发区,209,9.81,55.73,1445.33
"""
TABLES = {
    "seed002_intensity.csv": INTENSITY,
    "seed002_ranks.csv": RANKS,
    "seed002_remaining_area.csv": REMAINING,
    "lishui_2019_counties.csv": LISHUI,
}
# Places gained 2019 to 2020 and 2020 to 2021, positive is better, by hand.
PROGRESS = {
    "嘉明经开区": (1, -9), "茌平经开区": (20, 10), "临清经开区": (10, 1), "东阿经开区": (4, -17), "冠县经开区": (6, 1),
    "阳谷经开区": (6, 0), "鲁西经开区": (6, 11), "高唐经开区": (8, 21), "聊城经开区": (-8, -31), "聊城高新区": (3, 9),
}  # fmt: skip


def write(name, folder):
    """A transcribed table as a file."""
    path = folder / name
    path.write_text(TABLES[name], encoding="utf-8")
    return path


def files(name, folder):
    """The transcribed table, and the shared one where there is one."""
    return [write(name, folder), *([SHARED / name] if (SHARED / name).is_file() else [])]
