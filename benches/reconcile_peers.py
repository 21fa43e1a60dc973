"""One peer's run over the files of benches/reconcile.rs: parse both, full outer join by transaction
id, classify, write one line per row. Usage: reconcile_peers.py duckdb|polars|pandas FOLDER. Prints
seconds (libraries already loaded), peak memory and the counts as JSON. Two threads, as for ours."""

import json
import os
import resource
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"
TOOL, FOLDER = sys.argv[1], sys.argv[2]
PAYMENTS, LINES, OUT = (f"{FOLDER}/{name}" for name in ("payments.csv", "settlement.csv", f"{TOOL}.csv"))


def with_duckdb():
    import duckdb

    begun = time.perf_counter()
    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute(f"""
        COPY (
            SELECT coalesce(p.provider_txn_id, s."Mã giao dịch") AS txn, p.payment_id,
                CASE WHEN p.provider_txn_id IS NULL THEN 'not_recorded'
                     WHEN s."Mã giao dịch" IS NULL THEN 'missing_in_settlement'
                     WHEN p.currency <> 'VND' THEN 'wrong_currency'
                     WHEN p.status <> 'succeeded' THEN 'recorded_failed_but_settled'
                     WHEN p.amount <> s."Số tiền" THEN 'amount_mismatch'
                     WHEN s."Phí" <> (s."Số tiền" * 165 + 5000) // 10000 THEN 'fee_differs'
                     ELSE 'matched' END AS kind,
                s."Số tiền" - p.amount AS difference
            FROM read_csv('{PAYMENTS}', types={{'provider_txn_id': 'VARCHAR', 'order_ref': 'VARCHAR'}}) p
            FULL JOIN read_csv('{LINES}', types={{'Mã giao dịch': 'VARCHAR', 'Mã đơn hàng': 'VARCHAR'}},
                timestampformat='%d/%m/%Y %H:%M:%S') s
                ON p.provider_txn_id = s."Mã giao dịch"
        ) TO '{OUT}' (HEADER)""")
    seconds = time.perf_counter() - begun
    counts = db.execute(f"SELECT kind, count(*) FROM read_csv('{OUT}') GROUP BY 1").fetchall()
    return seconds, dict(counts)


def with_polars():
    import polars as pl

    begun = time.perf_counter()
    text = pl.String
    payments = pl.scan_csv(PAYMENTS, schema_overrides={"provider_txn_id": text}, try_parse_dates=True)
    lines = pl.scan_csv(LINES, schema_overrides={"Mã giao dịch": text}).with_columns(
        pl.col("Thời gian GD").str.to_datetime("%d/%m/%Y %H:%M:%S")
    )
    gross = pl.col("Số tiền")
    kind = (
        pl.when(pl.col("payment_id").is_null()).then(pl.lit("not_recorded"))
        .when(gross.is_null()).then(pl.lit("missing_in_settlement"))
        .when(pl.col("currency") != "VND").then(pl.lit("wrong_currency"))
        .when(pl.col("status") != "succeeded").then(pl.lit("recorded_failed_but_settled"))
        .when(pl.col("amount") != gross).then(pl.lit("amount_mismatch"))
        .when(pl.col("Phí") != (gross * 165 + 5000) // 10000).then(pl.lit("fee_differs"))
        .otherwise(pl.lit("matched"))
    )
    joined = payments.join(lines, left_on="provider_txn_id", right_on="Mã giao dịch", how="full", coalesce=True)
    joined.select(
        pl.col("provider_txn_id").alias("txn"), "payment_id", kind.alias("kind"),
        (gross - pl.col("amount")).alias("difference"),
    ).sink_csv(OUT)
    seconds = time.perf_counter() - begun
    counts = pl.read_csv(OUT, columns=["kind"]).group_by("kind").len()
    return seconds, dict(counts.iter_rows())


def with_pandas():
    import numpy as np
    import pandas as pd

    begun = time.perf_counter()
    payments = pd.read_csv(PAYMENTS, dtype={"provider_txn_id": str}, parse_dates=["paid_on"])
    lines = pd.read_csv(LINES, dtype={"Mã giao dịch": str})
    lines["Thời gian GD"] = pd.to_datetime(lines["Thời gian GD"], format="%d/%m/%Y %H:%M:%S")
    joined = payments.merge(lines, left_on="provider_txn_id", right_on="Mã giao dịch", how="outer")
    gross = joined["Số tiền"]
    joined["kind"] = np.select(
        [
            joined["payment_id"].isna(), gross.isna(), joined["currency"] != "VND",
            joined["status"] != "succeeded", joined["amount"] != gross,
            joined["Phí"] != (gross * 165 + 5000) // 10000,
        ],
        ["not_recorded", "missing_in_settlement", "wrong_currency", "recorded_failed_but_settled",
         "amount_mismatch", "fee_differs"],
        "matched",
    )
    joined["difference"] = gross - joined["amount"]
    joined["txn"] = joined["provider_txn_id"].fillna(joined["Mã giao dịch"])
    joined[["txn", "payment_id", "kind", "difference"]].to_csv(OUT, index=False)
    seconds = time.perf_counter() - begun
    return seconds, joined["kind"].value_counts().to_dict()


def warm():
    """Loads the library before the clock starts."""
    __import__(TOOL)


warm()
seconds, counts = {"duckdb": with_duckdb, "polars": with_polars, "pandas": with_pandas}[TOOL]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak, "counts": {k: int(v) for k, v in counts.items()}}))
