-- What others built on the status: views on views, materialised, with grants, comments, defaults, triggers, a function
-- with a parsed body, a trigger of the column itself; and default privileges that would reach objects made anew.
create view failed_tracks with (security_barrier = true) as
select t.id, t.title, s.status, s.error_message from enrichment_status s join tracks t on t.id = s.track_id
where s.status = 'failed';
comment on view failed_tracks is 'dashboard; don''t drop';
comment on column failed_tracks.status is 'always failed';
grant select on failed_tracks to "Reader One";
grant select (id, title) on failed_tracks to public;
alter view failed_tracks alter column error_message set default 'none';
create view failed_titles as select upper(title) as "Title", status as "State" from failed_tracks with local check option;
grant all on failed_titles to "Reader One" with grant option;
create materialized view status_counts as select status, count(*) as n from enrichment_status group by status;
create unique index status_counts_key on status_counts (status);
comment on index status_counts_key is 'for refresh concurrently';
create view top_status as select * from status_counts c where n > 1 and exists (select from failed_titles);
create materialized view unfilled as select distinct "State" from failed_titles with no data;
create function failures() returns setof failed_tracks language sql stable begin atomic select * from failed_tracks; end;
create view failures_by_function as select title, status from failures();
create function on_failed_view() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger edit_failed instead of update on failed_tracks for each row execute function on_failed_view();
create rule no_insert as on insert to failed_titles do instead nothing;
create trigger when_status_changes after update of status on enrichment_status
    for each row when (old.status is distinct from new.status) execute function on_failed_view();
alter table enrichment_status disable trigger when_status_changes;
comment on trigger when_status_changes on enrichment_status is 'off since March';
create view unrelated as select id, track_id, retry_count from enrichment_status;
create view whole_row as select e from enrichment_status e;
alter default privileges grant select on tables to "Reader One";
alter default privileges revoke execute on functions from public;
