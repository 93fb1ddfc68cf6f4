"""Write-back and undo on a real Postgres: blanks only, conflicts reported, exact undo, nothing twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from database_world import World

from enrich.errors import EnrichError
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept, reject
from enrich.ledger.writing import undo, writeback

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class LedgerWorld(World):
    """With proposals, and what of the music tables may change."""

    def propose(self, *rows):
        """rows: track, kind, value, confidence[, evidence[, source]] → ids in order, all accepted."""
        ids = self.record(
            *(
                {
                    "track_id": row[0], "kind": row[1], "value": row[2], "confidence": row[3], "probability": row[3],
                    "evidence": json.dumps(row[4] if len(row) > 4 else {}), "tier": 1,
                    "source": row[5] if len(row) > 5 else "test",
                }
                for row in rows
            ),
            now=NOW,
        )  # fmt: skip
        assert accept(self.settings, ids, by="anna", now=NOW).changed == len(ids)
        return ids

    def music(self):
        """Everything but the ledger and the clocks of the music tables."""
        return {
            "tracks": self.query("select id, title, metadata from tracks order by id"),
            "artists": self.query("select name, normalized_name from artists order by 1"),
            "links": self.query("select track_id, artist_id, role, position from track_artists order by 1, 2, 3"),
            "status": self.query(
                "select track_id, status, retry_after, sources_enriched from enrichment_status order by 1"
            ),
        }

    def artists_of(self, track):
        return [
            name
            for (name,) in self.query(
                "select name from track_artists join artists on artists.id = artist_id"
                " where track_id = %s and role = 'primary' order by position, name",
                track,
            )
        ]

    def label_of(self, track):
        return self.query("select metadata->'original_data'->>'label' from tracks where id = %s", track)[0][0]


@pytest.fixture
def world(database):
    return LedgerWorld(database)


@pytest.mark.parametrize(
    "metadata",
    ["null", "{}", '{"original_data": null}', '{"original_data": {"bpm": 128}}',
     '{"a": 1, "original_data": {"label": ""}}', '{"original_data": {"label": "White"}}', '"text"'],
)  # fmt: skip
def test_a_label_lands_whatever_metadata_was_and_undo_is_exact(world, metadata):
    track = world.track("Frozen Ground", metadata=metadata)
    before = world.music()
    world.propose((track, "label", "Anjunabeats", 0.95))

    done = writeback(world.settings, now=NOW, apply=True)
    assert (done.labels_written, done.conflicts) == (1, 0)
    assert world.label_of(track) == "Anjunabeats"

    undone = undo(world.settings, done.run_id, now=NOW, by="anna")
    assert (undone.undone, undone.kept) == (1, 0)
    assert world.music() == before


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(world):
    track = world.track("Frozen Ground")
    world.propose((track, "label", "Anjunabeats", 0.95), (track, "artist", "Ilan Bluestone", 0.9))
    before = world.music()

    done = writeback(world.settings, now=NOW)

    assert (done.applied, done.labels_written, done.artists_written) == (False, 1, 1)
    assert world.music() == before
    assert proposals(world.settings, status="accepted").height == 2
    assert world.query("select count(*) from enrich_writes") == [(0,)]


def test_an_artist_completes_the_track_and_every_change_is_on_record(world):
    track = world.track("Frozen Ground")
    world.propose((track, "artist", "Ilan Bluestone", 0.9))

    done = writeback(world.settings, now=NOW, apply=True)

    assert (done.artists_written, done.artists_created) == (1, 1)
    assert world.artists_of(track) == ["Ilan Bluestone"]
    assert world.query("select status from enrichment_status") == [("completed",)]
    assert sorted(t for (t,) in world.query("select target from enrich_writes")) == [
        "artists", "enrichment_status.status", "track_artists",
    ]  # fmt: skip


def test_a_label_alone_completes_only_a_track_whose_artist_is_known(world):
    nameless, named = world.track("A"), world.track("B", status="partial", artist="Spencer Brown")
    world.propose((nameless, "label", "Anjunabeats", 0.9), (named, "label", "Anjunabeats", 0.9))

    writeback(world.settings, now=NOW, apply=True)

    status = dict(world.query("select track_id::text, status from enrichment_status"))
    assert status == {nameless: "failed", named: "completed"}


def test_an_existing_artist_is_found_by_name_or_alias_and_none_is_made_twice(world):
    prydz = world.artist("Eric Prydz")
    world.query("update artists set aliases = '{Pryda,\"Cirez D\"}' where id = %s", prydz)
    tracks = [world.track(t) for t in "abc"]
    world.propose(*zip(tracks, ["artist"] * 3, ["PRYDA", "eric prydz", "Cirez D"], [0.9] * 3, strict=True))

    done = writeback(world.settings, now=NOW, apply=True)

    assert (done.artists_written, done.artists_created) == (3, 0)
    assert [world.artists_of(t) for t in tracks] == [["Eric Prydz"]] * 3


def test_a_mashup_gets_all_its_artists_in_order(world):
    track = world.track("One vs. Two")
    world.propose((track, "artist", "B & A", 0.9, {"artists": ["B", "A"]}))

    writeback(world.settings, now=NOW, apply=True)

    assert world.artists_of(track) == ["B", "A"]


@pytest.mark.parametrize("placeholder", ["Unknown Artist", "ID", "???"])
def test_a_placeholder_gives_way_and_comes_back_on_undo(world, placeholder):
    track = world.track("Frozen Ground", artist=placeholder)
    before = world.music()
    world.propose((track, "artist", "Ilan Bluestone", 0.9))

    done = writeback(world.settings, now=NOW, apply=True)
    assert world.artists_of(track) == ["Ilan Bluestone"]

    assert undo(world.settings, done.run_id, now=NOW, by="anna").kept == 0
    assert world.music() == before


def test_what_was_filled_since_is_a_conflict_and_left_alone(world):
    labelled, named, edited, gone = (world.track(t) for t in "abcd")
    ids = world.propose(
        (labelled, "label", "Anjunabeats", 0.9), (named, "artist", "Ilan Bluestone", 0.9),
        (edited, "artist", "Ilan Bluestone", 0.9), (gone, "label", "Anjunabeats", 0.9),
    )  # fmt: skip
    world.query('update tracks set metadata = \'{"label": "Armada"}\' where id = %s', labelled)
    world.link(named, world.artist("Spencer Brown"))
    world.query("update tracks set title = 'Another' where id = %s", edited)
    world.query("delete from tracks where id = %s", gone)
    before = world.music()

    done = writeback(world.settings, now=NOW, apply=True)

    reasons = dict(done.outcomes.select("proposal_id", "reason").iter_rows())
    assert done.conflicts == 4
    assert "Armada" in reasons[ids[0]]
    assert "Spencer Brown" in reasons[ids[1]]
    assert "Another" in reasons[ids[2]]
    assert "no longer" in reasons[ids[3]]
    assert world.music() == before
    assert writeback(world.settings, now=NOW, apply=True).conflicts == 0  # reported once, not for ever


def test_what_is_there_already_is_no_conflict(world):
    track = world.track("Frozen Ground", artist="Ilan Bluestone")
    world.propose((track, "artist", "ILAN BLUESTONE", 0.9))

    done = writeback(world.settings, now=NOW, apply=True)

    assert (done.superseded, done.conflicts, done.artists_written) == (1, 0, 0)


def test_of_two_accepted_values_the_surer_wins_and_the_other_is_a_conflict(world):
    track = world.track("Frozen Ground")
    world.propose(
        (track, "label", "Armada", 0.7),
        (track, "label", "Anjunabeats", 0.9),
        (track, "label", "Anjunabeats", 0.8, {}, "b"),
    )

    done = writeback(world.settings, now=NOW, apply=True)

    assert world.label_of(track) == "Anjunabeats"
    assert (done.labels_written, done.conflicts, done.superseded) == (1, 1, 1)


def test_the_same_run_twice_changes_nothing(world):
    tracks = [world.track(t) for t in "abc"]
    world.propose(*[(t, "artist", "Ilan Bluestone", 0.9) for t in tracks])
    writeback(world.settings, now=NOW, apply=True)
    before, writes = world.music(), world.query("select count(*) from enrich_writes")

    again = writeback(world.settings, now=NOW, apply=True)

    assert again.outcomes.is_empty()
    assert world.music() == before
    assert world.query("select count(*) from enrich_writes") == writes


def test_undo_twice_changes_nothing_more(world):
    track = world.track("a")
    world.propose((track, "artist", "Ilan Bluestone", 0.9))
    run = writeback(world.settings, now=NOW, apply=True).run_id
    undo(world.settings, run, now=NOW, by="anna")
    before = world.music()

    undo(world.settings, run, now=NOW, by="anna")

    assert world.music() == before


def test_undo_leaves_what_was_edited_later(world):
    label, other_key, artist = world.track("a"), world.track("b", metadata='{"original_data": {}}'), world.track("c")
    world.propose(
        (label, "label", "Anjunabeats", 0.9),
        (other_key, "label", "Anjunabeats", 0.9),
        (artist, "artist", "New Name", 0.9),
    )
    run = writeback(world.settings, now=NOW, apply=True).run_id
    world.query(
        "update tracks set metadata = jsonb_set(metadata, '{original_data,label}', '\"Armada\"') where id = %s", label
    )
    world.query("update tracks set metadata = metadata || '{\"bpm\": 128}' where id = %s", other_key)
    world.link(world.track("d"), world.artist("New Name"))

    undone = undo(world.settings, run, now=NOW, by="anna")

    assert world.label_of(label) == "Armada"
    assert world.query("select metadata from tracks where id = %s", other_key) == [({"bpm": 128, "original_data": {}},)]
    assert world.artists_of(artist) == []
    assert {w["target"] for w in undone.kept_writes} == {
        "tracks.metadata",
        "artists",
    }  # the edited label, the artist in use


def test_undone_proposals_are_open_again_with_the_reason_on_record(world):
    track = world.track("a")
    (pid,) = world.propose((track, "artist", "Ilan Bluestone", 0.9))
    run = writeback(world.settings, now=NOW, apply=True).run_id

    undo(world.settings, run, now=NOW, by="anna")

    assert proposals(world.settings, status="proposed")["proposal_id"].to_list() == [pid]
    assert world.query("select decision from enrich_decisions order by decision_id") == [("accepted",), ("reopened",)]
    assert writeback(world.settings, now=NOW, apply=True).artists_written == 0


def test_the_label_column_is_written_and_undone_where_an_installation_has_it(world):
    world.query("alter table tracks add column label varchar(255)")
    track = world.track("a")
    world.propose((track, "label", "Anjunabeats", 0.9))

    run = writeback(world.settings, now=NOW, apply=True).run_id
    assert world.query("select label from tracks") == [("Anjunabeats",)]

    undo(world.settings, run, now=NOW, by="anna")
    assert world.query("select label, metadata from tracks") == [(None, {})]


def test_hostile_text_is_only_text(world):
    nasty = 'Robert\'); drop table tracks;-- \\ "x" 🎧 %s $1 {a}'
    track = world.track("a")
    world.propose((track, "artist", nasty, 0.9), (track, "label", nasty + "\n=HYPERLINK(1)", 0.9))

    writeback(world.settings, now=NOW, apply=True)

    assert world.artists_of(track) == [nasty]
    assert world.label_of(track) == nasty + "\n=HYPERLINK(1)"


def test_a_value_the_database_cannot_hold_is_a_conflict(world):
    track = world.track("a")
    world.propose((track, "artist", "x" * 300, 0.9))

    done = writeback(world.settings, now=NOW, apply=True)

    assert (done.conflicts, world.artists_of(track)) == (1, [])


def test_eight_at_once_write_each_proposal_once(world):
    tracks = [world.track(f"t{n}") for n in range(60)]
    world.propose(*[(t, "artist", f"Artist {n % 7}", 0.9) for n, t in enumerate(tracks)])

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: writeback(world.settings, now=NOW, apply=True), range(8)))

    assert sum(d.artists_written for d in done) == 60
    assert world.query("select count(*), count(distinct track_id) from track_artists") == [(60, 60)]
    assert world.query("select count(*) from enrich_writes where target = 'track_artists'") == [(60,)]


def test_a_decision_already_taken_is_not_overwritten(world):
    track = world.track("a")
    (pid,) = world.propose((track, "artist", "Ilan Bluestone", 0.9))
    writeback(world.settings, now=NOW, apply=True)

    late = reject(world.settings, [pid], by="ben", now=NOW)

    assert (late.changed, late.unchanged) == (0, (pid,))


@pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_undo_of_no_run_says_so(world, wrong):
    with pytest.raises(EnrichError, match="run"):
        undo(world.settings, wrong, now=NOW, by="anna")


def test_a_proposal_id_that_is_none_says_so(world):
    with pytest.raises(EnrichError, match="proposal id"):
        accept(world.settings, ["nonsense"], by="anna", now=NOW)


def slot_of(world, track, *, set_id="s1", position=4):
    """A played slot of `track`; returns the setlist's id."""
    ((setlist,),) = world.query(
        "insert into setlists (source, source_id) values ('test', %s)"
        " on conflict (source, source_id) do update set source = 'test' returning id::text",
        set_id,
    )
    world.query(
        "insert into setlist_tracks (setlist_id, track_id, position, is_id) values (%s, %s, %s, true) returning 1",
        setlist, track, position,
    )  # fmt: skip
    return setlist


