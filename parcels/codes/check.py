"""Checks of the codes of land and owners: 宗地代码, 不动产单元代码, 统一社会信用代码, 组织机构代码.

A parcel code has no check digit: only its shape, its feature letters and its province can be tested. A code
that passes is well formed, not proven to exist. A code that fails is kept as it stands and reported.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.codes.land_use import report_land_use
from parcels.codes.text import FLOAT_FORM, comparable_code, dictionary, normalise_code
from parcels.ledger import Ledger

__all__ = [
    "check_credit_code",
    "check_organisation_code",
    "check_parcel_code",
    "check_unit_code",
    "dictionary",
    "normalise_code",
    "report_codes",
]

PARCEL_LENGTH, UNIT_LENGTH, CREDIT_LENGTH = 19, 28, 18
_PARCEL = r"\d{12}[A-Z]{2}\d{5}"
_UNIT = _PARCEL + r"[A-Z]\d{8}"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = rf"[{_CREDIT_ALPHABET}]{{2}}\d{{6}}[{_CREDIT_ALPHABET}]{{10}}"
_RESIDENT = r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]"
_ORGANISATION = r"[0-9A-Z]{8}[0-9X]"
_MASKED = slice(6, 14)
_SHAPES = {"parcel": _PARCEL, "unit": _UNIT, "credit": _CREDIT, "organisation": _ORGANISATION}
_SHAPELESS = ("length", "alphabet", "pattern", "old_number", "check_digit")
_ENOUGH_TO_JUDGE = 20
_EXAMPLES = 3

Mask = NDArray[np.bool_]


def _match(text: pd.Series, pattern: str) -> Mask:
    return text.str.fullmatch(pattern).to_numpy(dtype=bool)


def _known(text: pd.Series, part: slice, fields: tuple[str, ...]) -> Mask:
    allowed = {code for field in fields for code in dictionary(field)}
    return text.str.slice(part.start, part.stop).isin(allowed).to_numpy(dtype=bool)


def _verdict(code: pd.Series, rules: list[tuple[str, Mask]]) -> pd.Series:
    chosen = np.select([mask for _, mask in rules], [name for name, _ in rules], default="ok")
    return pd.Series(chosen, index=code.index, name=code.name, dtype="str").where(code.notna())


def _weighted(text: pd.Series, alphabet: str, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of character values times weights over the first characters; every text has at least as many."""
    values = np.full(128, 0, dtype=np.int64)
    values[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    width = len(weights) + 1
    letters = np.array(text.tolist(), dtype=f"U{width}").view(np.uint32).reshape(-1, width)
    return np.asarray(values[letters[:, :-1]] @ weights)


def _last_is(text: pd.Series, expected: NDArray[np.str_]) -> Mask:
    return np.asarray(text.str.slice(-1).to_numpy(dtype="U1") == expected)


def _credit_digit_ok(text: pd.Series) -> Mask:
    weights = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)
    wanted = (31 - _weighted(text, _CREDIT_ALPHABET, weights) % 31) % 31
    return _last_is(text, np.array(list(_CREDIT_ALPHABET))[wanted])


def _resident_digit_ok(text: pd.Series) -> Mask:
    weights = np.array([pow(2, 17 - i, 11) for i in range(17)], dtype=np.int64)
    wanted = (12 - _weighted(text, "0123456789", weights) % 11) % 11
    return _last_is(text, np.array(list("0123456789X"))[wanted])


def _organisation_digit_ok(text: pd.Series) -> Mask:
    weights = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    wanted = (11 - _weighted(text, alphabet, weights) % 11) % 11
    return _last_is(text, np.array(list("0123456789X"))[wanted])


def _where(text: pd.Series, shaped: Mask, test: Callable[[pd.Series], Mask]) -> Mask:
    """Run a check-digit test on the well-shaped codes only."""
    result = np.zeros(len(text), dtype=bool)
    if shaped.any():
        result[shaped] = test(text[shaped])
    return result


def check_parcel_code(series: pd.Series) -> pd.Series:
    """Judge 宗地代码 (19 places: county 6, 地籍区 3, 地籍子区 3, feature 2, number 5).

    Parameters
    ----------
    series
        Codes as they stand in the table; normalised first.

    Returns
    -------
    Series
        ``ok`` or why not: ``float_damage``, ``old_number`` (digits only, an older 地籍号), ``length``,
        ``alphabet``, ``pattern``, ``feature`` (letters that the list does not know), ``province``; missing
        stays missing.

    Examples
    --------
    >>> check_parcel_code(pd.Series(["370902001001GB00001", "3709020010010000001"])).tolist()
    ['ok', 'old_number']
    """
    code = normalise_code(series)
    text = code.fillna("")
    return _verdict(
        code,
        [
            ("float_damage", _match(text, FLOAT_FORM)),
            ("old_number", _match(text, r"\d{12,19}")),
            ("length", text.str.len().to_numpy() != PARCEL_LENGTH),
            ("alphabet", ~_match(text, "[0-9A-Z]+")),
            ("pattern", ~_match(text, _PARCEL)),
            ("feature", ~_features_known(text)),
            ("province", ~_known(text, slice(0, 2), ("XZQ2",))),
        ],
    )


