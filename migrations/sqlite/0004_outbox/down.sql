DROP TABLE outbox_tries;
DROP TABLE outbox_deliveries;
DROP TABLE outbox_events;
DROP TABLE outbox_subscribers;
