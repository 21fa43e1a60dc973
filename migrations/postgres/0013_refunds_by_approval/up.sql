-- A day is compared with the refunds approved around it, however many there are.
CREATE INDEX refunds_by_approval ON refunds (tenant, approved_at) WHERE approved_at IS NOT NULL;
