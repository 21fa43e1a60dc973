//! Rows of a tariff, and how they become rules of the house and back. A row that holds a text no
//! version of this program writes is a broken database, named by its rule. Lists are words with one
//! space between them; what they mean is the rule's.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::tariff::formula::{Formula, Rate, Step};
use crate::domain::tariff::life::{State, state_on};
use crate::domain::tariff::scope::{Place, Scope};
use crate::domain::tariff::{Effect, Role, Rule};
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::schema::{person_groups, tariff_flags, tariff_rules};
use crate::store::types::{Ts, Uid};

/// A group of people that rules may name.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = person_groups, treat_none_as_default_value = false)]
pub struct PersonGroupRow {
    pub tenant: i32,
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
}

/// A rule of a tariff with its life.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = tariff_rules, treat_none_as_default_value = false)]
#[diesel(primary_key(tenant, rule_id), treat_none_as_null = true)]
pub struct TariffRuleRow {
    pub tenant: i32,
    pub rule_id: String,
    pub procedure_code: String,
    pub fee_kind: Option<String>,
    pub fee_code: Option<String>,
    pub fee_name: String,
    pub role: String,
    pub submitted_via: Option<String>,
    pub units: String,
    pub person_groups: String,
    pub flat_minor: i64,
    pub steps: String,
    pub rate: Option<i64>,
    pub floor_minor: Option<i64>,
    pub cap_minor: Option<i64>,
    pub off_rate: Option<i64>,
    pub legal_basis: String,
    pub effective_from: NaiveDate,
    pub effective_to: Option<NaiveDate>,
    pub replaces: Option<String>,
    pub prevails_over: String,
    pub decision: String,
    pub drafted_at: Ts,
    pub activated_at: Option<Ts>,
    pub activated_by: Option<String>,
    pub activation_reason: Option<String>,
    pub ended_on: Option<NaiveDate>,
    pub ended_at: Option<Ts>,
    pub ended_by: Option<String>,
    pub end_reason: Option<String>,
}

/// An amount that the tariff cannot give.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = tariff_flags, treat_none_as_default_value = false)]
pub struct TariffFlagRow {
    pub tenant: i32,
    pub dossier_id: Uid,
    pub position: i32,
    pub asked_minor: i64,
    pub tariff_minor: Option<i64>,
    pub explanation: String,
    pub flagged_at: Ts,
}

impl TariffRuleRow {
    /// The row of a rule that is drafted.
    #[must_use]
    pub fn draft(tenant: i32, rule: &Rule, drafted_at: Ts) -> Self {
        let scope = &rule.scope;
        let formula = rule.effect.formula().cloned().unwrap_or_default();
        let (off_rate, most) = match rule.effect {
            Effect::Off { rate, most } => (Some(rate.millionths()), most),
            Effect::Price(_) | Effect::Instead(_) => (None, None),
        };
        let places: Vec<String> = scope.places.iter().map(Place::to_text).collect();
        let groups: Vec<&str> = scope.groups.iter().map(String::as_str).collect();
        Self {
            tenant,
            rule_id: rule.id.clone(),
            procedure_code: scope.procedure_code.clone(),
            fee_kind: scope.kind.map(|kind| kind.as_str().to_owned()),
            fee_code: scope.fee_code.clone(),
            fee_name: rule.fee_name.clone(),
            role: rule.effect.role().as_str().to_owned(),
            submitted_via: scope.via.map(|via| via.as_str().to_owned()),
            units: places.join(" "),
            person_groups: groups.join(" "),
            flat_minor: formula.flat,
            steps: steps_text(&formula.steps),
            rate: formula.rate.map(Rate::millionths),
            floor_minor: formula.floor,
            cap_minor: formula.cap.or(most),
            off_rate,
            legal_basis: rule.basis.clone(),
            effective_from: scope.from,
            effective_to: scope.to,
            replaces: rule.replaces.clone(),
            prevails_over: rule.prevails_over.join(" "),
            decision: rule.decision.clone(),
            drafted_at,
            activated_at: None,
            activated_by: None,
            activation_reason: None,
            ended_on: scope.ended_on,
            ended_at: None,
            ended_by: None,
            end_reason: None,
        }
    }

