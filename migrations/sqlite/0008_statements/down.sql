DROP TABLE statement_pages;
DROP TABLE statements;
DROP TABLE statement_originals;
DROP TABLE statement_files;
