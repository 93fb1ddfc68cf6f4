-- Numbers for names, counted in memory over what credits and labels say: credited and dj_credited (no of the credit,
-- artist, artist_key, plays), label_texts (no, text, plays, label_key), and names as `vocabulary_names` gives them, with
-- their person_no. Numbers are in the order of the sorted keys.

-- name: vocabulary_names()
-- One row per name of artists (rank 0) and DJs (1): spelled as artists where it is one, by the commonest spelling (ties:
-- the first), and its plays as such.
with
named as (
    select artist_key, artist, 0 as rank, plays from credited
    union all
    select artist_key, artist, 1 as rank, plays from dj_credited
),
spelled as (
    select artist_key, artist, rank, sum(plays)::bigint as times
    from named
    where artist_key is not null and artist is not null
    group by artist_key, artist, rank
),
commonest as (
    select artist_key, artist, rank, sum(times) over (partition by artist_key, rank)::bigint as plays
    from spelled
    qualify row_number() over (partition by artist_key order by rank, times desc, artist) = 1
)
select (row_number() over (order by artist_key) - 1)::integer as artist_no, artist_key, artist, rank, plays
from commonest
order by artist_no

-- name: vocabulary_persons()
-- One row per person: the name played most, as an artist where there is one.
select person_no as artist_no, artist
from names
qualify row_number() over (partition by person_no order by rank, plays desc, artist_no) = 1
order by person_no

-- name: vocabulary_several_names()
-- One row per person under several names.
select person_no as artist_no
from names
group by person_no
having count(*) > 1
order by person_no

-- name: vocabulary_credit_names()
-- One row per artist credit and name in it.
select distinct c.no as credit_no, n.person_no as artist_no, n.artist_no as name_no
from credited as c
join names as n using (artist_key)
order by credit_no, name_no

-- name: vocabulary_dj_names()
-- One row per DJ credit and name in it.
select distinct c.no as dj_credit_no, n.person_no as dj_no, n.artist_no as name_no
from dj_credited as c
join names as n using (artist_key)
order by dj_credit_no, name_no

-- name: vocabulary_labels()
-- One row per label, in its commonest spelling (ties: the first).
with
spelled as (
    select label_key, text as label, sum(plays) as times
    from label_texts
    where label_key <> ''
    group by label_key, text
),
commonest as (
    select label_key, label
    from spelled
    qualify row_number() over (partition by label_key order by times desc, label) = 1
)
select (row_number() over (order by label_key) - 1)::integer as label_no, label_key, label
from commonest
order by label_no

-- name: vocabulary_label_numbers()
-- One row per text that names a label (of the table labels).
select t.text, l.label_no
from label_texts as t
join labels as l using (label_key)
order by t.no

-- name: vocabulary_named_in_sets(longest, one_word, several)
-- One row per set (of folded: set_no, words of its name) and person named by so many words in a row: a name of one word
-- has so many letters at least, one of several so many.
with
counts as (
    select unnest(range(1, $longest + 1)) as n
),
phrases as (
    select set_no, n, unnest([array_to_string(words[i:i + n - 1], ' ') for i in range(1, len(words) - n + 2)]) as phrase
    from folded
    cross join counts
)
select distinct set_no, person_no as artist_no
from phrases
join names on names.artist_key = phrase
where length(phrase) >= case when n = 1 then $one_word else $several end
