-- name: writeback_judged(most_signs)
-- One row per accepted proposal, surest first: what speaks against writing it (reason; null: nothing), and what becomes
-- of it (outcome). Over accepted (with names, name_keys, value_key), labels and artists (what the tracks have now, with
-- its keys), and recordings (those the database has).
with
identified as (
    select proposal_id, json_extract_string(evidence, '$.recording_id') as recording_id,
        json_extract_string(evidence, '$.title') as recording_title,
        json_extract_string(evidence, '$.label') as recording_label
    from accepted
    where kind = 'identity'
),
placed as (
    select accepted.*, recording_id, recording_title, recording_label, labels.title, labels.label_now,
        labels.label_key_now, artists.artist_now, artists.artist_keys_now,
        first_value(value) over surest as winner, row_number() over surest as place
    from accepted
    left join identified using (proposal_id)
    left join labels using (track_id)
    left join artists using (track_id)
    window surest as (partition by track_id, kind order by confidence desc nulls last, tier, proposal_id)
),
against as (
    select *,
        case
            when title is null then 'the track is no longer in the database'
            when kind = 'identity' and not list_has_any(name_keys, artist_keys_now)
                then 'artist is ' || artist_now || ' since the snapshot'
            when kind = 'identity' and recording_id is not null
                and recording_id not in (select recording_id from recordings)
                then 'the recording it names is no longer in the database'
            when kind = 'identity' and recording_id = track_id then 'already there'
            when kind = 'label' and label_key_now = value_key then 'already there'
            when kind = 'artist' and artist_keys_now = name_keys then 'already there'
            when kind = 'label' and label_now is not null then 'label is ' || label_now || ' since the snapshot'
            when kind = 'artist' and artist_now is not null then 'artist is ' || artist_now || ' since the snapshot'
            when seen_title <> title then 'the title was edited since the snapshot, now ' || title
            when len(list_filter(names, lambda name: length(name) > $most_signs)) > 0
                then 'longer than the ' || $most_signs || ' characters the database holds'
            when place > 1 and winner = value then 'the same value from a surer proposal is written'
            when place > 1 then 'a surer accepted proposal says ' || winner
        end as blank_reason
    from placed
),
reasoned as (
    select * exclude (blank_reason),
        case
            when kind = 'artist' and blank_reason is null
                and bool_or(kind = 'identity' and blank_reason is null) over (partition by track_id)
                then 'the track is a known recording, by an accepted identity'
            else blank_reason
        end as reason
    from against
)
select *,
    case
        when reason is null then 'written'
        when reason in (
            'already there', 'the same value from a surer proposal is written',
            'the track is a known recording, by an accepted identity'
        ) then 'superseded'
        else 'conflict'
    end as outcome
from reasoned
order by confidence desc nulls last, tier, proposal_id
