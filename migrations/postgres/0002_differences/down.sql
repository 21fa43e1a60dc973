DROP INDEX bills_by_total;
DROP TABLE allocations;
DROP TABLE difference_steps;
DROP TABLE differences;
