DROP INDEX payments_unfinished;
DROP INDEX attempts_by_time;
DROP TABLE status_query_channels;
DROP TABLE status_queries;
