-- What providers are asked about: orders whose fate is not known yet.

-- One order. `next_at` is also the lease of whoever asks: it is moved ahead before the question
-- leaves, and `tries` tells an answer that comes after the lease from one that comes in it.
CREATE TABLE status_queries (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    -- The unfinished payment for which it is asked; none for an attempt.
    payment_id BLOB,
    ordered_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    tries INTEGER NOT NULL CHECK (tries >= 0),
    last_chance_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'answered', 'given_up')),
    last_outcome TEXT,
    last_asked_at BIGINT,
    PRIMARY KEY (tenant, channel, order_ref)
) WITHOUT ROWID;

CREATE INDEX status_queries_by_state ON status_queries (tenant, state, channel, next_at);

-- One channel: when it may be asked again, and its failures in a row. One row for all gateways, so
-- that a provider that is down is left alone by all of them, also after a restart.
CREATE TABLE status_query_channels (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    failures INTEGER NOT NULL CHECK (failures >= 0),
    last_outcome TEXT,
    PRIMARY KEY (tenant, channel)
) WITHOUT ROWID;

CREATE INDEX attempts_by_time ON attempts (tenant, channel, opened_at);

CREATE INDEX payments_unfinished ON payments (tenant, channel, payment_id)
    WHERE status IN ('pending', 'authorized', 'review');
