-- The music database's own tables, for an empty database. Where they exist already, nothing is touched:
-- an installation's tables stay as they are. Runs in the first schema of search_path.

create table if not exists artists (
    id uuid primary key default gen_random_uuid(),
    name varchar(255) not null,
    normalized_name varchar(255) not null unique,
    aliases text[],
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists tracks (
    id uuid primary key default gen_random_uuid(),
    title varchar(500) not null,
    normalized_title varchar(500) not null,
    isrc varchar(12),
    duration_ms int,
    bpm numeric(6, 2),
    release_date date,
    genre varchar(100),
    mashup_components jsonb,
    is_remix boolean default false,
    is_mashup boolean default false,
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index if not exists tracks_isrc_key on tracks (isrc) where isrc is not null;

create table if not exists track_artists (
    track_id uuid not null references tracks (id) on delete cascade,
    artist_id uuid not null references artists (id) on delete cascade,
    role varchar(20) not null default 'primary'
        check (role in ('primary', 'featured', 'remixer', 'producer', 'vocalist')),
    position int default 0,
    unique (track_id, artist_id, role)
);
create index if not exists track_artists_artist_idx on track_artists (artist_id);

create table if not exists albums (
    id uuid primary key default gen_random_uuid(),
    title varchar(500) not null,
    label varchar(255),
    release_date date,
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists album_tracks (
    album_id uuid not null references albums (id) on delete cascade,
    track_id uuid not null references tracks (id) on delete cascade,
    track_number int,
    unique (album_id, track_id)
);

create table if not exists performers (
    id uuid primary key default gen_random_uuid(),
    name varchar(255) not null,
    normalized_name varchar(255) not null unique,
    artist_id uuid references artists (id) on delete set null,
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists setlists (
    id uuid primary key default gen_random_uuid(),
    performer_id uuid references performers (id) on delete set null,
    event_id uuid,
    set_date timestamptz,
    source varchar(50) not null,
    source_url text,
    source_id varchar(255),
    is_complete boolean default false,
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (source, source_id)
);

create table if not exists setlist_tracks (
    setlist_id uuid not null references setlists (id) on delete cascade,
    track_id uuid references tracks (id) on delete set null,
    position int not null,
    is_id boolean default false,
    id_text varchar(500),
    notes text,
    unique (setlist_id, position)
);
create index if not exists setlist_tracks_track_idx on setlist_tracks (track_id);

create table if not exists playlists (
    id uuid primary key default gen_random_uuid(),
    name varchar(255) not null,
    source varchar(50),
    curator varchar(255),
    metadata jsonb default '{}'::jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists playlist_tracks (
    playlist_id uuid not null references playlists (id) on delete cascade,
    track_id uuid not null references tracks (id) on delete cascade,
    position int,
    unique (playlist_id, track_id)
);

create table if not exists enrichment_status (
    id uuid primary key default gen_random_uuid(),
    track_id uuid not null unique references tracks (id) on delete cascade,
    status varchar(20) not null default 'pending'
        constraint enrichment_status_status_check
        check (status in ('pending', 'in_progress', 'completed', 'partial', 'failed')),
    sources_enriched int default 0,
    last_attempt timestamptz,
    retry_count int default 0,
    error_message text,
    is_retriable boolean,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index if not exists enrichment_status_status_idx on enrichment_status (status);

create or replace function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end
$$;

do $$
declare
    name text;
begin
    foreach name in array array['artists', 'tracks', 'albums', 'performers', 'setlists', 'playlists', 'enrichment_status']
    loop
        if not exists (
            select from pg_trigger
            where tgrelid = to_regclass(name) and not tgisinternal and tgname = 'update_' || name || '_updated_at'
        ) then
            execute format(
                'create trigger %I before update on %I for each row execute function update_updated_at_column()',
                'update_' || name || '_updated_at', name
            );
        end if;
    end loop;
end
$$;
