DROP TABLE refund_steps;
DROP TABLE refunds;
