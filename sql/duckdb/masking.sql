-- name: masking_second_listings(most_days, least_shared, least_share)
-- One row per set that is another listing of a longer one (of two as long, of the first), over known (set_id, recording)
-- and days (set_id, day): a few days apart at most, and sharing so many recordings, such a share of the shorter.
with
-- Recordings of very many sets say nothing about two listings being one, and cost the square of their number.
rare as (
    select *
    from known
    qualify count(*) over (partition by recording) <= 200
),
sizes as (
    select set_id, count(*) as size from known group by set_id
),
dated as (
    select set_id, any_value(day) as day from days group by set_id
),
about as (
    select set_id, size, day from sizes left join dated using (set_id)
),
pairs as (
    select one.set_id, other.set_id as other_id, count(*) as shared
    from rare as one
    join rare as other on other.recording = one.recording and other.set_id <> one.set_id
    group by one.set_id, other.set_id
)
select distinct pairs.set_id
from pairs
join about as one using (set_id)
join about as other on other.set_id = pairs.other_id
where shared >= $least_shared and shared >= $least_share * least(one.size, other.size)
    and coalesce(abs(other.day - one.day), 0) <= $most_days
    and (other.size > one.size or (other.size = one.size and other.set_id < one.set_id))