    /// Whether a draft says what another row says, whatever became of that one.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = Self {
            drafted_at: self.drafted_at,
            activated_at: None,
            activated_by: None,
            activation_reason: None,
            ended_on: None,
            ended_at: None,
            ended_by: None,
            end_reason: None,
            ..other.clone()
        };
        *self == said
    }

    /// The rule.
    ///
    /// # Errors
    /// [`Failure::Broken`] when a word is none we write.
    pub fn to_rule(&self) -> Result<Rule, Failure> {
        Ok(Rule {
            id: self.rule_id.clone(),
            fee_name: self.fee_name.clone(),
            scope: self.scope()?,
            effect: self.effect()?,
            basis: self.legal_basis.clone(),
            replaces: self.replaces.clone(),
            prevails_over: words(&self.prevails_over).map(str::to_owned).collect(),
            decision: self.decision.clone(),
        })
    }

    fn scope(&self) -> Result<Scope, Failure> {
        let kind =
            |text: &String| FeeKind::parse(text).ok_or_else(|| self.strange("fee_kind", text));
        let via = |text: &String| {
            SubmittedVia::parse(text).ok_or_else(|| self.strange("submitted_via", text))
        };
        let place = |text| Place::parse(text).ok_or_else(|| self.strange("units", &self.units));
        Ok(Scope {
            procedure_code: self.procedure_code.clone(),
            kind: self.fee_kind.as_ref().map(kind).transpose()?,
            fee_code: self.fee_code.clone(),
            via: self.submitted_via.as_ref().map(via).transpose()?,
            places: words(&self.units).map(place).collect::<Result<_, _>>()?,
            groups: words(&self.person_groups).map(str::to_owned).collect(),
            from: self.effective_from,
            to: self.effective_to,
            ended_on: self.ended_on,
        })
    }

    fn effect(&self) -> Result<Effect, Failure> {
        let role = Role::parse(&self.role).ok_or_else(|| self.strange("role", &self.role))?;
        let rate = |column, millionths: i64| {
            Rate::of_millionths(millionths)
                .ok_or_else(|| self.strange(column, &millionths.to_string()))
        };
        if let Some(off) = self.off_rate {
            return Ok(Effect::Off {
                rate: rate("off_rate", off)?,
                most: self.cap_minor,
            });
        }
        let formula = Formula {
            flat: self.flat_minor,
            steps: parse_steps(&self.steps).ok_or_else(|| self.strange("steps", &self.steps))?,
            rate: self.rate.map(|share| rate("rate", share)).transpose()?,
            floor: self.floor_minor,
            cap: self.cap_minor,
        };
        Ok(match role {
            Role::Price => Effect::Price(formula),
            Role::Relief => Effect::Instead(formula),
        })
    }

    fn strange(&self, column: &str, text: &str) -> Failure {
        Failure::Broken(format!(
            "tariff rule {} has the {column} \"{text}\"",
            self.rule_id
        ))
    }

    /// The last reception day on which it applies; none for no end.
    #[must_use]
    pub fn last_day(&self) -> Option<Day> {
        match (self.effective_to, self.ended_on) {
            (Some(to), Some(ended)) => Some(to.min(ended)),
            (to, ended) => to.or(ended),
        }
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn state_on(&self, today: Day) -> State {
        state_on(self.activated_at.is_some(), self.last_day(), today)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

/// Steps as `1:2000 3:1000`.
fn steps_text(steps: &[Step]) -> String {
    let text = steps
        .iter()
        .map(|step| format!("{}:{}", step.from, step.each));
    text.collect::<Vec<_>>().join(" ")
}

fn parse_steps(text: &str) -> Option<Vec<Step>> {
    let step = |word: &str| {
        let (from, each) = word.split_once(':')?;
        Some(Step {
            from: from.parse().ok()?,
            each: each.parse().ok()?,
        })
    };
    words(text).map(step).collect()
}
