DROP INDEX differences_by_day;
DROP INDEX differences_by_subject;
ALTER TABLE differences DROP COLUMN subject;
ALTER TABLE differences DROP COLUMN day;
DROP TABLE comparisons;
DROP TABLE outcome_pages;
