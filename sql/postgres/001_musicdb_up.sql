-- The music database's own tables, for an empty database. A table that exists, under whatever owner and with whatever
-- columns, stays as it is: no index, trigger or comment is added to it. Runs in the first schema of search_path.
-- An installation of another layout (artists.artist_id, playlists.playlist_id, tracks a view) has tables of its own for
-- all of this: there nothing is made but an enrichment_status where none is.
-- Each table made here says so in its comment; the down script drops no other.

do $migration$
declare
    made text[] := '{}';
    name text;
    is_other boolean := exists (
        select from pg_class where oid = to_regclass('tracks') and relkind not in ('r', 'p')
    ) or exists (
        select from pg_attribute
        where (attrelid = to_regclass('artists') and attname = 'artist_id'
                or attrelid = to_regclass('playlists') and attname = 'playlist_id')
            and not attisdropped
    ) or coalesce(current_setting('enrich.layout', true), '') not in ('', 'today');
begin
    if not is_other and to_regclass('artists') is null then
        create table artists (
            id uuid primary key default gen_random_uuid(),
            name varchar(255) not null,
            normalized_name varchar(255) not null unique,
            aliases text[],
            metadata jsonb default '{}'::jsonb,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now()
        );
        made := made || 'artists'::text;
    end if;

    if not is_other and to_regclass('tracks') is null then
        create table tracks (
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
        create unique index tracks_isrc_key on tracks (isrc) where isrc is not null;
        made := made || 'tracks'::text;
    end if;

    if not is_other and to_regclass('track_artists') is null then
        create table track_artists (
            track_id uuid not null references tracks (id) on delete cascade,
            artist_id uuid not null references artists (id) on delete cascade,
            role varchar(20) not null default 'primary'
                check (role in ('primary', 'featured', 'remixer', 'producer', 'vocalist')),
            position int default 0,
            unique (track_id, artist_id, role)
        );
        create index track_artists_artist_idx on track_artists (artist_id);
        made := made || 'track_artists'::text;
    end if;

    if not is_other and to_regclass('albums') is null then
        create table albums (
            id uuid primary key default gen_random_uuid(),
            title varchar(500) not null,
            label varchar(255),
            release_date date,
            metadata jsonb default '{}'::jsonb,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now()
        );
        made := made || 'albums'::text;
    end if;

    if not is_other and to_regclass('album_tracks') is null then
        create table album_tracks (
            album_id uuid not null references albums (id) on delete cascade,
            track_id uuid not null references tracks (id) on delete cascade,
            track_number int,
            unique (album_id, track_id)
        );
        made := made || 'album_tracks'::text;
    end if;

    if not is_other and to_regclass('performers') is null then
        create table performers (
            id uuid primary key default gen_random_uuid(),
            name varchar(255) not null,
            normalized_name varchar(255) not null unique,
            artist_id uuid references artists (id) on delete set null,
            metadata jsonb default '{}'::jsonb,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now()
        );
        made := made || 'performers'::text;
    end if;

    if not is_other and to_regclass('setlists') is null then
        create table setlists (
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
        made := made || 'setlists'::text;
    end if;

    if not is_other and to_regclass('setlist_tracks') is null then
        create table setlist_tracks (
            setlist_id uuid not null references setlists (id) on delete cascade,
            track_id uuid references tracks (id) on delete set null,
            position int not null,
            is_id boolean default false,
            id_text varchar(500),
            notes text,
            unique (setlist_id, position)
        );
        create index setlist_tracks_track_idx on setlist_tracks (track_id);
        made := made || 'setlist_tracks'::text;
    end if;

    if not is_other and to_regclass('playlists') is null then
        create table playlists (
            id uuid primary key default gen_random_uuid(),
            name varchar(255) not null,
            source varchar(50),
            curator varchar(255),
            metadata jsonb default '{}'::jsonb,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now()
        );
        made := made || 'playlists'::text;
    end if;

    if not is_other and to_regclass('playlist_tracks') is null then
        create table playlist_tracks (
            playlist_id uuid not null references playlists (id) on delete cascade,
            track_id uuid not null references tracks (id) on delete cascade,
            position int,
            unique (playlist_id, track_id)
        );
        made := made || 'playlist_tracks'::text;
    end if;

    if to_regclass('enrichment_status') is null then
        create table enrichment_status (
            id uuid primary key default gen_random_uuid(),
            track_id uuid not null unique,
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
        create index enrichment_status_status_idx on enrichment_status (status);
        if not is_other then
            alter table enrichment_status add foreign key (track_id) references tracks (id) on delete cascade;
        end if;
        made := made || 'enrichment_status'::text;
    end if;

    if cardinality(made) > 0 and to_regprocedure('update_updated_at_column()') is null then
        create function update_updated_at_column() returns trigger language plpgsql as $body$
        begin
            new.updated_at = now();
            return new;
        end
        $body$;
        comment on function update_updated_at_column() is 'Made by enrich, migration 001.';
    end if;

    foreach name in array made loop
        execute format('comment on table %I is %L', name, 'Made by enrich, migration 001.');
        if exists (
            select from pg_attribute
            where attrelid = to_regclass(name) and attname = 'updated_at' and not attisdropped
        ) then
            execute format(
                'create trigger %I before update on %I for each row execute function update_updated_at_column()',
                'update_' || name || '_updated_at', name
            );
        end if;
    end loop;
end
$migration$;
