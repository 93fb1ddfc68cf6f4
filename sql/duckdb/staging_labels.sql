-- Staging: where a label may stand, and which of its spellings are labels at all. Reads the views of schema staged, which
-- give every installation the same columns; `label_names` is made by enrich.snapshots.building from the spellings. `every_…`: see enrich.snapshots.building.

-- name: staging_label_candidates()
-- One row per (track_id, label_source) with something written there: rank 1 wins.
create or replace table stored.label_candidates as
with written as (
    select id as track_id, 1 as rank, 'metadata.original_data' as label_source,
        case when json_type(metadata, '$.original_data.label') = 'VARCHAR'
            then json_extract_string(metadata, '$.original_data.label') end as label
    from staged.tracks
    where metadata is not null
    union all
    select id, 2, 'tracks.label', label from staged.tracks
    union all
    select id, 3, 'tracks.record_label', record_label from staged.tracks
    union all
    select id, 4, 'metadata',
        case when json_type(metadata, '$.label') = 'VARCHAR' then json_extract_string(metadata, '$.label') end
    from staged.tracks
)
select track_id, rank, label_source, trim(label) as label
from written
where trim(label) <> ''

-- name: staging_label_spellings()
-- One row per spelling written anywhere, albums included.
select distinct label
from (
    select label from every_label_candidates
    union all
    select trim(label) from staged.albums where trim(label) <> ''
)

-- name: staging_track_labels()
-- One row per track with a label: the first place that holds a real one. Words such as Promo or CDR do not count.
create or replace temp table track_labels as
select track_id, arg_min(label, rank) as label, arg_min(label_key, rank) as label_key,
    arg_min(label_source, rank) as label_source
from stored.label_candidates
join stored.label_names using (label)
where is_label
group by track_id
