-- Rankings as they are written: names for numbers, and why a candidate, from the very tables the score was made from.
-- Beside these stand, of the vocabulary, `spelled` (artist_no of a name, artist), `called` (artist_no of a person,
-- artist: the name played most) and `label_names` (label_no, label), and `sign_sentences` of the learned ranker.

-- name: ranking_shown()
-- One row per ranked candidate: the name shown.
create or replace temp view shown as
select r.unknown_no, r.artist_no, coalesce(n.artist, p.artist) as artist
from ranked as r
join called as p on p.artist_no = r.artist_no
left join shown_names as s on s.unknown_no = r.unknown_no and s.artist_no = r.artist_no
left join spelled as n on n.artist_no = s.name_no

-- name: ranking_djs()
-- One row per DJ: the name in most of the credits by which each plays sets.
create or replace temp table djs_called as
select d.dj_no, any_value(n.artist) as dj
from dj_names as d
join spelled as n on n.artist_no = d.name_no
group by d.dj_no, d.name_no
qualify row_number() over (partition by d.dj_no order by count(*) desc, d.name_no) = 1

-- name: ranking_dj_credits()
-- One row per DJ credit: its DJs, `A & B`.
create or replace temp table dj_credits_called as
select d.dj_credit_no, string_agg(n.artist, ' & ' order by d.name_no) as djs
from dj_names as d
join spelled as n on n.artist_no = d.name_no
group by d.dj_credit_no

-- name: ranking_part(first, last)
-- One row per candidate of some unknowns, by unknown and rank: the ranking by name, what calibration reads (total, sets),
-- and the sentences an analyst reads, strongest first. By part, as far as the data support them:
--   0  signs of the learned ranker
--   1  how the candidate was played near the unknown ("Played after X in D's set"), three ways at most
--   2  the other artist of the top label played most around it, of candidates who release on it
--   3  the top label around the unknown ("Surrounded by L releases in 3 sets": before and after it; "Near …" otherwise),
--      of candidates who release on it
--   4  what the DJs have to do with it, two at most: the DJ is the artist; the DJ runs the top label, which is said of a
--      DJ who releases on it, played it at least three times, and whom no DJ exceeds in playing it; how often the DJ
--      played the artist
--   5  under which other names the artist is played
with
scored as (
    select * from ranked where unknown_no between $first and $last
),
named as (
    select * from shown where unknown_no between $first and $last
),
near as (
    select e.unknown_no, e.artist_no, 1 as part, e.choice, n.artist, e.distance, e.sets, e.set_no, e.dj_credit_no
    from neighbours as e
    join named as n on n.unknown_no = e.unknown_no and n.artist_no = e.artist_no
    where e.unknown_no between $first and $last
    union all
    select e.unknown_no, e.artist_no, 2, e.choice, p.artist, e.distance, e.sets, e.set_no, e.dj_credit_no
    from label_mates as e
    join called as p on p.artist_no = e.other_no
    where e.unknown_no between $first and $last
),
told as (
    select unknown_no, artist_no, 0 as part, choice, sentence
    from sign_sentences
    where unknown_no between $first and $last
    union all
    select e.unknown_no, e.artist_no, e.part, e.choice,
        'Played ' || case when abs(e.distance) > 1 then abs(e.distance) || ' slots ' else '' end
        || case when e.distance > 0 then 'after ' else 'before ' end || e.artist || ' in '
        || case when e.sets > 1 and d.djs is null then e.sets || ' sets'
            when d.djs is null then 'set ' || s.set_id
            else case when e.sets > 1 then e.sets || ' of ' else '' end || d.djs
                || case when ends_with(d.djs, 's') then '''' else '''s' end
                || case when e.sets > 1 then ' sets' else ' set' end
        end
    from near as e
    join sets as s on s.set_no = e.set_no
    left join dj_credits_called as d on d.dj_credit_no = e.dj_credit_no
    union all
    select r.unknown_no, r.artist_no, 3, 1,
        case when e.surrounded > 0 then 'Surrounded by ' else 'Near ' end || l.label || ' releases in '
        || case when e.surrounded > 0 then e.surrounded else e.sets end::bigint
        || case when case when e.surrounded > 0 then e.surrounded else e.sets end = 1 then ' set' else ' sets' end
    from scored as r
    join label_sets as e on e.unknown_no = r.unknown_no and e.label_no = r.label_no
    join label_names as l on l.label_no = r.label_no
    union all
    select e.unknown_no, e.artist_no, 4, e.choice,
        case when e.is_artist = 1 and d.dj = n.artist then 'Played by ' || d.dj || ', who is the artist'
            when e.is_artist = 1 then 'Played by ' || d.dj || ', another name of ' || n.artist
            when e.runs_label = 1 then 'Played by ' || d.dj || ' who runs ' || l.label
            else d.dj || ' played ' || n.artist || case when e.plays = 1 then ' once' else ' ' || e.plays || ' times' end
                || ' in all, ' || case when e.plays = e.most_plays then 'no artist more often'
                    else 'the most played artist ' || e.most_plays || ' times' end
        end
    from djs as e
    join scored as r on r.unknown_no = e.unknown_no and r.artist_no = e.artist_no
    join named as n on n.unknown_no = e.unknown_no and n.artist_no = e.artist_no
    join djs_called as d on d.dj_no = e.dj_no
    left join label_names as l on l.label_no = r.label_no
    union all
    select e.unknown_no, e.artist_no, 5, 1,
        'One artist with ' || n.artist || ', also played as ' || string_agg(o.artist, ', ' order by e.name_no)
    from other_names as e
    join spelled as o on o.artist_no = e.name_no
    join named as n on n.unknown_no = e.unknown_no and n.artist_no = e.artist_no and n.artist <> o.artist
    where e.unknown_no between $first and $last
    group by e.unknown_no, e.artist_no, n.artist
),
evidence as (
    select unknown_no, artist_no, list(sentence order by part, choice) as evidence
    from told
    group by unknown_no, artist_no
)
select r.unknown_no, u.track_key, r.rank::integer as rank, n.artist, r.probability::double as probability,
    r.total::double as total, q.sets, r.occurrence_count::integer as occurrence_count, l.label as label_support,
    coalesce(e.evidence, []::varchar[]) as evidence, r.occurrence::double as occurrence, r.label::double as label,
    r.dj::double as dj, r.position::double as position
from scored as r
join unknowns as u on u.unknown_no = r.unknown_no
join unknown_sets as q on q.unknown_no = r.unknown_no
join named as n on n.unknown_no = r.unknown_no and n.artist_no = r.artist_no
left join label_names as l on l.label_no = r.label_no
left join evidence as e on e.unknown_no = r.unknown_no and e.artist_no = r.artist_no
order by r.unknown_no, r.rank