def _features_known(text: pd.Series) -> Mask:
    return _known(text, slice(12, 13), ("ZDTZM1",)) & _known(text, slice(13, 14), ("ZDTZM2",))


def check_unit_code(series: pd.Series, parcel_code: pd.Series | None = None) -> pd.Series:
    """Judge 不动产单元代码 (28 places: parcel code 19, fixture letter 1, number 8).

    Parameters
    ----------
    series
        Unit codes.
    parcel_code
        Parcel codes of the same rows; the first 19 places must equal them.

    Returns
    -------
    Series
        As in `check_parcel_code`, and ``no_building`` (W must be followed by 00000000) and
        ``parcel_mismatch``.

    Examples
    --------
    >>> check_unit_code(pd.Series(["370902001001GB00001W00000001"])).tolist()
    ['no_building']
    """
    code = normalise_code(series)
    text = code.fillna("")
    mismatch = np.zeros(len(text), dtype=bool)
    if parcel_code is not None:
        parcel = normalise_code(parcel_code)
        mismatch = (parcel.notna() & (parcel.fillna("") != text.str.slice(0, PARCEL_LENGTH))).to_numpy(dtype=bool)
    fixture = _known(text, slice(19, 20), ("DZWTZM",))
    return _verdict(
        code,
        [
            ("float_damage", _match(text, FLOAT_FORM)),
            ("old_number", _match(text, r"\d{12,28}")),
            ("length", text.str.len().to_numpy() != UNIT_LENGTH),
            ("alphabet", ~_match(text, "[0-9A-Z]+")),
            ("pattern", ~_match(text, _UNIT)),
            ("feature", ~(_features_known(text) & fixture)),
            ("no_building", _match(text, r".{19}W(?!0{8}).{8}")),
            ("province", ~_known(text, slice(0, 2), ("XZQ2",))),
            ("parcel_mismatch", mismatch),
        ],
    )


def check_organisation_code(series: pd.Series) -> pd.Series:
    """Judge 组织机构代码 by GB 11714 (weights 3 7 9 10 5 8 4 2, modulo 11).

    Returns
    -------
    Series
        ``ok``, ``float_damage``, ``length``, ``alphabet`` or ``check_digit``; missing stays missing.

    Examples
    --------
    >>> check_organisation_code(pd.Series(["60003734-1", "600037342"])).tolist()
    ['ok', 'check_digit']
    """
    code = normalise_code(series)
    text = code.fillna("")
    shaped = _match(text, _ORGANISATION)
    return _verdict(
        code,
        [
            ("float_damage", _match(text, FLOAT_FORM)),
            ("length", text.str.len().to_numpy() != 9),
            ("alphabet", ~shaped),
            ("check_digit", ~_where(text, shaped, _organisation_digit_ok)),
        ],
    )


def check_credit_code(series: pd.Series) -> pd.Series:
    """Judge 统一社会信用代码 by GB 32100-2015 (weights 3^i mod 31).

    All letters of the alphabet are allowed in the first two places. Older numbers in the same column are
    recognised by kind, so that they can be matched separately.

    Parameters
    ----------
    series
        Codes as they stand in the table; normalised first.

    Returns
    -------
    Series
        ``ok``; ``registration_number`` (15 digits), ``organisation_code`` (9 characters, right check
        character), ``resident_id`` (a person's number); or why it fails: ``float_damage``, ``length``,
        ``alphabet``, ``pattern``, ``check_digit``, ``province``. Missing stays missing.

    Examples
    --------
    >>> check_credit_code(pd.Series(["91110000600037341l", "91110000600037341X", "60003734-1"])).tolist()
    ['ok', 'check_digit', 'organisation_code']
    """
    code = normalise_code(series)
    text = code.fillna("")
    shaped = _match(text, _CREDIT)
    digit_ok = _where(text, shaped, _credit_digit_ok)
    resident = _where(text, _match(text, _RESIDENT), _resident_digit_ok) & ~digit_ok
    organisation = _where(text, _match(text, _ORGANISATION), _organisation_digit_ok)
    return _verdict(
        code,
        [
            ("float_damage", _match(text, FLOAT_FORM)),
            ("registration_number", _match(text, r"\d{15}")),
            ("organisation_code", organisation),
            ("resident_id", resident),
            ("check_digit", _match(text, _ORGANISATION)),
            ("length", text.str.len().to_numpy() != CREDIT_LENGTH),
            ("alphabet", ~_match(text, f"[{_CREDIT_ALPHABET}]+")),
            ("pattern", ~shaped),
            ("check_digit", ~digit_ok),
            ("province", ~_known(text, slice(2, 4), ("XZQ2", "XZQ2_USCC"))),
        ],
    )


