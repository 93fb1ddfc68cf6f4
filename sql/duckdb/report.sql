-- The report's figures, counted in memory over what was read from Postgres: states and proposals, as
-- sql/reporting/recovery.sql gives them, and the judged frames offered (proposals) and written (values).

-- name: report_tracks(max_attempts)
-- One row per track: its state, and what the words of the report say of it.
create temp table tracks as
select *,
    status_before = 'failed' as was_unresolved,
    status in ('failed', 'pending_re_enrichment') as is_unresolved,
    label is not null and not label_written as label_before,
    status = 'failed' and retry_count >= $max_attempts as is_permanent,
    status_before = 'failed' and status = 'completed' and has_artist as is_recovered
from states

-- name: report_headline(max_attempts)
-- One row: tracks by how they stood and stand.
select
    count(*) as tracks,
    count(*) filter (status_before = 'completed') as completed_before,
    count(*) filter (status = 'completed') as completed_after,
    count(*) filter (was_unresolved) as failed_before,
    count(*) filter (was_unresolved and label_before) as failed_with_label_before,
    count(*) filter (status = 'failed') as failed_after,
    count(*) filter (status = 'pending_re_enrichment') as in_cooldown_after,
    count(*) filter (is_unresolved) as unresolved_after,
    count(*) filter (status in ('pending', 'in_progress')) as pending_after,
    count(*) filter (was_unresolved and retry_count >= $max_attempts) as permanently_failed_before,
    count(*) filter (is_permanent) as permanently_failed_after,
    count(*) filter (is_recovered) as recovered,
    count(*) filter (label_written) as labels_written,
    count(*) filter (artist_written) as artists_written
from tracks

-- name: report_written()
-- One row per value written that stands. A track is right when its credit names one of its artists.
select track_id, was_unresolved, came_from_queue, is_recovered, label_before,
    'label' as kind, label as value, label_tier as tier
from tracks
where label_written
union all by name
select track_id, was_unresolved, came_from_queue, is_recovered, label_before,
    'artist' as kind, array_to_string(primary_artists, ', ') as value, artist_tier as tier
from tracks
where artist_written and len(primary_artists) > 0

-- name: report_offered()
-- One row per proposal, with how its track began.
select proposals.*, was_unresolved, label_before
from proposals
left join tracks using (track_id)
order by proposal_id

-- name: report_right(label_floor)
-- One row per figure: of the values it counts, how many were judged, and how many are right. Of labels proposed the
-- surest of each track counts.
with
values_written as (
    select figures.figure, is_right
    from written, lateral (values
        ('recovered', kind = 'artist' and is_recovered),
        ('labels', kind = 'label'),
        ('artists', kind = 'artist'),
        ('labels_found', kind = 'label' and was_unresolved and not label_before),
        ('tier1_candidates', kind = 'label' and was_unresolved and not label_before),
        ('tier1_recovered', kind = 'artist' and is_recovered and tier = 1),
        ('tier2_recovered', kind = 'artist' and is_recovered and tier = 2),
        ('tiers_recovered', kind = 'artist' and is_recovered and not came_from_queue),
        ('queue_recovered', kind = 'artist' and is_recovered and came_from_queue),
        ('success_rate', kind = 'artist' and is_recovered),
        ('success_gain', kind = 'artist' and is_recovered)
    ) as figures (figure, is_counted)
    where is_counted
),
labels_proposed as (
    select 'labels_proposed' as figure, is_right
    from offered
    where kind = 'label' and confidence >= $label_floor and status <> 'rejected' and was_unresolved and not label_before
    qualify row_number() over (partition by track_id order by confidence desc, proposal_id) = 1
)
select figure, count(*) filter (is_right) as "right", count(is_right) as judged
from (from values_written union all from labels_proposed)
group by figure

