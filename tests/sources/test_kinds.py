"""Neighbours of the recorded replies: what each client must make of the same kinds of reply, made up here."""

from __future__ import annotations

import json

import pytest
from recorded_replies import asked, choose, replay

from enrich.matching.values import Availability, Outcome

KID = [{"name": "Alpha Kid", "artist": {"id": "a", "name": "Alpha Kid"}}]
VARIOUS = [{"name": "Various Artists", "artist": {"id": "89ad4ac3-39f7-470e-963a-56509c546377"}}]


def told(path, body, **more):
    return {"path": path, "status": 200, "body": json.dumps(body), **more}


def musicbrainz(ask, takes, labels):
    """A case of recordings `takes` (by id), each on one release under `labels[id]`."""
    recordings, replies = [], []
    for name, fields in takes.items():
        release = {"id": f"on {name}", "title": "Night", "status": "Official", **fields.get("release", {})}
        recordings.append({"id": name, "title": "Night Signal", "artist-credit": KID, **fields, "releases": [release]})
        infos = [{"catalog-number": "1", "label": {"id": "l", "name": labels[name]}}] if labels.get(name) else []
        browsed = {"release-count": 1, "release-offset": 0, "releases": [{**release, "label-info": infos}]}
        replies.append(told("/release", browsed, params={"recording": name}))
    search = told("/recording", {"count": len(recordings), "offset": 0, "recordings": recordings})
    return {"service": "musicbrainz", "ask": {"artist": "Alpha Kid", **ask}, "replies": [search, *replies]}


def of_kind(*kinds):
    return {"release-group": {"id": "g", "primary-type": "Album", "secondary-types": list(kinds)}}


STUDIO = {"release": of_kind()}
NEVER = {
    "live-type": {"release": of_kind("Live")},
    "live-disambiguation": {"disambiguation": "live, 2011-06-04: Rock am Ring"},
    "session-disambiguation": {"disambiguation": "BBC Radio 1 session"},
    "concert-by-its-name": {"release": {"title": "2011-06-04: Nürburg, Germany"}},
    "session-by-its-name": {"release": {"title": "Spotify Sessions"}},
    "unplugged": {"release": {"title": "MTV Unplugged"}},
    "live-lounge": {"release": {"title": "BBC Radio 1’s Live Lounge 2009"}},
    "acoustic-disambiguation": {"disambiguation": "acoustic"},
    "video": {"video": True},
    "video-disambiguation": {"disambiguation": "official music video"},
    "dj-mix-type": {"release": of_kind("DJ-mix")},
    "dj-mix-disambiguation": {"disambiguation": "mixed"},
    "part-of-a-mix": {"disambiguation": "part of a “Somewhere” DJ‐mix"},
    "another-remix": {"title": "Night Signal (Gamma remix)"},
    "day-and-place": {"disambiguation": "2013-07-05: Roskilde Festival, Denmark"},
    "performance": {"disambiguation": "television performance"},
    "rehearsal": {"disambiguation": "rehearsal"},
    "visualiser": {"disambiguation": "visualiser"},
    "crossfaded": {"disambiguation": "crossfaded"},
    "two-versions": {"title": "Night Signal (Gamma remix) (radio edit)"},
}


@pytest.mark.parametrize("kind", NEVER)
def test_what_is_never_the_studio_track(kind, tmp_path):
    case = musicbrainz(
        {"title": "Night Signal"}, {"x": NEVER[kind], "studio": STUDIO}, {"x": "Wrong", "studio": "Deepwell"}
    )
    answer, _, _ = replay(case, tmp_path / "both")
    assert choose(asked(case), answer.hits).label == "Deepwell"

    alone = musicbrainz({"title": "Night Signal"}, {"x": NEVER[kind]}, {"x": "Wrong"})
    answer, _, _ = replay(alone, tmp_path / "alone")
    assert choose(asked(alone), answer.hits).outcome is Outcome.NONE


