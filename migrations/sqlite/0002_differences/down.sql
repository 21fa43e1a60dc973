DROP TABLE allocations;
DROP TABLE difference_steps;
DROP TABLE differences;