-- name: report_projected(label_floor)
-- One row per figure the specification projected: how many are counted, and out of how many.
with
proposed as (
    select distinct track_id
    from offered
    where kind = 'label' and confidence >= $label_floor and status <> 'rejected'
),
failed as (
    select *, is_recovered and came_from_queue as from_queue,
        status = 'pending_re_enrichment' or was_queued as is_queued,
        track_id in (select track_id from proposed) as is_proposed
    from tracks
    where was_unresolved
)
select unnest([
    {figure: 'labels_proposed', actual: count(*) filter (not label_before and is_proposed),
        whole: count(*) filter (not label_before)},
    {figure: 'labels_found', actual: count(*) filter (not label_before and label_written),
        whole: count(*) filter (not label_before)},
    {figure: 'tier1_candidates', actual: count(label), whole: count(*)},
    {figure: 'tier1_recovered', actual: count(*) filter (is_recovered and artist_tier = 1), whole: count(*)},
    {figure: 'tier2_recovered', actual: count(*) filter (is_recovered and artist_tier = 2), whole: count(*)},
    {figure: 'tiers_recovered', actual: count(*) filter (is_recovered and not from_queue), whole: count(*)},
    {figure: 'queued', actual: count(*) filter (is_queued), whole: count(*)},
    {figure: 'queue_recovered', actual: count(*) filter (from_queue), whole: count(*) filter (is_queued)},
    {figure: 'unresolved', actual: count(*) filter (is_unresolved), whole: count(*)},
    {figure: 'permanently_failed', actual: (select count(*) from tracks where is_permanent), whole: count(*)},
    {figure: 'retried', actual: count(*) filter (was_queued and status <> 'pending_re_enrichment'), whole: count(*)}
], recursive := true)
from failed

-- name: report_coverage()
-- Two rows: tracks with a label before and after, of all and of those failed at the start.
select unnest([
    {"group": 'all_tracks', tracks: count(*), "before": count(*) filter (label_before), "after": count(label)},
    {"group": 'failed_at_start', tracks: count(*) filter (was_unresolved),
        "before": count(*) filter (was_unresolved and label_before), "after": count(label) filter (was_unresolved)}
], recursive := true)
from tracks

-- name: report_by_source()
-- One row per kind, tier and source: proposals, what became of them, shares right of all and of the written.
select kind, tier, source,
    count(*) as proposals,
    count(distinct track_id) as tracks,
    count(*) filter (status = 'accepted') as accepted,
    count(*) filter (status = 'written') as written,
    count(*) filter (status = 'proposed') as in_review,
    count(*) filter (status = 'rejected') as rejected,
    count(*) filter (status = 'conflict') as conflicts,
    avg(confidence order by proposal_id) as mean_confidence,
    count(*) filter (is_right) as "right",
    count(is_right) as judged,
    avg(is_right::int) as "precision",
    count(*) filter (is_right and status = 'written') as written_right,
    count(is_right) filter (status = 'written') as written_judged,
    avg(is_right::int) filter (status = 'written') as written_precision
from offered
group by kind, tier, source
order by kind desc, tier, source

-- name: report_bands()
-- One row per kind and band of confidence (the table bands: band, low, high; the last holds 1): proposals by what
-- became of them, and the share right.
select kinds.kind, bands.band,
    count(proposal_id) as proposals,
    count(distinct track_id) as tracks,
    count(*) filter (status = 'written') as written,
    count(*) filter (status = 'proposed') as in_review,
    count(*) filter (status not in ('written', 'proposed')) as other,
    count(*) filter (is_right) as "right",
    count(is_right) as judged,
    avg(is_right::int) as "precision"
from kinds
cross join bands
left join offered on offered.kind = kinds.kind
    and confidence >= bands.low and (confidence < bands.high or bands.high = 1)
group by kinds.kind, kinds.place, bands.band, bands.low
order by kinds.place, bands.low

-- name: report_tiers()
-- One row per step, in order: what each tier took off the unresolved tracks. named: recovered; labels: it labelled
-- those. A track recovered after cool-down counts there, whichever tier named it then. The last step only where there is
-- something to tell.
with
steps (place, step, tier) as (
    values (0, 'Unresolved at the start', null), (1, 'Tier 0: labels', 0), (2, 'Tier 1: the database itself', 1),
        (3, 'Tier 2: sources and context', 2), (4, 'After cool-down', null), (5, 'Otherwise, by hand or import', null)
),
counted as (
    select place, step,
        count(*) filter (
            is_recovered and case when place = 4 then came_from_queue
                else place > 0 and not came_from_queue and artist_tier is not distinct from tier end
        ) as named,
        count(*) filter (label_written and place not in (0, 4) and label_tier is not distinct from tier) as labels,
        count(track_id) as start
    from steps
    left join tracks on was_unresolved
    group by place, step
)
select step, named, labels, start - sum(named) over (order by place)::bigint as "left"
from counted
qualify place < 5 or named > 0 or labels > 0
order by place

