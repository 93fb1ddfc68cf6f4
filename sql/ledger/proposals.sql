-- name: save_proposals(run_id, now)
-- Upserts the rows of the temporary table new_proposals. A proposal made before keeps its decision; while it is
-- still open its figures follow the newest run. Returns how many were new and how many refreshed.
with
saved as (
    insert into enrich_proposals as old (
        proposal_id, run_id, track_id, kind, value, artist_id, tier, source, probability, confidence,
        evidence, status, seen_value, seen_title, created_at, updated_at
    )
    select
        proposal_id, $run_id, track_id, kind, value, artist_id, tier, source, probability, confidence,
        evidence, 'proposed', seen_value, seen_title, $now, $now
    from new_proposals
    on conflict (proposal_id) do update
    set run_id = excluded.run_id,
        artist_id = excluded.artist_id,
        probability = excluded.probability,
        confidence = excluded.confidence,
        evidence = excluded.evidence,
        status = 'proposed',
        seen_value = excluded.seen_value,
        seen_title = excluded.seen_title,
        updated_at = excluded.updated_at
    where old.status in ('proposed', 'conflict', 'superseded')
    returning (xmax = 0) as is_new
)
select
    count(*) filter (where is_new) as new,
    count(*) filter (where not is_new) as refreshed
from saved

-- name: list_proposals(status, at_most)
-- One row per proposal, surest first, `at_most` of them or all; `status` null lists all. With the track's title, and
-- the last decision.
select
    proposal.proposal_id::text as proposal_id,
    proposal.track_id::text as track_id,
    track.title,
    proposal.kind,
    proposal.value,
    proposal.tier,
    proposal.source,
    proposal.probability,
    proposal.confidence,
    proposal.status,
    proposal.evidence::text as evidence,
    decision.decided_by,
    decision.decided_at,
    proposal.created_at
from enrich_proposals as proposal
left join tracks as track on track.id = proposal.track_id
left join lateral (
    select decided_by, decided_at
    from enrich_decisions
    where proposal_id = proposal.proposal_id
    order by decision_id desc
    limit 1
) as decision on true
where $status::text is null or proposal.status = $status
order by proposal.confidence desc nulls last, proposal.proposal_id
limit $at_most

-- name: count_proposals(status)
select count(*) from enrich_proposals where $status::text is null or status = $status

-- name: refused_by_person
-- One row per value of a track that a person has rejected, or undone after it was written, and not accepted since.
select distinct proposal.track_id::text, proposal.kind, proposal.value
from enrich_proposals as proposal
join lateral (
    select decision
    from enrich_decisions
    where proposal_id = proposal.proposal_id and decided_by not like 'policy:%'
    order by decision_id desc
    limit 1
) as last_word on last_word.decision in ('rejected', 'reopened')

-- name: decided_before(proposal_ids)
-- Of these proposals those that somebody has decided: as they stand, by whom and when (UTC).
select distinct on (proposal.proposal_id)
    proposal.proposal_id::text, proposal.status, decision.decided_by,
    to_char(decision.decided_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
from enrich_proposals as proposal
join enrich_decisions as decision on decision.proposal_id = proposal.proposal_id
where proposal.proposal_id = any($proposal_ids::uuid[])
order by proposal.proposal_id, decision.decision_id desc

-- name: decide(proposal_ids, decision, from_statuses, has_seen, decided_by, reason, now)
-- Takes a decision on each proposal still in one of `from_statuses`; returns their ids. Rows another reviewer has
-- decided meanwhile are left as they are; who has not seen their state changes no decision of another person.
with
open_now as (
    select proposal_id
    from enrich_proposals as proposal
    where proposal_id = any($proposal_ids::uuid[])
        and status = any($from_statuses::text[])
        and (
            $has_seen
            or status not in ('accepted', 'rejected')
            or (
                select decided_by = $decided_by or decided_by like any (array['policy:%', 'audit:%'])
                from enrich_decisions
                where proposal_id = proposal.proposal_id
                order by decision_id desc
                limit 1
            )
        )
    order by proposal_id
    for update
),
changed as (
    update enrich_proposals as proposal
    set status = $decision, updated_at = $now
    from open_now
    where proposal.proposal_id = open_now.proposal_id
    returning proposal.proposal_id
),
logged as (
    insert into enrich_decisions (proposal_id, decision, decided_by, decided_at, reason)
    select proposal_id, $decision, $decided_by, $now, $reason from changed
)
select proposal_id::text from changed
