create table artists (
    artist_id uuid primary key default gen_random_uuid(), name varchar(255) not null unique, genres text[],
    created_at timestamp default now(), updated_at timestamp default now()
);
create table tracks (
    id uuid primary key default gen_random_uuid(), title varchar(500) not null, normalized_title varchar(500) not null,
    isrc varchar(12), duration_ms int, bpm numeric(5, 2), release_date date, genre varchar(100), label varchar(255),
    mashup_components jsonb, is_remix boolean default false, is_mashup boolean default false,
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now()
);
create table track_artists (
    track_id uuid not null references tracks on delete cascade, artist_id uuid not null references artists,
    role varchar(50) not null default 'primary', position int default 0, unique (track_id, artist_id, role)
);
create table playlists (
    playlist_id uuid primary key default gen_random_uuid(), name varchar(500) not null, source varchar(100) not null,
    source_url text, dj_artist_id uuid references artists, event_date date,
    created_at timestamp default now(), updated_at timestamp default now()
);
create table playlist_tracks (
    playlist_id uuid references playlists on delete cascade, song_id uuid references tracks on delete cascade,
    position int not null, primary key (playlist_id, position)
);
insert into artists (artist_id, name) select id, name from seed_artists;
insert into tracks (id, title, normalized_title, label) select id, title, lower(title), label from seed_tracks;
insert into track_artists select t.id, a.id, 'primary', 0 from seed_tracks t join seed_artists a on a.name = t.artist;
insert into playlists (playlist_id, name, source, dj_artist_id, event_date)
select id, name, 'scraped', dj, played from seed_sets;
insert into playlist_tracks select set_id, track_id, place from seed_plays;
