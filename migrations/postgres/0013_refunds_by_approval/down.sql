DROP INDEX refunds_by_approval;
