//! Officers and API tokens.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Conn;
use crate::store::failure::Failure;
use crate::store::ops::Access;
use crate::store::rows::{AnsweredRow, OfficerRow, TokenRow};
use crate::store::schema::{answered_requests as answers, officers, tokens};
use crate::store::types::Ts;

impl Access for Conn {
    fn insert_officer(&mut self, row: &OfficerRow) -> Result<(), Failure> {
        diesel::insert_into(officers::table)
            .values(row)
            .on_conflict((officers::tenant, officers::code))
            .do_update()
            .set((
                officers::name.eq(excluded(officers::name)),
                officers::unit_code.eq(excluded(officers::unit_code)),
                officers::is_active.eq(excluded(officers::is_active)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn find_officer(&mut self, tenant: i32, code: &str) -> Result<Option<OfficerRow>, Failure> {
        Ok(officers::table
            .find((tenant, code))
            .select(OfficerRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_token(&mut self, row: &TokenRow) -> Result<(), Failure> {
        diesel::insert_into(tokens::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn list_tokens(&mut self, tenant: i32) -> Result<Vec<TokenRow>, Failure> {
        let rows = tokens::table
            .filter(tokens::tenant.eq(tenant))
            .order((tokens::created_at, tokens::token_hash))
            .select(TokenRow::as_select());
        Ok(rows.load(self)?)
    }

    fn mark_token_ended(&mut self, tenant: i32, token_hash: &[u8], at: Ts) -> Result<(), Failure> {
        diesel::update(tokens::table.find((tenant, token_hash)))
            .set(tokens::expires_at.eq(at))
            .execute(self)?;
        Ok(())
    }

    fn find_token(&mut self, token_hash: &[u8]) -> Result<Option<TokenRow>, Failure> {
        Ok(tokens::table
            .filter(tokens::token_hash.eq(token_hash))
            .select(TokenRow::as_select())
            .first(self)
            .optional()?)
    }

    fn find_answer(
        &mut self,
        tenant: i32,
        token_hash: &[u8],
        key: &str,
    ) -> Result<Option<AnsweredRow>, Failure> {
        Ok(answers::table
            .find((tenant, token_hash, key))
            .select(AnsweredRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_answer(&mut self, row: &AnsweredRow) -> Result<(), Failure> {
        diesel::insert_into(answers::table)
            .values(row)
            .on_conflict((
                answers::tenant,
                answers::token_hash,
                answers::idempotency_key,
            ))
            .do_update()
            .set((
                answers::request_hash.eq(excluded(answers::request_hash)),
                answers::begun_at.eq(excluded(answers::begun_at)),
                answers::status.eq(excluded(answers::status)),
                answers::content_type.eq(excluded(answers::content_type)),
                answers::body.eq(excluded(answers::body)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn delete_answer(&mut self, tenant: i32, token_hash: &[u8], key: &str) -> Result<(), Failure> {
        diesel::delete(answers::table.find((tenant, token_hash, key))).execute(self)?;
        Ok(())
    }

    fn delete_old_answers(&mut self, tenant: i32, before: Ts) -> Result<(), Failure> {
        let old = answers::table
            .filter(answers::tenant.eq(tenant))
            .filter(answers::begun_at.lt(before));
        diesel::delete(old).execute(self)?;
        Ok(())
    }
}
