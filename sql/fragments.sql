-- Expressions that queries on Postgres share: `{{name}}` in a query stands for the text that has this name here.

-- name: labels_of_track
-- text[]: what is written where a label may stand, the place that counts most first, blanks left out. Reads `track`, a
-- row of tracks; the columns are read as JSON, once, for few installations have them. On snapshots:
-- duckdb/staging_labels.sql.
(
    select array_remove(array[
        nullif(trim(track.metadata -> 'original_data' ->> 'label'), ''),
        nullif(trim(written.all_columns ->> 'label'), ''),
        nullif(trim(written.all_columns ->> 'record_label'), ''),
        nullif(trim(track.metadata ->> 'label'), '')
    ], null)
    from (select to_jsonb(track.*) as all_columns offset 0) as written
)

-- name: artist_of_track
-- text: the artist that some installations write into a column of the track itself; null where there is none.
nullif(trim(to_jsonb(track.*) ->> 'artist_name'), '')

-- name: passing_errors
-- A pattern for Postgres and DuckDB: errors of a service that was busy or away, not of a track nobody knows.
'time[d -]*out|rate.?limit|too many requests|(^|[^0-9])(429|50[0234])([^0-9]|$)|connection|network|unavailable|temporar|try again|reset by peer|unreachable|dns|circuit.?breaker'

-- name: failed_in_passing
-- boolean: a row `status` of enrichment_status failed for a reason that passes: the installation says so, else its error.
(
    status.status = 'failed'
    and coalesce((to_jsonb(status.*) ->> 'is_retriable')::boolean, status.error_message ~* {{passing_errors}}, false)
)

-- name: metadata_with_label
-- jsonb: the metadata of `track` with the label `target.value` in original_data, whatever it was before.
(case when jsonb_typeof(track.metadata) = 'object' then track.metadata else '{}' end)
|| jsonb_build_object(
    'original_data',
    (case
        when jsonb_typeof(track.metadata -> 'original_data') = 'object' then track.metadata -> 'original_data'
        else '{}'
    end) || jsonb_build_object('label', target.value)
)

-- name: retries_spent(max_attempts)
-- boolean: no retry is left to a row of enrichment_status.
coalesce(retry_count, 0) >= $max_attempts

-- name: artists_of_slot
-- text: the primary artists of the track in the slot `p`, as one credit.
(
    select string_agg(a.name, ' & ' order by c.position, a.name)
    from track_artists as c
    join artists as a on a.id = c.artist_id
    where c.track_id = p.track_id and c.role = 'primary'
)

-- name: name_of_set
-- text: what the set `s` is called, where any program wrote it.
coalesce(s.metadata ->> 'name', s.metadata ->> 'set_name', s.metadata ->> 'title', s.metadata ->> 'event')

-- name: slots_of_set
-- All slots of the set `s`, exactly, in order.
(
    select coalesce(jsonb_agg(jsonb_build_object(
        'position', q.position, 'track_id', q.track_id, 'is_id', q.is_id, 'id_text', q.id_text, 'notes', q.notes
    ) order by q.position), '[]'::jsonb)
    from setlist_tracks as q
    where q.setlist_id = s.id
)

-- name: listing_of_set
-- The same set as people read it.
(
    select coalesce(jsonb_agg(jsonb_build_object(
        'position', q.position, 'artist', (
            select string_agg(a.name, ' & ' order by c.position, a.name)
            from track_artists as c
            join artists as a on a.id = c.artist_id
            where c.track_id = q.track_id and c.role = 'primary'
        ), 'title', t.title
    ) order by q.position), '[]'::jsonb)
    from setlist_tracks as q
    left join tracks as t on t.id = q.track_id
    where q.setlist_id = s.id
)

-- name: stands(run_id)
-- boolean: the write `ledger` is one of the run's, and not undone.
ledger.run_id = $run_id and ledger.undone_at is null

-- name: mark_restored(now)
-- What ends a statement of undo: the writes whose old values it `restored` are undone, on record.
update enrich_writes as ledger set undone_at = $now from restored where ledger.write_id = restored.write_id

-- name: surest_proposed
-- Of what each source proposed for a track, the surest; `place`: in the order of the ledger.
select * from proposed
qualify row_number() over (partition by track_id, source order by confidence desc nulls last, place) = 1