BESIDE = {
    "live-at": {"title": "Night Signal (live at Pinkpop)"},
    "demo": {"disambiguation": "demo"},
    "various-by-artist": {"release": {"artist-credit": [{"name": "V. A.", "artist": {"name": "Various Artists"}}]}},
    "karaoke": {"title": "Night Signal (karaoke version)"},
    "kexp": {"release": {"title": "Live on KEXP"}},
    "peel": {"release": {"title": "The Peel Sessions"}},
    "tiny-desk": {"disambiguation": "NPR Tiny Desk concert"},
    "instrumental": {"title": "Night Signal (instrumental)"},
    "acapella": {"title": "Night Signal (a cappella)"},
    "lyric-video": {"disambiguation": "lyric video"},
    "broadcast": {"release": {"release-group": {"id": "g", "primary-type": "Broadcast", "secondary-types": []}}},
    "bootleg": {"release": {"status": "Bootleg"}},
    "pseudo": {"release": {"status": "Pseudo-Release"}},
    "charity": {"release": of_kind("Compilation")},
    "soundtrack": {"release": of_kind("Compilation", "Soundtrack")},
    "mixed-compilation": {"release": of_kind("DJ-mix", "Compilation")},
    "continuous": {"title": "Night Signal (continuous mix)"},
    "cover": {"title": "Night Signal (cover)"},
    "another-artist": {"artist-credit": [{"name": "Nobody Else", "artist": {"id": "z", "name": "Nobody Else"}}]},
    "various-by-name": {"release": {"artist-credit": [{"name": "Various Artists", "artist": {"id": "q"}}]}},
    "remixer-named-like-a-version": {"title": "Night Signal (Original Sin remix)"},
    "vip": {"title": "Night Signal (VIP)"},
    "dub-of-another": {"title": "Night Signal (Gamma dub)"},
    "edit-of-another": {"title": "Night Signal (Gamma edit)"},
}


@pytest.mark.parametrize("kind", BESIDE)
def test_the_studio_take_wins_beside_others(kind, tmp_path):
    takes = {"x": BESIDE[kind], "studio": STUDIO}
    case = musicbrainz({"title": "Night Signal"}, takes, {"x": "Wrong", "studio": "Deepwell"})

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


OWN = [
    "album version",
    "lp version",
    "explicit version",
    "single version",
    "explicit",
    "clean",
    "main mix",
    "2011 remaster",
    "7″ version",
    "12” mix",
    "mono",
]


@pytest.mark.parametrize("told", OWN)
def test_what_is_told_of_the_studio_take_makes_no_other(told, tmp_path):
    take = {"disambiguation": told, **STUDIO}
    case = musicbrainz({"title": "Night Signal"}, {"studio": take}, {"studio": "Deepwell"})

    choice = choose(asked(case), replay(case, tmp_path)[0].hits)

    assert (choice.outcome, choice.label) == (Outcome.FOUND, "Deepwell")


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({"name": "A. Kid", "artist": {"id": "a", "name": "Alpha Kid"}}, id="credited-otherwise"),
        pytest.param({"name": "Alpha Kid", "artist": {"id": "a", "name": "Al Kidd"}}, id="as-credited"),
        pytest.param({"name": "Аль", "artist": {"name": "Аль", "sort-name": "Kid, Alpha"}}, id="sort-name"),
        pytest.param({"artist": {"name": "アルファ", "aliases": [{"name": "Alpha Kid"}]}}, id="alias"),
    ],
)
def test_musicbrainz_knows_people_by_several_names(person, tmp_path):
    takes = {"studio": {"artist-credit": [person], **STUDIO}}
    case = musicbrainz({"title": "Night Signal"}, takes, {"studio": "Deepwell"})

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


@pytest.mark.parametrize("other", ["Night Signal (Gamma remix)", "Night Signal (live)", "Another Song"])
def test_of_recordings_with_one_isrc_the_one_asked_for_is_chosen(other, tmp_path):
    takes = {"x": {"title": other, "release": {"date": "2001"}}, "studio": {"release": {"date": "2010"}}}
    ask = {"title": "Night Signal", "isrc": "GBXXX2400001"}
    case = musicbrainz(ask, takes, {"x": "Wrong", "studio": "Deepwell"})
    recordings = json.loads(case["replies"][0]["body"])["recordings"]
    case["replies"][0] = told("/isrc/GBXXX2400001", {"isrc": "GBXXX2400001", "recordings": recordings})

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


