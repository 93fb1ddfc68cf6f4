-- The graph of tracklists, counted in memory over rows (a slot each, with the keys of its texts; is_bare: its title says
-- nothing), named (slot_no, key, name: artists of known slots) and djs (slot_no, key, name).

-- name: graph_slots()
-- One row per slot, with the node of what is played.
create temp view slots as
select slot as slot_no, set_id, position, set_name, set_date, label, label_key, is_unknown,
    case
        when is_unknown then 'unknown:' || unknown
        when track_key <> '' then 'track:' || track_key
        when is_bare then 'track:' || set_id || '#' || position
        else 'track:' || artist_key || ' · ' || title_key
    end as node,
    case when is_unknown then '? ' else artist || ' – ' end || coalesce(title, 'ID') as shown
from rows

-- name: graph_nodes()
-- One row per node, shown in its commonest spelling (ties: the first); plays: slots.
with
told as (
    select case when is_unknown then 'unknown' else 'track' end as kind, node, shown, null as date from slots
    union all
    select 'set', 'set:' || set_id, coalesce(set_name, set_id), set_date::varchar from slots
    union all
    select 'artist', 'artist:' || key, name, null from named
    union all
    select 'dj', 'dj:' || key, name, null from djs
    union all
    select 'label', 'label:' || label_key, label, null from slots where not is_unknown and label_key <> ''
),
spelled as (
    select kind, node, shown, count(*) as n, min(date) as date
    from told
    group by kind, node, shown
)
select kind, node, first(shown order by n desc, shown) as shown, sum(n)::bigint as plays, min(date) as date
from spelled
group by kind, node
order by node

-- name: graph_edges(window)
-- One row per edge. A DJ who plays and is the artist: one edge holds one relation, and the identity says more.
with
played as (
    select slot_no, node as track, 'set:' || set_id as set_node,
        case when not is_unknown and label_key <> '' then 'label:' || label_key end as label
    from slots
),
pairs as (
    select a.slot_no as first_no, b.slot_no as second_no, a.node as track, b.node as other,
        b.position - a.position as distance
    from slots as a
    join slots as b on b.set_id = a.set_id and b.position - a.position between 1 and $window
),
plays as (
    select track as source, 'artist:' || key as target, 'by' as relation, 1.0 as weight
    from played join named using (slot_no)
    union all
    select track, label, 'released_on', 1.0 from played where label is not null
    union all
    select track, set_node, 'played_in', 1.0 from played
    union all
    select distinct set_node, 'dj:' || key, 'played_by', 1.0 from played join djs using (slot_no)
    union all
    select 'artist:' || key, label, 'releases_on', 1.0 from played join named using (slot_no) where label is not null
    union all
    select 'dj:' || d.key, 'artist:' || n.key, 'plays', 1.0
    from djs as d
    join named as n on n.slot_no = d.slot_no and n.key <> d.key
    union all
    select distinct 'dj:' || d.key, 'artist:' || d.key, 'same', 1.0 from djs as d join named as n on n.key = d.key
    union all
    select least(track, other), greatest(track, other), 'near', 1.0 / distance from pairs where track <> other
    union all
    select 'artist:' || least(a.key, b.key), 'artist:' || greatest(a.key, b.key), 'met', 1.0
    from pairs as p
    join named as a on a.slot_no = p.first_no
    join named as b on b.slot_no = p.second_no and b.key <> a.key
)
-- Sums of 1/1, 1/2, 1/3 … in any order are the same to nine places.
select source, target, count(*) as count, relation, round(sum(weight), 9)::double as weight
from plays
group by source, target, relation
order by source, target

-- name: graph_first_players(told)
-- One row per DJ who was first with a track, of tracks with a known artist that two DJs or more played on dated days.
-- First is whom nobody else was as early as; what DJs play of their own is left out.
with
dj_names as (
    select key, first(name order by n desc, name) as dj
    from (select key, name, count(*) as n from djs group by key, name)
    group by key
),
artist_names as (
    select key, first(name order by n desc, name) as artist
    from (select key, name, count(*) as n from named group by key, name)
    group by key
),
played as (
    select s.node, d.key, min(s.set_date) as day, min(s.slot_no) as slot_no
    from slots as s
    join djs as d using (slot_no)
    where not s.is_unknown and s.set_date is not null
        and not exists (from named as n where n.slot_no = d.slot_no and n.key = d.key)
    group by s.node, d.key
    qualify count(*) over (partition by s.node) >= 2
),
in_order as (
    select node, key, slot_no, row_number() over by_day as place,
        date_diff('day', day, lead(day) over by_day) as lead_days
    from played
    window by_day as (partition by node order by day, key)
),
counted as (
    select *, place = 1 and lead_days > 0 as is_first
    from in_order
),
whom as (
    select key, list(artist order by n desc, artist)[:$told] as whom
    from (
        select f.key, artist, count(*) as n
        from counted as f
        join named as n using (slot_no)
        join artist_names as a on a.key = n.key
        where f.is_first
        group by f.key, artist
    )
    group by key
)
select dj, count(*) filter (is_first) as first, count(*) as "of", 100 * avg(is_first::integer) as first_pct,
    median(lead_days) filter (is_first) as lead_days, any_value(whom.whom) as whom
from counted
join dj_names using (key)
join whom using (key)
group by key, dj
order by first desc, "of", dj
