"""Words that stand where a label should be and name none: one list for titles, tracklists, label fields and the import.

Phrases are folded (`normalise.fold`) and count as wholes, never inside a name: Mixmash, White Noise and Free Range are
labels. Who reads a phrase decides how much it says:

    NO_NAME    there is no label (`Not On Label`, `Unknown`, `Various Artists`)
    STATUS     a status, a carrier or a platform in its place (`White`, `CDR`, `Out Now`, `Soundcloud`)
    GENRES, PLACES  no label as a rule; a database that has one of that name knows better
    REMARKS    no label in a title's bracket; in a field for labels a name like others (`Classic`, `Test`)

Which other versions are no label is said by `title_words`, for titles, and by `labels.names`, for fields.
"""

from __future__ import annotations

import re

import polars as pl

from enrich.text.normalise import fold


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.replace("_", " ") for phrase in text.split())


NO_NAME = _phrases(
    """no_label no_record_label none n_a na null nan unknown unknown_label unknown_labels label_unknown not_known
    not_on not_on_label self_released self_release selfreleased independent independent_release unsigned tba tbc tbd
    id ids id_remix unnamed untitled label new_label record_label various various_labels various_artists private
    private_press private_pressing working_title digital"""
)

STATUS = _phrases(
    """white whites white_label white_labels white_lable white_lbl whitelabel white_promo white_cdr white_label_promo
    cdr cdrs cd_r cd_rs cd cd_rom dvd vinyl cassette mp3 wav flac promo promos promo_cd promo_cdr promo_copy promo_only
    cdr_promo acetate acetates acetate_pressing dubplate dubplates dub_plate dub_plates testpress testpressing
    test_press test_pressing test_pressings advance exclusive exclusives unreleased unreleaesd unreleased_digital
    unreleased_promo unreleased_premiere not_released forthcoming upcoming coming_soon out_now out_soon available_now
    free freedl free_dl free_download free_downloads free_track free_track_download free_release download
    digital_download web_release premiere world_premiere preview teaser snippet demo bootleg bootlegs
    soundcloud bandcamp youtube spotify beatport itunes official official_video official_music_video official_audio
    official_lyric_video lyric_video hd hq 4k ep lp"""
)

#: Written of a whole release or of a radio show's choice; begins the text.
PHRASE = (
    r"^(?:(?:taken|tkaen|take|taking) (?:from|of)|from the album|not on label|no label"
    r"|(?:asot )?(?:tune|track) of the|future favou?rite|asot radio)\b|\bself released?$"
)

GENRES = _phrases(
    """techno house trance psytrance progressive dnb d_and_b drum_and_bass drum_n_bass dubstep jungle edm electro
    electronica breaks breakbeat ambient hardstyle garage uk_garage grime rap disco r_and_b hip_hop big_room
    tech_house deep_house progressive_house electro_house future_house bass_house afro_house progressive_trance
    uplifting_trance melodic_techno minimal_techno"""
)

#: Genres in a title's bracket; in a field for labels names like others (Dance, Soul, Metal).
BARE_GENRES = _phrases(
    """dance pop rock metal punk soul funk jazz blues reggae reggaeton
    dancehall folk latin electronic nu_disco hardcore happy_hardcore downtempo chillout lounge hard_techno hard_trance
    melodic_house deep_techno tech_trance vocal_trance goa_trance neurofunk liquid_dnb amapiano synthwave eurodance"""
)

PLACES = _phrases(
    """uk us usa u_s u_k eu europe germany de france fr italy it spain es netherlands holland nl belgium be australia
    au japan jp canada ca brazil brasil br sweden se norway denmark poland russia ireland israel switzerland austria
    worldwide"""
)

REMARKS = _phrases(
    """vinyl_only digital_only bandcamp_only bandcamp_exclusive limited_edition
    black_label boot tbr self test tests tape internet audio video visualizer lyrics soundtrack ost compilation
    mixtape album single classic essential_mix essential_new_tune hot_tune 12 7 10 12_inch 7_inch"""
)

#: Whatever field they stand in.
NON_LABELS = NO_NAME | STATUS

#: The plainest versions: no list of labels overrules them.
PLAIN_VERSION = (
    r"^(?:(?:original|extended|radio|club|dub|vocal|instrumental|main)(?: (?:mix|edit|version|dub|cut|remix))?|remix|"
    r"live|a ?c+[ae]p+el+a|vip(?: mix)?|edit|mash ?up|bootleg)$"
)

#: Said of a track, not of a label, where a tracklist has the label.
_OF_THE_TRACK = _phrases("intro outro album bonus_track bonus_tracks")


def pattern(*groups: frozenset[str]) -> str:
    """A pattern that fits a folded text that is one of the phrases as a whole."""
    return "^(?:" + "|".join(sorted(frozenset[str]().union(*groups))) + ")$"


_STANDS_FOR_NONE = rf"{pattern(NON_LABELS, _OF_THE_TRACK)}|{PHRASE}|{PLAIN_VERSION}|^live (?:at|from)\b"


def is_non_label(folded: pl.Expr) -> pl.Expr:
    """True where a folded text in a label's place names no label."""
    return folded.str.contains(_STANDS_FOR_NONE)


def is_label(name: pl.Expr) -> pl.Expr:
    """False for what people write where there is no label: `CDR`, `Promo`, `Original Mix`, `Live @ …`."""
    return ~(is_non_label(fold(name)) | name.str.contains(r"(?i)^\s*live\s*@") | ~name.str.contains(r"[\p{L}\p{N}]"))


def names_no_label(text: str) -> bool:
    """`is_non_label` of one text as written."""
    folded = " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())
    return _SCALAR.search(folded) is not None


_SCALAR = re.compile(_STANDS_FOR_NONE)
