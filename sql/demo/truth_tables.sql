-- What is planted in a demo world, for judging what a pipeline makes of it. Made by `enrich demo` only; nothing
-- that enriches reads these tables.

-- One row per track. `true_artist`: main artists, parted by ", ". `true_label` null: it has none (mashups).
-- `released_on` null: never released. `kind`: known, artist_lost, dirty_title, mashup, promo_id, working_title,
-- promo_title.
create table enrich_demo_truth (
    track_id uuid primary key references tracks (id) on delete cascade,
    true_artist text not null,
    true_title text not null,
    true_label text,
    released_on date,
    kind text not null
);

-- One row per set position that stands for no track: what was played there.
create table enrich_demo_slot_truth (
    setlist_id uuid not null references setlists (id) on delete cascade,
    position int not null,
    true_artist text not null,
    true_title text not null,
    true_label text,
    released_on date,
    primary key (setlist_id, position)
);
