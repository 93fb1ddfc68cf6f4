-- Expressions that queries on Postgres share: `{{name}}` in a query stands for the text that has this name here.

-- name: labels_of_track
-- text[]: what is written where a label may stand, the place that counts most first, blanks left out. Reads `track`, a
-- row of tracks; the column is read as JSON, for few installations have it. On snapshots: duckdb/staging_labels.sql.
array_remove(array[
    nullif(trim(track.metadata -> 'original_data' ->> 'label'), ''),
    nullif(trim(to_jsonb(track) ->> 'label'), ''),
    nullif(trim(track.metadata ->> 'label'), '')
], null)

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