def test_a_concert_of_a_remix_is_not_the_remix(tmp_path):
    remix = {"title": "Night Signal (Gamma remix)", "release": {"date": "2010"}}
    concert = {**remix, "disambiguation": "live, 2001: Ibiza", "release": {"date": "2001"}}
    takes = {"x": concert, "studio": remix}
    case = musicbrainz({"title": "Night Signal (Gamma Remix)"}, takes, {"x": "Wrong", "studio": "Deepwell"})

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


@pytest.mark.parametrize("title", ["Night Signal (Live)", "Night Signal (Live at Rock am Ring)", "Night Signal - Live"])
def test_a_live_title_finds_its_live_take(title, tmp_path):
    takes = {"studio": dict(STUDIO), "live": dict(NEVER["live-disambiguation"])}
    case = musicbrainz({"title": title}, takes, {"studio": "Deepwell", "live": "Concerts"})

    answer, _, _ = replay(case, tmp_path)

    assert choose(asked(case), answer.hits).label == "Concerts"


def test_the_studio_take_is_asked_for_however_far_down_it_stands(tmp_path):
    takes = {f"c{n}": {"release": of_kind("Compilation")} for n in range(12)} | {"studio": dict(STUDIO)}
    case = musicbrainz({"title": "Night Signal"}, takes, {"studio": "Deepwell", "c0": "Charity"})

    answer, log, _ = replay(case, tmp_path)

    assert choose(asked(case), answer.hits).label == "Deepwell"
    assert len(log) == 2


def test_compilations_alone_are_for_review(tmp_path):
    case = musicbrainz({"title": "Night Signal"}, {"c": {"release": {"artist-credit": VARIOUS}}}, {"c": "Charity"})

    choice = choose(asked(case), replay(case, tmp_path)[0].hits)

    assert (choice.outcome, choice.rule) == (Outcome.REVIEW, "compilation_only")


def test_any_isrc_of_a_recording_is_its_own(tmp_path):
    take = {"isrcs": ["GBXXX2400001", "GBXXX2400009"], **STUDIO}
    case = musicbrainz({"title": "Night Signal", "isrc": "GB-XXX-24-00009"}, {"studio": take}, {"studio": "Deepwell"})

    answer, _, _ = replay(case, tmp_path)

    assert choose(asked(case), answer.hits).rule == "isrc"


def test_a_video_with_the_code_of_the_track_is_not_the_track(tmp_path):
    case = musicbrainz(
        {"title": "Night Signal", "isrc": "GBXXX2400001"},
        {"film": {"video": True}, "studio": STUDIO},
        {"film": "Film Label", "studio": "Deepwell"},
    )
    takes = json.loads(case["replies"][0]["body"])["recordings"]
    case["replies"][0] = told("/isrc/GBXXX2400001", {"isrc": "GBXXX2400001", "recordings": takes})

    answer, _, _ = replay(case, tmp_path)

    assert {hit.label for hit in answer.hits} == {"Deepwell"}


@pytest.mark.parametrize(
    ("release", "outcome"),
    [
        pytest.param({}, Outcome.FOUND, id="its-own"),
        pytest.param({"extraartists": [{"name": "DJ X", "role": "DJ Mix"}]}, Outcome.REVIEW, id="mixed-by-a-dj"),
        pytest.param({"formats": [{"descriptions": ["Mixed"]}]}, Outcome.REVIEW, id="mixed"),
        pytest.param({"formats": [{"descriptions": ["Unofficial Release"]}]}, Outcome.REVIEW, id="bootleg"),
        pytest.param({"formats": [{"descriptions": ["Partially Unofficial"]}]}, Outcome.REVIEW, id="half-a-bootleg"),
        pytest.param({"title": "Live At The Marquee"}, Outcome.REVIEW, id="concert-by-its-name"),
        pytest.param({"artists": [{"id": 194, "name": "Various"}]}, Outcome.REVIEW, id="various"),
    ],
)
def test_what_is_never_the_studio_release_at_discogs(release, outcome, tmp_path):
    tracks = [{"type_": "track", "title": "Night Signal", "artists": [{"id": 1, "name": "Alpha Kid"}]}]
    case = discogs({"artist": "Alpha Kid", "title": "Night Signal"}, {"tracklist": tracks, **release})

    assert choose(asked(case), replay(case, tmp_path)[0].hits).outcome is outcome