def slots(world):
    return world.query("select position, track_id::text, is_id from setlist_tracks order by setlist_id, position")


def identity(recording=None, **told):
    return {"artists": ["Vale"], "title": "Ember", "recording_id": recording, "named_in": "s2"} | told


@pytest.mark.parametrize("status", ["failed", "pending_re_enrichment", "pending"])
def test_an_identity_relinks_the_slots_settles_the_track_and_undo_is_exact(world, status):
    unknown, known = world.track("ID", status=status), world.track("Ember", artist="Vale", status="completed")
    slot_of(world, unknown), slot_of(world, unknown, set_id="s2")
    before, before_slots = world.music(), slots(world)
    world.propose((unknown, "identity", "Vale - Ember", 0.99, identity(known), "other-listing"))

    done = writeback(world.settings, now=NOW, apply=True)

    assert (done.identities_written, done.conflicts) == (1, 0)
    assert slots(world) == [(4, known, False), (4, known, False)]
    assert dict(world.query("select track_id::text, status from enrichment_status"))[unknown] == "completed"
    assert world.artists_of(unknown) == ["Vale"]
    assert writeback(world.settings, now=NOW, apply=True).identities_written == 0
    undone = undo(world.settings, done.run_id, now=NOW, by="anna")
    assert undone.kept == 0
    assert (world.music(), slots(world)) == (before, before_slots)


