"""Codes and names of people who do not exist.

Check characters follow GB 32100-2015 (credit code) and GB 11714 (organisation part). The place 示安 is
invented, and the organisation parts begin with MAX or 00000, which no register has reached or uses.
"""

from __future__ import annotations

import numpy as np

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_FIRST = "弘岱启瑞恒泽嘉旭晟凯卓源昊朗毅铭沃垚鑫珩"
_SECOND = "岳达远诚通腾辉升航峰盈润科晨宇拓兴烁镕"
INDUSTRIES = {
    "C34": ("精密机械", "通用设备", "泵阀制造"),
    "C35": ("智能装备", "专用设备"),
    "C38": ("电气", "输变电设备", "新能源"),
    "C39": ("电子科技", "光电科技"),
    "C27": ("生物医药", "药业"),
    "C26": ("新材料", "精细化工"),
    "C14": ("食品", "生物食品"),
    "C17": ("纺织",),
    "C30": ("建材", "玻璃纤维"),
    "C36": ("汽车零部件",),
    "G59": ("物流", "仓储物流"),
}


def organisation_part(eight: str) -> str:
    """Nine characters: the eight given and the check character of GB 11714."""
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in eight]
    rest = 11 - sum(v * w for v, w in zip(values, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return eight + {10: "X", 11: "0"}.get(rest, str(rest))


def credit_code(organisation: str, *, county: str = "370902") -> str:
    """Unified social credit code of an enterprise (91) with its check character by GB 32100-2015."""
    body = "91" + county + organisation
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def digits_only_code() -> str:
    """A valid code made of digits alone: the only kind that a spreadsheet takes for a number."""
    for number in range(100, 1000):
        code = credit_code(organisation_part(f"00000{number}"))
        if code.isdigit():
            return code
    raise AssertionError("no digits-only code in the range")


def wrong_check(code: str) -> str:
    """The same code with a check character that cannot be right."""
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 7) % 31]


def credit_codes(count: int) -> list[str]:
    """``count`` different valid codes."""
    return [credit_code(organisation_part(f"MAX{7 * i + 11:05d}")) for i in range(count)]


def firm_names(rng: np.random.Generator, industries: list[str]) -> list[str]:
    """One invented company name per industry code, all different."""
    names: list[str] = []
    while len(names) < len(industries):
        trades = INDUSTRIES[industries[len(names)]]
        first, second = (text[int(rng.integers(len(text)))] for text in (_FIRST, _SECOND))
        name = f"示安{first}{second}{trades[int(rng.integers(len(trades)))]}有限公司"
        if name not in names:
            names.append(name)
    return names