def deezer(album, *, track=None, albums=None):
    """A case of one track found on `album`."""
    one = {"id": 3, "title": "Night Signal", "duration": 200, "artist": {"name": "Alpha Kid"}, "album": {"id": 9}}
    found = {"data": [{**one, **(track or {})}], "total": 1}
    replies = [told("/search", found), *(albums or [told("/album/9", {"id": 9, "title": "Night", **album})])]
    return {"service": "deezer", "ask": {"artist": "Alpha Kid", "title": "Night Signal"}, "replies": replies}


@pytest.mark.parametrize(
    ("album", "track", "outcome"),
    [
        pytest.param({"label": "Deepwell", "record_type": "single"}, {}, Outcome.FOUND, id="its-own"),
        pytest.param({"label": "X", "record_type": "compile"}, {}, Outcome.REVIEW, id="compilation"),
        pytest.param({"label": "X", "artist": {"id": 5080, "name": "V. A."}}, {}, Outcome.REVIEW, id="various"),
        pytest.param({"label": "X", "title": "MTV Unplugged"}, {}, Outcome.REVIEW, id="unplugged"),
        pytest.param({"label": "X", "title": "Live"}, {}, Outcome.REVIEW, id="called-live"),
        pytest.param({"label": "X", "title": "Summer Tour (Live)"}, {}, Outcome.REVIEW, id="live-in-brackets"),
        pytest.param({"label": "X", "title": "Now That’s What I Call Music 7"}, {}, Outcome.REVIEW, id="now"),
        pytest.param({"label": "X", "title": "Karaoke Classics"}, {}, Outcome.REVIEW, id="karaoke-album"),
        pytest.param({"label": "X", "title": "Songs in Aid of Shelter"}, {}, Outcome.REVIEW, id="charity"),
        pytest.param({"label": "X", "title": "DJ-Kicks"}, {}, Outcome.REVIEW, id="series-of-mixes"),
        pytest.param({"label": "Deepwell", "title": "Long Live"}, {}, Outcome.FOUND, id="to-live"),
        pytest.param({"label": "Deepwell", "title": "Songs for the Deaf"}, {}, Outcome.FOUND, id="no-charity"),
        pytest.param({"label": "X"}, {"title_version": "(Radio 1 Session)"}, Outcome.NONE, id="session"),
        pytest.param({"label": "X"}, {"title_version": "(Official Video)"}, Outcome.REVIEW, id="video"),
        pytest.param({"label": "X"}, {"title": "Night Signal (Lyric Video)"}, Outcome.REVIEW, id="video-in-title"),
        pytest.param({"label": "X"}, {"title": "Night Signal (Visualizer)"}, Outcome.REVIEW, id="visualizer"),
        pytest.param({"label": "X"}, {"title_version": "(Live)"}, Outcome.NONE, id="live"),
        pytest.param({"label": "X"}, {"title": "Night Signal (Live at Wembley)"}, Outcome.NONE, id="live-in-the-title"),
        pytest.param({"label": "Deepwell"}, {"title_version": "(feat. Cara)"}, Outcome.FOUND, id="guest-as-version"),
        pytest.param({"label": "X"}, {"title_version": "(Beta Remix)"}, Outcome.NONE, id="remix"),
        pytest.param({"label": "X"}, {"title_version": "(Demo)"}, Outcome.REVIEW, id="demo"),
        pytest.param({"label": "X"}, {"title": "Night Signal (Demo)"}, Outcome.REVIEW, id="demo-in-the-title"),
        pytest.param({"label": "4037428 Records DK"}, {}, Outcome.NONE, id="number-of-a-distributor"),
        pytest.param({"label": ""}, {}, Outcome.NONE, id="no-label"),
    ],
)  # fmt: skip
def test_what_a_deezer_album_is(album, track, outcome, tmp_path):
    case = deezer(album, track=track)

    assert choose(asked(case), replay(case, tmp_path)[0].hits).outcome is outcome


