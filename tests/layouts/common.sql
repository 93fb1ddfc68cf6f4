-- What every layout has alike: the trigger function, and the status of a track.
create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
