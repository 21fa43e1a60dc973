//! What a procedure's fees are in one case, with the grounds: a question comes in, the rules are read
//! from the store, a quote for each fee goes out as JSON or as a table. What a rule means is the
//! domain's; fees of a procedure may be alternatives, so several are never summed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::table::{Cell, Column, Kind, Table};
use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::money::Money;
use crate::domain::tariff::answer::{Lost, Quote, Refusal, Taken};
use crate::domain::tariff::formula::ROUNDING;
use crate::domain::tariff::quote::{Person, quote};
use crate::domain::tariff::scope::Case;
use crate::domain::tariff::{Role, Rule};
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::TariffRuleRow;

/// A question for a quote.
#[derive(Debug, Clone)]
pub struct Question {
    /// The installation.
    pub tenant: i32,
    /// National procedure code.
    pub procedure: String,
    /// One fee only, by its code.
    pub fee: Option<String>,
    /// Executing unit.
    pub unit: String,
    /// How the dossier is handed in.
    pub via: SubmittedVia,
    /// Reception day, local.
    pub on: Day,
    /// Groups the person belongs to.
    pub groups: Vec<String>,
    /// Pieces of one copy, from 1.
    pub quantity: i64,
    /// The value a share is taken of, minor units.
    pub base: Option<i64>,
}

/// One fee of the procedure and what it is.
#[derive(Debug, Clone)]
struct FeeQuote {
    code: Option<String>,
    kind: Option<FeeKind>,
    quote: Quote,
}

/// The fees of a procedure in one case.
#[derive(Debug, Clone)]
pub struct Quoted {
    question: Question,
    fees: Vec<FeeQuote>,
}

/// Why there is no quote.
#[derive(Debug, Error)]
pub enum Unpriced {
    /// A code or word that was not imported.
    #[error("\"{text}\" is not an imported {what}")]
    Unknown {
        /// What it should be, as in `unit`.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// The rules do not give an amount.
    #[error("{refusal}{}", considered(.refusal))]
    Refused {
        /// Why not.
        refusal: Refusal,
    },
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Unpriced {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown {
                what: "procedure", ..
            } => "unknown_procedure",
            Self::Unknown { what: "unit", .. } => "unknown_unit",
            Self::Unknown { .. } => "unknown_person_group",
            Self::Refused { refusal } => refusal.code(),
            Self::Failure(_) => "failed",
        }
    }
}

/// What was considered where nothing priced the fee.
fn considered(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoPrice(lost) if !lost.is_empty() => {
            let lines: Vec<String> = lost.iter().map(lost_line).collect();
            format!(": {}", lines.join("; "))
        }
        Refusal::NoPrice(_)
        | Refusal::BaseMissing(_)
        | Refusal::TooLarge(_)
        | Refusal::Undecided(..) => String::new(),
    }
}

/// Answers a question.
///
/// # Errors
/// [`Unpriced`].
pub fn ask(queries: &mut dyn Queries, question: &Question) -> Result<Quoted, Unpriced> {
    must_be_known(queries, question)?;
    let procedures = [question.procedure.clone()];
    let rows = queries.list_activated_rules(question.tenant, &procedures)?;
    let rules: Result<Vec<Rule>, Failure> = rows.iter().map(TariffRuleRow::to_rule).collect();
    let rules = rules?;
    let mut fees = Vec::new();
    let mut lost = Vec::new();
    for (code, kind) in fees_of(&rules, question) {
        match quote_one(&rules, question, code.as_deref(), kind) {
            Ok(quote) => fees.push(FeeQuote { code, kind, quote }),
            Err(Refusal::NoPrice(considered)) => lost.extend(considered),
            Err(refusal) => return Err(Unpriced::Refused { refusal }),
        }
    }
    if fees.is_empty() {
        let refusal = Refusal::NoPrice(lost);
        return Err(Unpriced::Refused { refusal });
    }
    Ok(Quoted {
        question: question.clone(),
        fees,
    })
}

fn must_be_known(queries: &mut dyn Queries, question: &Question) -> Result<(), Unpriced> {
    let unknown = |what, text: &String| Unpriced::Unknown {
        what,
        text: text.clone(),
    };
    let procedures = queries.list_procedures(question.tenant)?;
    if !procedures.iter().any(|row| row.code == question.procedure) {
        return Err(unknown("procedure", &question.procedure));
    }
    let units = queries.list_units(question.tenant)?;
    if !units.iter().any(|row| row.code == question.unit) {
        return Err(unknown("unit", &question.unit));
    }
    let groups = queries.list_person_groups(question.tenant)?;
    let is_unknown = |group: &&String| !groups.iter().any(|row| row.code == **group);
    match question.groups.iter().find(is_unknown) {
        Some(group) => Err(unknown("person group", group)),
        None => Ok(()),
    }
}