@pytest.mark.parametrize(
    ("gone", "availability"),
    [
        pytest.param({"status": 404, "body": "{}"}, Availability.OK, id="404"),
        pytest.param({"status": 410, "body": "gone"}, Availability.OK, id="410"),
        pytest.param({"status": 200, "body": '{"error": {"code": "800"}}'}, Availability.OK, id="text"),
        pytest.param({"status": 200, "body": '{"error": {"message": "?"}}'}, Availability.FAILED, id="without-code"),
        pytest.param({"status": 200, "body": '{"error": "An error has occured"}'}, Availability.FAILED, id="words"),
        pytest.param({"status": 200, "body": '{"error": {"code": "4"}}'}, Availability.DOWN, id="quota-as-text"),
        pytest.param({"status": 200, "body": "[]"}, Availability.FAILED, id="a-list"),
        pytest.param({"status": 200, "body": ""}, Availability.FAILED, id="nothing"),
    ],
)  # fmt: skip
def test_a_deezer_album_that_is_not_there(gone, availability, tmp_path):
    answer, _, _ = replay(deezer({}, albums=[{"path": "/album/9", **gone}]), tmp_path)

    assert (answer.availability, answer.hits) == (availability, ())


def discogs(ask, release):
    found = {"results": [{"id": 7, "type": "release", "title": "Alpha Kid - Night", "format": ["LP"], "label": []}]}
    whole = {"id": 7, "title": "Night", "artists": [{"id": 1, "name": "Alpha Kid", "anv": ""}], **release}
    whole |= {"labels": [{"id": 5, "name": "Deepwell", "catno": "D1"}]}
    return {"service": "discogs", "ask": ask, "replies": [told("/database/search", found), told("/releases/7", whole)]}


@pytest.mark.parametrize("artist", ["Alpha Kid", "A. Kid", "The Kids"])
def test_discogs_names_and_their_variations_are_one(artist, tmp_path):
    people = [{"id": 1, "name": "Alpha Kid (3)", "anv": "A. Kid"}] if artist != "The Kids" else [{"name": "Kids, The"}]
    tracks = [{"type_": "track", "title": "Night Signal", "duration": "", "artists": people}]
    case = discogs({"artist": artist, "title": "Night Signal"}, {"tracklist": tracks})
    case["replies"][0]["body"] = case["replies"][0]["body"].replace("Alpha Kid - Night", f"{artist} - Night")

    (hit,) = replay(case, tmp_path)[0].hits

    assert hit.artists == (artist,)


def test_a_bare_remix_is_by_whom_discogs_names(tmp_path):
    remixer = {"name": "Beta Kid (2)", "anv": "B. Kid", "role": "Remix [Additional]"}
    track = {"type_": "track", "title": "Night Signal (Remix)", "extraartists": [remixer]}
    case = discogs({"artist": "Alpha Kid", "title": "Night Signal (B. Kid Remix)"}, {"tracklist": [track]})

    choice = choose(asked(case), replay(case, tmp_path)[0].hits)

    assert (choice.outcome, choice.label) == (Outcome.FOUND, "Deepwell")


def test_discogs_reads_what_an_index_holds(tmp_path):
    index = {"type_": "index", "title": "Suite", "sub_tracks": [{"type_": "track", "title": "Part of Night Signal"}]}
    case = discogs({"artist": "Alpha Kid", "title": "Part of Night Signal"}, {"tracklist": [index]})

    assert [hit.title for hit in replay(case, tmp_path)[0].hits] == ["Part of Night Signal"]


