-- Answers to writing requests that carried an Idempotency-Key, so that the same request sent again
-- gets the same answer and does nothing. Kept for a day.
CREATE TABLE answered_requests (
    tenant INTEGER NOT NULL,
    token_hash BYTEA NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    -- Empty while the request is under way.
    status INTEGER,
    content_type TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (tenant, token_hash, idempotency_key)
);

CREATE INDEX answered_requests_by_age ON answered_requests (tenant, begun_at);