/// The fees that the rules price: every code, and every kind that has no code.
fn fees_of(rules: &[Rule], question: &Question) -> Vec<(Option<String>, Option<FeeKind>)> {
    let prices = || {
        rules
            .iter()
            .filter(|rule| rule.effect.role() == Role::Price)
    };
    let mut codes: BTreeMap<&String, Option<FeeKind>> = BTreeMap::new();
    for rule in prices() {
        if let Some(code) = &rule.scope.fee_code {
            let kind = codes.entry(code).or_default();
            *kind = kind.or(rule.scope.kind);
        }
    }
    let mut fees: Vec<(Option<String>, Option<FeeKind>)> = codes
        .into_iter()
        .filter(|(code, _)| question.fee.as_ref().is_none_or(|fee| fee == *code))
        .map(|(code, kind)| (Some(code.clone()), kind))
        .collect();
    for rule in prices().filter(|rule| rule.scope.fee_code.is_none()) {
        let kind = rule.scope.kind;
        let is_there = fees.iter().any(|(_, known)| *known == kind);
        if question.fee.is_none() && !is_there {
            fees.push((None, kind));
        }
    }
    fees
}

fn quote_one(
    rules: &[Rule],
    question: &Question,
    code: Option<&str>,
    kind: Option<FeeKind>,
) -> Result<Quote, Refusal> {
    let case = Case {
        procedure_code: &question.procedure,
        kind,
        fee_code: code.unwrap_or_default(),
        unit: &question.unit,
        via: question.via,
        on: question.on,
    };
    let person = Person {
        groups: &question.groups,
        pieces: question.quantity,
        base: question.base,
    };
    quote(rules, &case, &person)
}

fn money(minor: i64) -> String {
    Money::vnd(minor).to_decimal_text()
}

fn lost_line(lost: &Lost) -> String {
    format!("{}: {} ({})", lost.rule, lost.why, lost.basis)
}

impl Quoted {
    /// The amount, where the procedure has one fee; minor units.
    #[must_use]
    pub fn amount(&self) -> Option<i64> {
        match self.fees.as_slice() {
            [only] => Some(only.quote.amount),
            _ => None,
        }
    }

    /// The quote as JSON; amounts are decimal text in đồng.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let question = &self.question;
        json!({
            "procedure_code": question.procedure,
            "unit_code": question.unit,
            "submitted_via": question.via.as_str(),
            "on": question.on.to_string(),
            "groups": question.groups,
            "quantity": question.quantity,
            "base": question.base.map(money),
            "amount": self.amount().map(money),
            "currency": "VND",
            "rounding": ROUNDING,
            "fees": self.fees.iter().map(fee_value).collect::<Vec<Value>>(),
        })
    }

    /// The quote as a table: a row for each step, a note for each rule that lost.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let column = |key, title: &str, kind| Column {
            key,
            title: title.to_owned(),
            kind,
        };
        let question = &self.question;
        let row = |fee: &FeeQuote, step: &Taken| {
            vec![
                Cell::Text(fee_name(fee)),
                Cell::Text(step.rule.clone()),
                Cell::Text(step.did.clone()),
                Cell::Money(Money::vnd(step.after)),
                Cell::Text(step.basis.clone()),
            ]
        };
        let rows = self.fees.iter();
        let rows = rows.flat_map(|fee| fee.quote.steps.iter().map(move |step| row(fee, step)));
        let lost = self.fees.iter().flat_map(|fee| &fee.quote.lost);
        let mut notes: Vec<String> = match self.amount() {
            Some(minor) => vec![format!("due: {} đồng", money(minor))],
            None => {
                vec!["several fees; which of them are due is not for a tariff to say".to_owned()]
            }
        };
        notes.extend(lost.map(|lost| format!("not applied: {}", lost_line(lost))));
        Table {
            title: format!(
                "{} at {}, {}, received on {}",
                question.procedure,
                question.unit,
                question.via.as_str(),
                question.on
            ),
            columns: vec![
                column("fee", "fee", Kind::Text),
                column("rule_id", "rule", Kind::Text),
                column("did", "what it did", Kind::Text),
                column("amount_after", "amount", Kind::Money),
                column("legal_basis", "legal basis", Kind::Text),
            ],
            rows: rows.collect(),
            total: None,
            notes,
            facts: Map::new(),
        }
    }
}

fn fee_name(fee: &FeeQuote) -> String {
    let kind = fee.kind.map(FeeKind::as_str).unwrap_or_default();
    fee.code.clone().unwrap_or_else(|| kind.to_owned())
}

fn fee_value(fee: &FeeQuote) -> Value {
    let step = |step: &Taken| {
        json!({
            "rule_id": step.rule, "did": step.did, "amount_after": money(step.after),
            "legal_basis": step.basis,
        })
    };
    let lost = |lost: &Lost| {
        json!({
            "rule_id": lost.rule, "why": lost.why.code(), "detail": lost.why.to_string(),
            "legal_basis": lost.basis,
        })
    };
    json!({
        "fee_code": fee.code,
        "fee_kind": fee.kind.map(FeeKind::as_str),
        "fee_name": fee.quote.fee_name,
        "amount": money(fee.quote.amount),
        "steps": fee.quote.steps.iter().map(step).collect::<Vec<Value>>(),
        "lost": fee.quote.lost.iter().map(lost).collect::<Vec<Value>>(),
    })
}
