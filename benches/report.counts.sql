-- What two writers would have counted of these dossiers by month, taking turns by the day.
INSERT INTO dossier_counts (tenant, grain, period, unit_code, procedure_code, class, writer, n)
SELECT 1, 1, {month}, unit_code, procedure_code, class & 4095, {writer}, COUNT(*) FROM dossiers
GROUP BY {month}, unit_code, procedure_code, class & 4095, {writer};

INSERT INTO unit_counts (tenant, period, unit_code, has_fee, class, writer, n)
SELECT 1, {month}, unit_code, has_fee, class & 255, {writer}, COUNT(*)
FROM dossiers d JOIN procedures p ON p.tenant = d.tenant AND p.code = d.procedure_code
GROUP BY {month}, unit_code, has_fee, class & 255, {writer};
