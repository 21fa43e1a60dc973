DROP TABLE remittance_parts;
DROP TABLE remittances;
DROP TABLE settlement_entries;
