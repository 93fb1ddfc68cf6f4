do $$ begin raise exception 'not yet'; end $$;
