DROP TABLE unit_counts;
ALTER TABLE seal_chains DROP COLUMN counted_epoch;
