ALTER TABLE seal_chains DROP COLUMN closed_before;
DROP INDEX seal_blocks_by_time;
DROP TABLE day_balances;
DROP TABLE day_artefacts;
DROP TABLE day_steps;
DROP TABLE days;
