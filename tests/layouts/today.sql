create table artists (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null,
    normalized_name varchar(255) not null unique, aliases text[], metadata jsonb default '{}',
    created_at timestamptz default now(), updated_at timestamptz default now()
);
create table tracks (
    id uuid primary key default gen_random_uuid(), title varchar(500) not null, normalized_title varchar(500) not null,
    isrc varchar(12), duration_ms int, bpm numeric(6, 2), release_date date, genre varchar(100),
    mashup_components jsonb, is_remix boolean default false, is_mashup boolean default false, record_label varchar(255),
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now()
);
create table track_artists (
    track_id uuid not null references tracks on delete cascade, artist_id uuid not null references artists,
    role varchar(20) not null default 'primary', position int, unique (track_id, artist_id, role)
);
create table albums (
    id uuid primary key default gen_random_uuid(), title text, label varchar(255), release_date date, updated_at timestamptz
);
create table album_tracks (album_id uuid references albums, track_id uuid references tracks, unique (album_id, track_id));
create table performers (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null, normalized_name varchar(255) unique,
    artist_id uuid references artists, metadata jsonb, created_at timestamptz default now(), updated_at timestamptz
);
create table setlists (
    id uuid primary key default gen_random_uuid(), performer_id uuid references performers, event_id uuid,
    set_date timestamptz, source varchar(50) not null, source_url text, source_id varchar(255), is_complete boolean,
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz, unique (source, source_id)
);
create table setlist_tracks (
    setlist_id uuid references setlists, track_id uuid references tracks, position int not null, is_id boolean,
    id_text varchar(500), notes text, unique (setlist_id, position)
);
create table playlists (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null, source varchar(50), curator varchar(255),
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now()
);
create table playlist_tracks (
    playlist_id uuid references playlists, track_id uuid not null references tracks, position int,
    unique (playlist_id, track_id)
);
insert into artists (id, name, normalized_name) select id, name, lower(name) from seed_artists;
insert into tracks (id, title, normalized_title, metadata)
select id, title, lower(title),
    case when label is null then '{}' else jsonb_build_object('original_data', jsonb_build_object('label', label)) end
from seed_tracks;
insert into track_artists select t.id, a.id, 'primary', 0 from seed_tracks t join seed_artists a on a.name = t.artist;
insert into performers (id, name, normalized_name, artist_id) select id, name, lower(name), id from seed_artists where is_dj;
insert into setlists (id, performer_id, set_date, source, source_id, metadata)
select id, dj, played, 'scraped', id::text, jsonb_build_object('name', name) from seed_sets;
insert into setlist_tracks select set_id, track_id, place, false, null, null from seed_plays;