@pytest.mark.parametrize(
    ("track", "release"),
    [
        pytest.param({"title": "Night Signal (Remix)"}, "A2", id="release-names-the-remixer"),
        pytest.param({"title": "Night Signal (Midnight Mix)"}, "A1 to B1, C2", id="by-a-range"),
        pytest.param(
            {
                "title": "Night Signal (B. K. Remix)",
                "extraartists": [{"name": "Beta Kid", "anv": "B. K.", "role": "Remix"}],
            },
            "",
            id="as-printed",
        ),
        pytest.param({"title": "Night Signal (Beta Kid Remix) (Feat. Cara)"}, "", id="guest-behind"),
        pytest.param({"title": "Night Signal (Beta Kid Remix) (Radio Edit)"}, "", id="two-versions"),
        pytest.param(
            {"type_": "index", "title": "Night Signal", "sub_tracks": [{"type_": "track", "title": "Beta Kid Remix"}]},
            "",
            id="mixes-below-a-title",
        ),
    ],
)
def test_discogs_says_in_many_ways_who_remixed(track, release, tmp_path):
    whole = {"tracklist": [{"type_": "track", "position": "A2", **track}]}
    whole["extraartists"] = [{"name": "Beta Kid (2)", "role": "Remix", "tracks": release}]
    case = discogs({"artist": "Alpha Kid", "title": "Night Signal (Beta Kid Remix)"}, whole)

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


@pytest.mark.parametrize("tracks", ["", "B2", "B1 to B3", "1 to 9"])
def test_a_remixer_of_other_tracks_makes_no_remix(tracks, tmp_path):
    whole = {"tracklist": [{"type_": "track", "position": "A2", "title": "Night Signal"}]}
    whole["extraartists"] = [{"name": "Beta Kid", "role": "Remix", "tracks": tracks}]
    case = discogs({"artist": "Alpha Kid", "title": "Night Signal"}, whole)

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


def test_a_compilation_with_the_isrc_does_not_hide_the_single(tmp_path):
    case = deezer({"label": "Deepwell", "record_type": "single"})
    one = {**json.loads(case["replies"][0]["body"])["data"][0], "isrc": "GBXXX2400001", "album": {"id": 8}}
    case["ask"]["isrc"] = "GBXXX2400001"
    hits = {"id": 8, "title": "Hits 50", "label": "Wrong", "record_type": "compile"}
    case["replies"] += [told("/track/isrc:GBXXX2400001", one), told("/album/8", hits)]

    assert choose(asked(case), replay(case, tmp_path)[0].hits).label == "Deepwell"


@pytest.mark.parametrize("service", ["discogs", "beatport"])
def test_a_page_past_the_end_is_none(service, tmp_path):
    others = {"results": [{"id": 7, "title": "B - C"}], "pagination": {"urls": {"next": "x"}}}
    others |= {"tracks": [{"id": 7, "name": "C", "artists": [{"name": "B"}]}], "next": "x"}
    paths = {"discogs": "/database/search", "beatport": "/catalog/search/"}
    past = {"path": paths[service], "status": 404, "body": '{"detail": "Invalid page."}'}
    replies = [told(paths[service], others, params={"page": "1"}), past]
    case = {"service": service, "ask": {"artist": "Alpha Kid", "title": "Night Signal"}, "replies": replies}
    case["settings"] = {"ENRICH_BEATPORT_TOKEN": "a"} if service == "beatport" else {}

    answer, log, _ = replay(case, tmp_path)

    assert (answer.availability, answer.hits) == (Availability.OK, ())
    assert len(log) >= 2


@pytest.mark.parametrize("service", ["musicbrainz", "deezer", "discogs"])
def test_the_whole_credit_is_asked_for_before_its_parts(service, tmp_path):
    case = {"service": service, "ask": {"artist": "Smith & Jones", "title": "Night Signal"}, "replies": []}
    empty = {"recordings": [], "data": [], "results": []}
    case["replies"] = [told(path, empty) for path in ("/recording", "/search", "/database/search")]

    _, log, _ = replay(case, tmp_path)

    asked_for = "\n".join(log).replace("\\", "")
    assert 0 < asked_for.index("Smith & Jones") < asked_for.index("Smith", asked_for.index("Smith & Jones") + 5)