def test_an_identity_the_database_does_not_have_names_the_track_itself(world):
    track = world.track("ID")
    before = world.music()
    world.propose((track, "identity", "Vale - Ember", 0.99, identity(label="Undertow"), "rescraped"))

    done = writeback(world.settings, now=NOW, apply=True)

    assert world.query("select title, normalized_title from tracks") == [("Ember", "ember")]
    assert (world.artists_of(track), world.label_of(track)) == (["Vale"], "Undertow")
    assert world.query("select status from enrichment_status") == [("completed",)]
    undo(world.settings, done.run_id, now=NOW, by="anna")
    assert world.music() == before


def test_an_identity_keeps_the_artist_that_was_known(world):
    track, known = world.track("ID", artist="Vale", status="partial"), world.track("Ember", artist="Vale")
    slot_of(world, track)
    world.propose((track, "identity", "Vale - Ember", 0.99, identity(known)))
    assert writeback(world.settings, now=NOW, apply=True).identities_written == 1
    assert world.artists_of(track) == ["Vale"]
    assert slots(world) == [(4, known, False)]


def test_what_changed_meanwhile_is_a_conflict_for_an_identity_too(world):
    gone = world.track("ID 1")
    world.propose((gone, "identity", "Vale - Ember", 0.99, identity("00000000-0000-0000-0000-000000000000")))
    named, known = world.track("ID 2", artist="Ruth"), world.track("Ember", artist="Vale")
    world.propose((named, "identity", "Vale - Ember", 0.98, identity(known)))

    done = writeback(world.settings, now=NOW, apply=True)

    assert done.identities_written == 0
    reasons = sorted(done.outcomes["reason"])
    assert reasons == ["artist is Ruth since the snapshot", "the recording it names is no longer in the database"]