def report_codes(
    frame: pd.DataFrame,
    *,
    columns: dict[str, str],
    rows: NDArray[np.int64] | pd.Series,
    source: str,
    ledger: Ledger,
    unique: bool = True,
) -> dict[str, pd.Series]:
    """Check every code column and write the codes that fail, as they stand, to the ledger.

    A column of twenty codes or more of which most have not the shape of the code at all holds another numbering
    (a foreign or a local one): these get one row with their count, not one per record.

    Parameters
    ----------
    frame
        The table.
    columns
        Kind → column; kinds are ``parcel``, ``unit``, ``credit``, ``organisation`` and ``land_use``.
    rows
        Record number in the source, one per row of ``frame``.
    source
        Name of the source for the ledger.
    ledger
        Where to write.
    unique
        Whether a parcel code should stand only once, and is reported where it does not.

    Returns
    -------
    dict
        Kind → verdict, as the ``check_…`` functions give it.
    """
    parcel = frame[columns["parcel"]] if "parcel" in columns else None
    lines = np.asarray(rows)
    results: dict[str, pd.Series] = {}
    for kind, column in columns.items():
        if kind == "land_use":
            names = frame.get("land_use")
            report_land_use(frame[column], names, rows=lines, source=source, ledger=ledger)
            continue
        results[kind] = _check(kind, frame[column], parcel)
        _write(kind, frame[column], results[kind], lines, parcel, source, ledger)
    if parcel is not None and unique:
        _write_duplicates(parcel, columns["parcel"], lines, source, ledger)
    return results


def _check(kind: str, series: pd.Series, parcel: pd.Series | None) -> pd.Series:
    if kind == "unit":
        return check_unit_code(series, parcel)
    checks = {
        "parcel": check_parcel_code,
        "credit": check_credit_code,
        "organisation": check_organisation_code,
    }
    return checks[kind](series)


def _write(
    kind: str,
    raw: pd.Series,
    verdict: pd.Series,
    rows: NDArray[np.int64],
    ids: pd.Series | None,
    source: str,
    ledger: Ledger,
) -> None:
    foreign = _foreign(kind, raw, verdict)
    if foreign.any():
        examples = raw[foreign].astype("str").drop_duplicates().head(_EXAMPLES)
        ledger.add(
            f"codes-{kind}-other-numbering",
            stage="check",
            source=source,
            field=raw.name,
            before=" / ".join(examples),
            count=int(foreign.sum()),
            total=int(verdict.notna().sum()),
        )
    for reason in sorted(set(verdict[~foreign].dropna()) - {"ok"}):
        hit = (verdict == reason).to_numpy(dtype=bool) & ~foreign
        shown = raw[hit].astype("str")
        if reason == "resident_id":
            shown = normalise_code(raw[hit]).str.slice_replace(_MASKED.start, _MASKED.stop, "*" * 8)
        ledger.add(
            f"codes-{kind}-{reason.replace('_', '-')}",
            stage="check",
            source=source,
            row=rows[hit],
            id=None if ids is None else ids[hit].tolist(),
            field=raw.name,
            before=shown.tolist(),
        )


def _foreign(kind: str, raw: pd.Series, verdict: pd.Series) -> Mask:
    """The codes of another numbering, where these are most of the column; none otherwise."""
    total, other = int(verdict.notna().sum()), verdict.isin(_SHAPELESS).to_numpy(dtype=bool)
    if total >= _ENOUGH_TO_JUDGE and other.sum() > total / 2:
        other = other & ~_match(normalise_code(raw).fillna(""), _SHAPES[kind])
    return other if total >= _ENOUGH_TO_JUDGE and other.sum() > total / 2 else np.zeros(len(raw), dtype=bool)


def _write_duplicates(parcel: pd.Series, column: str, rows: NDArray[np.int64], source: str, ledger: Ledger) -> None:
    code = comparable_code(parcel)
    hit = (code.notna() & code.duplicated(keep=False)).to_numpy(dtype=bool)
    ledger.add(
        "codes-parcel-duplicate",
        stage="check",
        source=source,
        row=rows[hit],
        id=parcel[hit].tolist(),
        field=column,
        before=parcel[hit].astype("str").tolist(),
    )
