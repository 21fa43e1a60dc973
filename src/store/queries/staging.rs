//! Files that are written before they are published, and the turns of sources.

use diesel::prelude::*;

use super::Conn;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Staging;
use crate::store::schema::{
    statement_originals as originals, statement_pages as pages, statement_stages as stages,
    statement_turns as turns,
};
use crate::store::types::{Ts, Uid};

impl Staging for Conn {
    fn insert_stage(&mut self, tenant: i32, file_id: Uid, begun_at: Ts) -> Result<(), Failure> {
        diesel::insert_into(stages::table)
            .values((
                stages::tenant.eq(tenant),
                stages::file_id.eq(file_id),
                stages::begun_at.eq(begun_at),
            ))
            .execute(self)?;
        Ok(())
    }

    fn find_stage(&mut self, tenant: i32, file_id: Uid) -> Result<Option<Ts>, Failure> {
        Ok(stages::table
            .find((tenant, file_id))
            .select(stages::begun_at)
            .first(self)
            .optional()?)
    }

    fn delete_stage(&mut self, tenant: i32, file_id: Uid) -> Result<(), Failure> {
        diesel::delete(stages::table.find((tenant, file_id))).execute(self)?;
        Ok(())
    }

    fn mark_stage(&mut self, tenant: i32, file_id: Uid, begun_at: Ts) -> Result<(), Failure> {
        diesel::update(stages::table.find((tenant, file_id)))
            .set(stages::begun_at.eq(begun_at))
            .execute(self)?;
        Ok(())
    }

    fn list_stages(&mut self, tenant: i32, before: Ts) -> Result<Vec<Uid>, Failure> {
        Ok(stages::table
            .filter(stages::tenant.eq(tenant))
            .filter(stages::begun_at.lt(before))
            .order(stages::file_id)
            .select(stages::file_id)
            .load(self)?)
    }

    fn delete_staged(&mut self, tenant: i32, file_id: Uid, limit: i64) -> Result<usize, Failure> {
        let parts: Vec<i32> = originals::table
            .filter(originals::tenant.eq(tenant))
            .filter(originals::file_id.eq(file_id))
            .order(originals::part)
            .limit(limit)
            .select(originals::part)
            .load(self)?;
        let of_parts = originals::table
            .filter(originals::tenant.eq(tenant))
            .filter(originals::file_id.eq(file_id))
            .filter(originals::part.eq_any(&parts));
        let mut gone = diesel::delete(of_parts).execute(self)?;
        let keys: Vec<(String, Day, i32)> = pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::file_id.eq(file_id))
            .order((pages::day, pages::page))
            .limit(limit)
            .select((pages::source, pages::day, pages::page))
            .load(self)?;
        for (source, day, page) in keys {
            let one = pages::table.find((tenant, source, day, file_id, page));
            gone += diesel::delete(one).execute(self)?;
        }
        Ok(gone)
    }

    fn find_turn(&mut self, tenant: i32, source: &str) -> Result<i64, Failure> {
        let found: Option<i64> = turns::table
            .find((tenant, source))
            .select(turns::turn)
            .first(self)
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    fn mark_turn(&mut self, tenant: i32, source: &str) -> Result<(), Failure> {
        diesel::insert_into(turns::table)
            .values((
                turns::tenant.eq(tenant),
                turns::source.eq(source),
                turns::turn.eq(1),
            ))
            .on_conflict((turns::tenant, turns::source))
            .do_update()
            .set(turns::turn.eq(turns::turn + 1))
            .execute(self)?;
        Ok(())
    }
}
