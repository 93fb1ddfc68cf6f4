-- The specification's monitoring queries, literally. They run unchanged in psql on a migrated database.

-- name: label_coverage
-- One row: tracks with a label in their original data. Fails on a database without tracks (division by zero).
SELECT
  COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) as with_label,
  COUNT(*) as total,
  (COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) * 100.0 / COUNT(*)) as percentage
FROM tracks;

-- name: success_rate_trend
-- One row per day on which a status changed last, newest first: percent completed among the rows of that day.
SELECT
  DATE(updated_at) as date,
  COUNT(*) FILTER (WHERE status = 'completed') * 100.0 / COUNT(*) as success_rate
FROM enrichment_status
GROUP BY DATE(updated_at)
ORDER BY date DESC
LIMIT 30;

-- name: cooldown_queue_summary
-- One row per strategy: the specification's view.
SELECT * FROM cooldown_queue_summary;
