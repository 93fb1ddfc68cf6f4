create table artists (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null,
    normalized_name varchar(255) not null unique, aliases text[], metadata jsonb default '{}',
    created_at timestamptz default now(), updated_at timestamptz default now()
);
create table silver_enriched_tracks (
    id uuid primary key default gen_random_uuid(), bronze_id uuid, artist_name text not null, track_title text not null,
    isrc text, release_date date, duration_ms int, genre text[], label text, validation_status text not null,
    enrichment_metadata jsonb not null, created_at timestamp not null default now(),
    updated_at timestamp not null default now()
);
create view tracks as
select s.id, s.track_title as title, lower(regexp_replace(s.track_title, '[^a-zA-Z0-9 ]', '', 'g')) as normalized_title,
    s.isrc, s.duration_ms, s.release_date, s.genre[1] as genre, null::jsonb as mashup_components, false as is_remix,
    false as is_mashup, s.created_at, s.updated_at, METADATA as metadata, upper(s.label) as label
from silver_enriched_tracks s where s.validation_status <> 'failed';
create table track_artists (
    track_id uuid not null references silver_enriched_tracks on delete cascade,
    artist_id uuid not null references artists, role varchar(50) not null, position int default 0,
    unique (track_id, artist_id, role)
);
create table playlists (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null, source varchar(50), curator varchar(255),
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now()
);
create table playlist_tracks (
    playlist_id uuid references playlists, track_id uuid references silver_enriched_tracks, position int,
    unique (playlist_id, track_id)
);
create trigger touched before update on silver_enriched_tracks for each row execute function touch();
insert into artists (id, name, normalized_name) select id, name, lower(name) from seed_artists;
insert into silver_enriched_tracks (id, artist_name, track_title, label, validation_status, enrichment_metadata)
select id, coalesce(artist, 'Unknown'), title, label, 'valid', '{"provider": "none"}' from seed_tracks;
insert into silver_enriched_tracks (artist_name, track_title, validation_status, enrichment_metadata)
values ('Unknown', 'Hidden [Anjunabeats]', 'failed', '{}');
insert into track_artists
select t.id, a.id, 'primary', 0 from seed_tracks t join seed_artists a on a.name = t.artist where t.n % 2 = 0;
insert into playlists (id, name, source, curator) select s.id, s.name, 'scraped', a.name
from seed_sets s join seed_artists a on a.id = s.dj;
insert into playlist_tracks select distinct on (set_id, track_id) set_id, track_id, place from seed_plays;
