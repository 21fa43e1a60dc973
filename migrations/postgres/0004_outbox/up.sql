-- The outbox: what subscribers are told, written in the transaction of what happened, and what became
-- of each delivery.

CREATE TABLE outbox_subscribers (
    tenant INTEGER NOT NULL,
    subscriber TEXT NOT NULL,
    -- The types it wants, with a space between.
    events TEXT NOT NULL,
    -- The address that answered 410: nothing is sent there until it is switched on or another is set.
    gone_url TEXT,
    gone_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, subscriber),
    CHECK ((gone_url IS NULL) = (gone_at IS NULL))
);

CREATE TABLE outbox_events (
    tenant INTEGER NOT NULL,
    event_id UUID NOT NULL,
    -- What the event is about: the dossier, or the payment where no dossier is known.
    subject UUID NOT NULL,
    dossier_code TEXT,
    kind TEXT NOT NULL,
    -- The bytes that are sent and signed, JSON.
    body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, event_id)
);

CREATE TABLE outbox_deliveries (
    tenant INTEGER NOT NULL,
    delivery_id UUID NOT NULL,
    subscriber TEXT NOT NULL,
    event_id UUID NOT NULL,
    subject UUID NOT NULL,
    -- Its place among the deliveries of the subject to the subscriber, from 1.
    seq BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    -- Tries in all; rises when one begins, so that only whoever began it may say how it ended.
    tries INTEGER NOT NULL,
    -- The tries before it was asked for again: the table of delays begins anew there.
    round_from INTEGER NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    delivered_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, delivery_id),
    UNIQUE (tenant, subscriber, subject, seq)
);

CREATE INDEX outbox_deliveries_due ON outbox_deliveries (tenant, subscriber, next_at) WHERE state = 'waiting';
CREATE INDEX outbox_deliveries_given_up ON outbox_deliveries (tenant, subscriber, delivery_id)
    WHERE state = 'given_up';

-- One try of a delivery; the oldest leave when there are many.
CREATE TABLE outbox_tries (
    tenant INTEGER NOT NULL,
    delivery_id UUID NOT NULL,
    nth INTEGER NOT NULL,
    tried_at TIMESTAMPTZ NOT NULL,
    millis BIGINT NOT NULL,
    status INTEGER,
    error TEXT,
    -- The first bytes of the answer.
    answer TEXT NOT NULL,
    PRIMARY KEY (tenant, delivery_id, nth)
);