def test_a_redirect_keeps_to_its_origin(tmp_path):
    there = {"location": "http://127.0.0.1:9/elsewhere"}
    replies = [{"path": "/search", "status": 302, "headers": there, "body": ""}]

    answer, _, _ = replay({"service": "deezer", "ask": {"artist": "A", "title": "Night"}, "replies": replies}, tmp_path)

    assert answer.availability is Availability.FAILED
    assert "another address" in answer.reason


def test_a_token_is_never_sent_on(tmp_path):
    """Neither to another address nor along a redirect at home."""
    token = json.dumps({"access_token": "a", "refresh_token": "r1", "client_id": "c1"})
    replies = [
        {"path": "/catalog/search/", "status": 401, "body": "{}"},
        {
            "path": "/auth/o/token/",
            "method": "POST",
            "status": 307,
            "headers": {"location": "{base}/thief"},
            "body": "",
        },
        {"path": "/thief", "method": "POST", "status": 200, "body": token},
    ]
    settings = {"ENRICH_BEATPORT_TOKEN": token}
    case = {"service": "beatport", "ask": {"artist": "A", "title": "N"}, "settings": settings, "replies": replies}

    answer, log, _ = replay(case, tmp_path)

    assert answer.availability is Availability.BLOCKED
    assert not [one for one in log if "thief" in one]


def shop(service, body, ask):
    """A case of one page of a shop's search."""
    replies = [{"path": "/search/.*", "status": 200, "body": f"<html><body>{body}</body></html>"}]
    return {"service": service, "ask": {"artist": "Alpha Kid", "title": "Night Signal", **ask}, "replies": replies}


@pytest.mark.parametrize("service", ["juno", "traxsource"])
@pytest.mark.parametrize(
    ("words", "availability"),
    [
        pytest.param("We were unable to find any results", Availability.OK, id="unable"),
        pytest.param("We did not find any tracks", Availability.OK, id="did-not"),
        pytest.param("We can't find any tracks for that", Availability.OK, id="cannot"),
        pytest.param("Your search doesn’t match any releases", Availability.OK, id="does-not-match"),
        pytest.param("There is nothing that matches your search", Availability.OK, id="nothing-that"),
        pytest.param("No matching tracks", Availability.OK, id="no-matching"),
        pytest.param("Results: 0", Availability.OK, id="a-count"),
        pytest.param("Results: 01-2019", Availability.FAILED, id="no-count"),
        pytest.param("There are no items in your basket", Availability.FAILED, id="a-basket"),
        pytest.param("No tracks in your shopping cart yet", Availability.FAILED, id="a-cart"),
        pytest.param("<script>var none = 'No results found'</script>New", Availability.FAILED, id="a-script"),
        pytest.param('<div class="trk-row"><b class="name">Night Signal</b></div>', Availability.FAILED, id="row"),
        pytest.param('<div class="jd-listing-item"><b>Night Signal</b></div>', Availability.FAILED, id="card"),
        pytest.param('<div class="jd-listing-item-track"><b>Night</b></div>', Availability.FAILED, id="track"),
    ],
)
def test_what_a_shop_says_without_a_track(words, availability, service, tmp_path):
    answer, _, _ = replay(shop(service, f"<p>{words}</p>" if "div" not in words else words, {}), tmp_path)

    assert (answer.availability, answer.hits) == (availability, ())
    assert availability is Availability.OK or "changed page" in answer.reason


@pytest.mark.parametrize(
    "page",
    [
        pytest.param('<div class="search-list-cont"></div>', id="container"),
        pytest.param('<div id="searchTrackList"></div>', id="list"),
        pytest.param("<p>Sorry, no results for that</p>", id="words"),
    ],
)
def test_a_search_page_without_rows_is_a_miss(page, tmp_path):
    replies = [{"path": "/search/tracks", "status": 200, "body": f"<html><body>{page}</body></html>"}]
    ask = {"artist": "A", "title": "Night"}

    answer, _, _ = replay({"service": "traxsource", "ask": ask, "replies": replies}, tmp_path)

    assert (answer.availability, answer.hits) == (Availability.OK, ())
