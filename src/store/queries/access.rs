//! Officers and API tokens.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Conn;
use crate::store::failure::Failure;
use crate::store::ops::Access;
use crate::store::rows::{OfficerRow, TokenRow};
use crate::store::schema::{officers, tokens};

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

    fn find_token(&mut self, token_hash: &[u8]) -> Result<Option<TokenRow>, Failure> {
        Ok(tokens::table
            .filter(tokens::token_hash.eq(token_hash))
            .select(TokenRow::as_select())
            .first(self)
            .optional()?)
    }
}
