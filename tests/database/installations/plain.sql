-- An installation before any cool-down: the schema's first release, without is_retriable. Runs in search_path's first.
create function set_updated() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
create table artists (
    id uuid primary key default gen_random_uuid(), name varchar(255) not null,
    normalized_name varchar(255) not null unique, aliases text[], metadata jsonb default '{}',
    created_at timestamptz default now(), updated_at timestamptz default now()
);
create table tracks (
    id uuid primary key default gen_random_uuid(), title varchar(500) not null, normalized_title varchar(500) not null,
    isrc varchar(12), duration_ms int, bpm numeric(6, 2), release_date date, genre varchar(100),
    mashup_components jsonb, is_remix boolean default false, is_mashup boolean default false,
    metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now()
);
create unique index on tracks (isrc) where isrc is not null;
create table track_artists (
    track_id uuid not null references tracks on delete cascade, artist_id uuid not null references artists,
    role varchar(20) not null default 'primary'
        check (role in ('primary', 'featured', 'remixer', 'producer', 'vocalist')),
    position int, unique (track_id, artist_id, role)
);
create table enrichment_status (
    id uuid primary key default gen_random_uuid(),
    track_id uuid unique references tracks on delete cascade,
    status varchar(20) not null default 'pending'
        check (status in ('pending', 'in_progress', 'completed', 'partial', 'failed')),
    sources_enriched int default 0, last_attempt timestamptz, retry_count int default 0 check (retry_count >= 0),
    error_message text, created_at timestamptz default now(), updated_at timestamptz default now()
);
create index idx_enrichment_status on enrichment_status (status);
create index idx_enrichment_failed on enrichment_status (last_attempt) where status = 'failed';
comment on column enrichment_status.status is 'where the track''s enrichment stands';
create trigger tracks_updated before update on tracks for each row execute function set_updated();
create trigger status_updated before update on enrichment_status for each row execute function set_updated();

insert into tracks (id, title, normalized_title, metadata, updated_at)
select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'Track ' || n, 'track ' || n,
    case n % 4 when 0 then null when 1 then '{}' when 2 then '{"original_data": null}'
        else '{"original_data": {"label": "Anjunabeats"}}' end::jsonb, '2024-01-01'
from generate_series(1, 40) n;
insert into enrichment_status (id, track_id, status, last_attempt, retry_count, error_message, created_at, updated_at)
select md5(id::text)::uuid, id,
    (array['pending', 'in_progress', 'completed', 'partial', 'failed'])[1 + row_number() over (order by id) % 5],
    '2024-02-01', 1, 'no label', '2024-01-01', '2024-02-01'
from tracks;
