DROP TABLE statement_turns;
DROP TABLE statement_stages;
DROP INDEX statement_files_by_bytes;
DROP INDEX statement_pages_by_count;
ALTER TABLE statement_pages DROP COLUMN counts_on;
