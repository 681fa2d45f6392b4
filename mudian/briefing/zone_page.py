"""The sheet of a zone: figures, verdicts, grades, remaining land, maps, lists, targets, grounds."""

from __future__ import annotations

from collections.abc import Iterable

from mudian.briefing.counts import grade_table, lacking_lines, tally, verdict_table
from mudian.briefing.figures import figure_table
from mudian.briefing.grounds import ground_blocks
from mudian.briefing.left import left_blocks
from mudian.briefing.lists import list_blocks
from mudian.briefing.material import Material, cell
from mudian.briefing.model import Block, Lines, Page, Picture, Section, plain, spelled
from mudian.briefing.targets import target_blocks
from mudian.briefing.words import name_and_unit, say
from mudian.labels import column_label, word


def zone_page(place: int, material: Material) -> Page:
    """The sheet of a zone.

    Parameters
    ----------
    place
        Number of the zone in the table of zones.
    material
        The run.
    """
    lang, zone = material.lang, material.zones.iloc[place]
    zone_id = str(zone["zone_id"])
    name, parcels = material.zone_name(place), material.of("parcels", zone_id)
    firms = material.enterprises[(material.enterprises["zone_id"] == zone_id).to_numpy(bool)]
    found = tally(parcels)
    verdicts = verdict_table(found, material, f"{name} {say('verdicts', lang)}")
    grades = grade_table(firms, parcels, material, f"{name} {say('grades', lang)}")
    parts: dict[str, Iterable[Block]] = {
        "figures": (figure_table(zone, material, f"{name} {say('figures', lang)}"),),
        "verdicts": (verdicts, lacking_lines(parcels, material)) if verdicts else (),
        "grades": (grades,) if grades else (Lines((say("grade_none", lang),)),),
        "left": left_blocks(place, material, f"{name} {say('left', lang)}"),
        "maps": map_blocks(place, material),
        "lists": list_blocks(parcels, material.of("developable", zone_id), material),
        "targets": target_blocks(zone_id, material),
        "grounds": ground_blocks(zone_id, material),
    }
    title = name if name == zone_id else say("zone_title", lang, name=name, id=plain(zone_id, 40))
    return Page(zone_id, title, facts(material, place), sections(parts, material))


def sections(parts: dict[str, Iterable[Block]], material: Material) -> tuple[Section, ...]:
    """Parts that hold something, under their headings."""
    made = []
    for key, blocks in parts.items():
        kept = tuple(b for b in blocks if not isinstance(b, Lines) or b.lines)
        if kept:
            made.append(Section(say(key, material.lang), kept))
    return tuple(made)


def facts(material: Material, place: int | None = None) -> tuple[str, ...]:
    """As of when, of what, on which basis."""
    lang, project, parameters = material.lang, material.manifest["project"], material.manifest["parameters"]
    told = {word("period", lang): project["period"], word("as_of", lang): project["as_of"]}
    if place is not None and "zone_level" in material.zones:
        told[say("level", lang)] = spelled(cell(material.zones.iloc[place]["zone_level"]), lang)
    for key in ("area_basis", "zone_area_base"):
        told[word(key, lang)] = word(str(parameters[key]), lang)
    return tuple(say("fact", lang, name=n, value=plain(v)) for n, v in told.items())


def map_blocks(place: int, material: Material) -> tuple[Block, ...]:
    """The maps of the zone that the project asks for and its parcels have values for."""
    lang, zone = material.lang, material.zones.iloc[place]
    parcels, name = material.of("parcels", str(zone["zone_id"])), material.zone_name(place)
    made = []
    for theme in material.settings.maps:
        if theme not in parcels or not parcels[theme].notna().any():
            continue
        label = name_and_unit(theme, lang)[0] if theme != "grade" else column_label("grade", lang)
        count, mu = spelled(cell(zone.get("parcel_count")), lang), spelled(cell(zone.get("parcel_mu")), lang)
        alt = say("map_alt", lang, zone=name, theme=label, count=count, mu=mu)
        made.append(Picture(f"map_{theme}", say("map_title", lang, zone=name, theme=label), alt, "map", place, theme))
    return tuple(made)
