-- A small world, laid out afterwards: named tracks, tracks with a label in the title, unknowns of every status, and an
-- unknown whose title stands elsewhere under an artist.
create temp table seed_artists as
select md5('a' || n)::uuid as id, (array['Sasha','Bedrock Boys','Hernan Cattaneo','Guy Mantzur','Nick Warren','Eelke Kleijn','Quivver','Henry Saiz','Way Out West','Jerome Isma-Ae','Cid Inc','Dave Seaman'])[n] as name, n <= 3 as is_dj from generate_series(1, 12) n;
create temp table seed_tracks as
select n, md5('t' || n)::uuid as id,
    case when n <= 24 then 'Known Song ' || chr(64 + n) || ' ' || n
         when n <= 36 then 'Labelled Tune ' || n || ' [Anjunabeats]'
         when n <= 40 then 'Known Song ' || chr(64 + n - 24) || ' ' || (n - 24)
         else 'Nobody Knows ' || n end as title,
    case when n <= 30 then (select name from seed_artists a where a.id = md5('a' || (case when n <= 24 then n % 12 + 1 else 5 end))::uuid) end as artist,
    case when n <= 24 then 'Anjunabeats' when n % 5 = 0 then 'Bedrock' end as label
from generate_series(1, 60) n;
create temp table seed_sets as
select md5('s' || n)::uuid as id, 'Set ' || n as name, md5('a' || (n % 3 + 1))::uuid as dj, date '2024-01-01' + n as played
from generate_series(1, 8) n;
create temp table seed_plays as
select md5('s' || s)::uuid as set_id, md5('t' || (1 + (s * 7 + p * 5) % 60))::uuid as track_id, p as place
from generate_series(1, 8) s, generate_series(1, 12) p;
