DROP TABLE tariff_flags;
DROP TABLE tariff_rules;
DROP TABLE person_groups;
