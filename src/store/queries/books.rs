//! Chains, blocks, postings and balances.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;

use super::Conn;
use crate::store::failure::Failure;
use crate::store::ops::Books;
use crate::store::rows::{BalanceRow, BlockRow, ChainRow, PostingRow};
use crate::store::schema::{
    account_balances as balances, postings, seal_blocks, seal_chains, units,
};
use crate::store::types::Ts;

impl Books for Conn {
    fn list_chains(&mut self, tenant: i32) -> Result<Vec<ChainRow>, Failure> {
        Ok(seal_chains::table
            .filter(seal_chains::tenant.eq(tenant))
            .order(seal_chains::chain)
            .select(ChainRow::as_select())
            .load(self)?)
    }

    fn insert_chain(&mut self, row: &ChainRow) -> Result<(), Failure> {
        diesel::insert_into(seal_chains::table)
            .values(row)
            .on_conflict((seal_chains::tenant, seal_chains::chain))
            .do_update()
            .set((
                seal_chains::epoch.eq(excluded(seal_chains::epoch)),
                seal_chains::holder.eq(excluded(seal_chains::holder)),
                seal_chains::renewed_at.eq(excluded(seal_chains::renewed_at)),
                seal_chains::counted_epoch.eq(excluded(seal_chains::counted_epoch)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn mark_chains_free(&mut self, holder: &str) -> Result<(), Failure> {
        diesel::update(seal_chains::table.filter(seal_chains::holder.eq(holder)))
            .set(seal_chains::holder.eq(None::<String>))
            .execute(self)?;
        Ok(())
    }

    fn list_balances(&mut self, tenant: i32) -> Result<Vec<BalanceRow>, Failure> {
        let sums: Vec<(String, String, i64, i64)> = balances::table
            .filter(balances::tenant.eq(tenant))
            .group_by((balances::account, balances::currency))
            .order((balances::account, balances::currency))
            .select((
                balances::account,
                balances::currency,
                sql::<BigInt>("CAST(SUM(debit_minor) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(credit_minor) AS BIGINT)"),
            ))
            .load(self)?;
        let row = |(account, currency, debit_minor, credit_minor)| BalanceRow {
            tenant,
            account,
            currency,
            writer: 0,
            debit_minor,
            credit_minor,
        };
        Ok(sums.into_iter().map(row).collect())
    }

    fn list_postings(
        &mut self,
        tenant: i32,
        (chain, height, seq): (i32, i64, i32),
        limit: i64,
    ) -> Result<Vec<(PostingRow, Ts)>, Failure> {
        let later_block = postings::chain
            .gt(chain)
            .or(postings::chain.eq(chain).and(postings::height.gt(height)));
        let later_posting = postings::chain
            .eq(chain)
            .and(postings::height.eq(height))
            .and(postings::seq.gt(seq));
        Ok(postings::table
            .inner_join(
                seal_blocks::table.on(seal_blocks::tenant
                    .eq(postings::tenant)
                    .and(seal_blocks::chain.eq(postings::chain))
                    .and(seal_blocks::height.eq(postings::height))),
            )
            .filter(postings::tenant.eq(tenant))
            .filter(later_block.or(later_posting))
            .order((postings::chain, postings::height, postings::seq))
            .limit(limit)
            .select((PostingRow::as_select(), seal_blocks::sealed_at))
            .load(self)?)
    }

    fn list_blocks(
        &mut self,
        tenant: i32,
        (chain, height): (i32, i64),
        limit: i64,
    ) -> Result<Vec<BlockRow>, Failure> {
        let later = seal_blocks::chain.gt(chain).or(seal_blocks::chain
            .eq(chain)
            .and(seal_blocks::height.gt(height)));
        Ok(seal_blocks::table
            .filter(seal_blocks::tenant.eq(tenant))
            .filter(later)
            .order((seal_blocks::chain, seal_blocks::height))
            .limit(limit)
            .select(BlockRow::as_select())
            .load(self)?)
    }

    fn count_postings(&mut self, tenant: i32) -> Result<i64, Failure> {
        Ok(postings::table
            .filter(postings::tenant.eq(tenant))
            .count()
            .get_result(self)?)
    }

    fn list_postings_between(
        &mut self,
        tenant: i32,
        chain: i32,
        from: i64,
        to: i64,
    ) -> Result<Vec<PostingRow>, Failure> {
        Ok(postings::table
            .filter(postings::tenant.eq(tenant))
            .filter(postings::chain.eq(chain))
            .filter(postings::height.between(from, to))
            .order((postings::height, postings::seq))
            .select(PostingRow::as_select())
            .load(self)?)
    }

    fn list_tenants(&mut self) -> Result<Vec<i32>, Failure> {
        let mut tenants: Vec<i32> = units::table.select(units::tenant).distinct().load(self)?;
        tenants.extend(
            seal_chains::table
                .select(seal_chains::tenant)
                .distinct()
                .load::<i32>(self)?,
        );
        tenants.sort_unstable();
        tenants.dedup();
        Ok(tenants)
    }
}