def test_an_artist_proposed_beside_an_identity_gives_way(world):
    track, known = world.track("ID"), world.track("Ember", artist="Vale")
    world.propose((track, "artist", "Somebody Else", 0.995), (track, "identity", "Vale - Ember", 0.97, identity(known)))
    done = writeback(world.settings, now=NOW, apply=True)
    assert (done.identities_written, done.superseded) == (1, 1)
    assert world.artists_of(track) == ["Vale"]


def test_a_slot_edited_since_stays_as_it_is_on_undo(world):
    track, known, other = world.track("ID"), world.track("Ember", artist="Vale"), world.track("Tide", artist="Ruth")
    slot_of(world, track)
    world.propose((track, "identity", "Vale - Ember", 0.99, identity(known)))
    done = writeback(world.settings, now=NOW, apply=True)
    world.query("update setlist_tracks set track_id = %s returning 1", other)
    undone = undo(world.settings, done.run_id, now=NOW, by="anna")
    assert [w["target"] for w in undone.kept_writes] == ["setlist_tracks"]
    assert slots(world) == [(4, other, False)]


def test_a_track_that_waits_is_due_at_once_when_its_identity_is_found(world):
    track = world.track("ID", status="pending_re_enrichment")
    world.query("update enrichment_status set retry_after = '2027-01-01' where track_id = %s returning 1", track)
    world.propose((track, "identity", "Vale - Ember", 0.6, identity()))
    assert world.query("select retry_after from enrichment_status") == [(NOW,)]
