//! What the house can ask of the store about tariffs. The verbs are those of [`super`]; each
//! method can fail with any failure, none decides anything.

use super::Result;
use crate::store::rows::{PersonGroupRow, TariffFlagRow, TariffRuleRow};
use crate::store::types::Uid;

/// Groups of people, rules, and amounts that contradict them.
pub trait Tariffs {
    /// Every group of a tenant, by code.
    fn list_person_groups(&mut self, tenant: i32) -> Result<Vec<PersonGroupRow>>;
    /// Adds groups, or replaces the names of known ones.
    fn insert_person_groups(&mut self, rows: &[PersonGroupRow]) -> Result<()>;
    /// Every rule of a tenant, drafts and expired ones too, by procedure and identifier.
    fn list_tariff_rules(&mut self, tenant: i32) -> Result<Vec<TariffRuleRow>>;
    /// The rules of these procedures that were ever activated, by identifier.
    fn list_activated_rules(
        &mut self,
        tenant: i32,
        procedures: &[String],
    ) -> Result<Vec<TariffRuleRow>>;
    /// One rule.
    fn find_tariff_rule(&mut self, tenant: i32, rule_id: &str) -> Result<Option<TariffRuleRow>>;
    /// Adds rules.
    fn insert_tariff_rules(&mut self, rows: &[TariffRuleRow]) -> Result<()>;
    /// Replaces everything but the identifier of a known rule.
    fn mark_tariff_rule(&mut self, row: &TariffRuleRow) -> Result<()>;
    /// Flags after a dossier and position, by both.
    fn list_tariff_flags(
        &mut self,
        tenant: i32,
        after: Option<(Uid, i32)>,
        limit: i64,
    ) -> Result<Vec<TariffFlagRow>>;
    /// The flags of these dossiers, by dossier and position.
    fn list_tariff_flags_of(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<TariffFlagRow>>;
    /// Adds flags.
    fn insert_tariff_flags(&mut self, rows: &[TariffFlagRow]) -> Result<()>;
    /// Removes the flags of these dossiers.
    fn delete_tariff_flags(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<()>;
}