-- name: report_funnel()
-- One row per step: from what lacked a label or an artist at the start to what has one now. Steps of one kind are each
-- a subset of the one before; of is the first of them. A known recording (an identity) names the artist of a track, so
-- it is a share of the tracks without one.
with
proposed as (
    select track_id, bool_or(kind = 'label') as label_proposed, bool_or(kind = 'artist') as artist_proposed,
        bool_or(kind = 'identity') as identity_proposed,
        bool_or(kind = 'identity' and status = 'written') as identity_written
    from proposals
    group by track_id
),
begun as (
    select tracks.*, not label_before as no_label,
        was_unresolved or artist_written or not has_artist as no_artist,
        coalesce(label_proposed, false) or label_written as label_seen,
        coalesce(artist_proposed or identity_proposed, false) or artist_written as artist_seen,
        coalesce(identity_proposed, false) as identity_seen, coalesce(identity_written, false) as identity_written
    from tracks
    left join proposed using (track_id)
)
select unnest([
    {kind: 'label', step: 'Without a label at the start', tracks: count(*) filter (no_label),
        "of": count(*) filter (no_label)},
    {kind: 'label', step: 'A label proposed', tracks: count(*) filter (no_label and label_seen),
        "of": count(*) filter (no_label)},
    {kind: 'label', step: 'Label written', tracks: count(*) filter (no_label and label_written),
        "of": count(*) filter (no_label)},
    {kind: 'artist', step: 'Without an artist at the start', tracks: count(*) filter (no_artist),
        "of": count(*) filter (no_artist)},
    {kind: 'artist', step: 'An artist proposed', tracks: count(*) filter (no_artist and artist_seen),
        "of": count(*) filter (no_artist)},
    {kind: 'artist', step: 'Artist written', tracks: count(*) filter (no_artist and artist_written),
        "of": count(*) filter (no_artist)},
    {kind: 'artist', step: 'Completed', tracks: count(*) filter (no_artist and artist_written and status = 'completed'),
        "of": count(*) filter (no_artist)},
    {kind: 'identity', step: 'A known recording proposed', tracks: count(*) filter (no_artist and identity_seen),
        "of": count(*) filter (no_artist)},
    {kind: 'identity', step: 'Known recording written', tracks: count(*) filter (no_artist and identity_written),
        "of": count(*) filter (no_artist)}
], recursive := true)
from begun

-- name: report_unknowns()
-- One row: tracks nobody knew, their plays, and what became of them.
select
    count(*) as unknown_tracks,
    coalesce(sum(plays), 0)::bigint as plays_of_unknown_tracks,
    count(*) filter (track_id in (select track_id from proposals where kind <> 'label')) as unknown_tracks_with_proposal,
    count(*) filter (artist_written) as unknown_tracks_named
from tracks
where not has_artist or artist_written

-- name: report_statuses()
-- One row per status: tracks.
select status, count(*) as count from tracks group by status order by status

-- name: report_proposal_status()
-- One row per kind and status: proposals.
select kind, status, count(*) as count from proposals group by kind, status order by kind, status

-- name: report_waiting(max_attempts)
-- One row: what waits for somebody to do something.
select
    (select count(*) from proposals where status = 'accepted') as accepted,
    (select count(*) from proposals where status = 'proposed') as proposed,
    (select count(*) from proposals where status = 'conflict') as conflict,
    count(*) filter (is_retriable) as retriable,
    count(*) filter (is_retriable is not true) as unparked
from tracks
where status = 'failed' and retry_count < $max_attempts

-- name: report_review_first(limit_rows)
-- One row per proposal a person has not seen, the surest first.
select proposal_id, track_id, title, kind, value, tier, source, confidence
from proposals
join tracks using (track_id)
where proposals.status = 'proposed'
order by confidence desc nulls last, proposal_id
limit $limit_rows
