//! Passing money on to the Treasury or the collecting body: an officer records the bank transfer of one
//! unit's fees, by kind, under the bank's reference. Never more than is owed of a kind, than was received
//! for the unit, or than stands on the account; and a reference counts once.

use thiserror::Error;

use crate::domain::dossier::FeeKind;
use crate::domain::entry::{Account, Posting};
use crate::domain::ids::{EntryId, uuid_at};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, vietnam_day};
use crate::journeys::open_book::{Desk, with_book};
use crate::journeys::refunds::Hand;
use crate::ledger::settlement::passed_on;
use crate::store::failure::Failure;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;
use crate::store::rows::{BalanceRow, RemittancePartRow, RemittanceRow};
use crate::store::types::{Ts, Uid};
use crate::store::{AsFailure, Db};

/// What was passed on.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// The unit whose fees it is.
    pub unit: String,
    /// The account it left.
    pub bank: String,
    /// How much of each fee kind, decimal text.
    pub amounts: Vec<(FeeKind, String)>,
    /// In what.
    pub currency: Currency,
    /// The bank's reference.
    pub reference: String,
    /// The day on which the bank paid it.
    pub day: Day,
}

/// A remittance that was recorded, or would be.
#[derive(Debug, Clone)]
pub struct Remitted {
    /// The remittance.
    pub row: RemittanceRow,
    /// Its parts.
    pub parts: Vec<RemittancePartRow>,
    /// What it posts.
    pub entry: Vec<Posting>,
}

/// Why a remittance was refused. Nothing was changed.
#[derive(Debug, Error)]
pub enum RemittanceError {
    /// The officer is not known or no longer active.
    #[error("there is no active officer {0}")]
    UnknownOfficer(String),
    /// Nobody stands behind the call.
    #[error("a remittance needs an officer behind it: use a token that is an officer's")]
    NoOfficer,
    /// The officer may not act for the unit.
    #[error("the fees belong to {0}: its own officers, or those of the province, pass them on")]
    OtherUnit(String),
    /// No unit has this code.
    #[error("there is no unit {0}")]
    UnknownUnit(String),
    /// An amount that cannot be meant.
    #[error("amount: {0}")]
    WrongAmount(String),
    /// A text that cannot be kept.
    #[error("{0}")]
    WrongText(&'static str),
    /// A day that has not come.
    #[error("day: {0} has not come yet")]
    NotYet(Day),
    /// The transfer was recorded before.
    #[error("{reference} of account {bank} was recorded before, as remittance {id}")]
    KnownReference {
        /// The reference.
        reference: String,
        /// The account.
        bank: String,
        /// The remittance under it.
        id: uuid::Uuid,
    },
    /// Less stands there than was passed on, minor units.
    #[error("{} {currency} was to be passed on, but {what} is {} {currency}", text(*.asked, *.currency), text(*.stands, *.currency))]
    AboveStanding {
        /// What stands there, as words.
        what: String,
        /// How much.
        stands: i64,
        /// What was asked for.
        asked: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// Not an error: what was only to be shown, on its way out of the transaction.
    #[error("only shown")]
    Shown(Box<Remitted>),
}

fn text(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_decimal_text()
}

impl RemittanceError {
    /// The stable word of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownOfficer(_) | Self::NoOfficer => "no_officer",
            Self::OtherUnit(_) => "other_unit",
            Self::UnknownUnit(_) => "unknown_unit",
            Self::WrongAmount(_) => "wrong_amount",
            Self::WrongText(_) => "wrong_text",
            Self::NotYet(_) => "not_yet",
            Self::KnownReference { .. } => "known_reference",
            Self::AboveStanding { .. } => "above_standing",
            Self::Failed(_) | Self::Shown(_) => "failed",
        }
    }
}

impl AsFailure for RemittanceError {
    fn as_failure(&self) -> Option<&Failure> {
        if let Self::Failed(failure) = self {
            return Some(failure);
        }
        None
    }
}

/// Records a transfer and posts it.
///
/// # Errors
/// Any [`RemittanceError`]; nothing was changed.
pub fn pass_on(db: &Db, hand: &Hand<'_>, transfer: &Transfer) -> Result<Remitted, RemittanceError> {
    let bank = written("the account", &transfer.bank, 34)?;
    let reference = written("the bank's reference", &transfer.reference, 64)?;
    let amounts = amounts(transfer)?;
    if transfer.day > vietnam_day(hand.now) {
        return Err(RemittanceError::NotYet(transfer.day));
    }
    let done = db.write(|queries| {
        must_be_allowed(queries, hand, &transfer.unit)?;
        if let Some(known) = queries.find_remittance(hand.tenant.0, &bank, &reference)? {
            return Err(RemittanceError::KnownReference {
                reference: reference.clone(),
                bank: bank.clone(),
                id: known.remittance_id.0,
            });
        }
        must_stand(queries, hand, (transfer, &bank), &amounts)?;
        let remitted = record(queries, hand, transfer, (&bank, &reference, &amounts))?;
        if hand.is_preview {
            return Err(RemittanceError::Shown(Box::new(remitted)));
        }
        Ok(remitted)
    });
    match done {
        Err(RemittanceError::Shown(remitted)) => Ok(*remitted),
        other => other,
    }
}

/// A text that names something at a bank: upper case, without spaces.
fn written(what: &'static str, text: &str, most: usize) -> Result<String, RemittanceError> {
    let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-./_:".contains(c);
    if kept.is_empty() || kept.len() > most || !kept.chars().all(is_fit) {
        return Err(RemittanceError::WrongText(match what {
            "the account" => {
                "bank: the account is needed, at most 34 letters, digits, dots and dashes"
            }
            _ => "reference: the bank's reference is needed, at most 64 letters, digits and -./_:",
        }));
    }
    Ok(if what == "the account" {
        kept
    } else {
        kept.to_ascii_uppercase()
    })
}

/// The amounts, each kind once, above zero.
fn amounts(transfer: &Transfer) -> Result<Vec<(FeeKind, i64)>, RemittanceError> {
    let mut amounts: Vec<(FeeKind, i64)> = Vec::new();
    for (kind, text) in &transfer.amounts {
        let wrong = |why: String| RemittanceError::WrongAmount(format!("{}: {why}", kind.as_str()));
        let money = Money::parse(text, transfer.currency);
        let minor = money.map_err(|error| wrong(error.to_string()))?.minor();
        if minor <= 0 {
            return Err(wrong(format!("{text} is not above zero")));
        }
        if amounts.iter().any(|(known, _)| known == kind) {
            return Err(wrong("the fee kind is named twice".to_owned()));
        }
        amounts.push((*kind, minor));
    }
    if amounts.is_empty() {
        let why = "say how much of each fee kind, such as phi=50000".to_owned();
        return Err(RemittanceError::WrongAmount(why));
    }
    amounts.sort_unstable();
    Ok(amounts)
}

fn must_be_allowed(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    unit: &str,
) -> Result<(), RemittanceError> {
    let officer = queries.find_officer(hand.tenant.0, hand.officer)?;
    let officer = officer.filter(|officer| officer.is_active);
    let unknown = || RemittanceError::UnknownOfficer(hand.officer.to_owned());
    let own = officer.ok_or_else(unknown)?.unit_code;
    let bound = [hand.unit, own.as_deref()];
    if bound.into_iter().flatten().any(|bound| bound != unit) {
        return Err(RemittanceError::OtherUnit(unit.to_owned()));
    }
    let units = queries.list_units(hand.tenant.0)?;
    if units.iter().all(|known| known.code != unit) {
        return Err(RemittanceError::UnknownUnit(unit.to_owned()));
    }
    Ok(())
}

/// Refuses more than is owed, than was received, or than stands on the account.
fn must_stand(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    (transfer, bank): (&Transfer, &str),
    amounts: &[(FeeKind, i64)],
) -> Result<(), RemittanceError> {
    let (unit, currency) = (&transfer.unit, transfer.currency);
    let mut balances = queries.list_balances(hand.tenant.0)?;
    balances.retain(|row| row.currency == currency.as_str());
    let debit = |row: &BalanceRow| row.debit_minor.saturating_sub(row.credit_minor);
    let of = |account: Account| {
        let name = account.to_string();
        let row = balances.iter().find(|row| row.account == name);
        row.map_or(0, debit)
    };
    let must = |asked: i64, stands: i64, what: String| {
        if asked <= stands {
            return Ok(());
        }
        Err(RemittanceError::AboveStanding {
            what,
            stands,
            asked,
            currency,
        })
    };
    let mut total: i64 = 0;
    for &(kind, minor) in amounts {
        let owed = of(Account::Due(unit.clone(), kind)).saturating_neg();
        let what = format!("what {unit} owes of {}", kind.as_str());
        must(minor, owed, what)?;
        let too_large = || RemittanceError::WrongAmount("the sum does not fit".to_owned());
        total = total.checked_add(minor).ok_or_else(too_large)?;
    }
    let owed = FeeKind::ALL.iter().fold(0_i64, |sum, kind| {
        sum.saturating_sub(of(Account::Due(unit.clone(), *kind)))
    });
    let received = owed.saturating_sub(of(Account::Receivable(unit.clone())));
    let what = format!("what was received for {unit} and not passed on");
    must(total, received, what)?;
    let stands = of(Account::Bank(bank.to_owned()));
    must(total, stands, format!("what stands on account {bank}"))
}

fn record(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    transfer: &Transfer,
    (bank, reference, amounts): (&str, &str, &[(FeeKind, i64)]),
) -> Result<Remitted, RemittanceError> {
    let entry_id = EntryId::at(hand.now);
    let entry = passed_on(entry_id, &transfer.unit, bank, transfer.currency, amounts)
        .map_err(|error| RemittanceError::WrongAmount(error.to_string()))?;
    let remittance_id = Uid(uuid_at(hand.now));
    let row = RemittanceRow {
        tenant: hand.tenant.0,
        remittance_id,
        unit_code: transfer.unit.clone(),
        bank: bank.to_owned(),
        reference: reference.to_owned(),
        day: transfer.day,
        total_minor: amounts.iter().map(|(_, minor)| minor).sum(),
        currency: transfer.currency.to_string(),
        entry_id: Uid(entry_id.0),
        recorded_by: hand.officer.to_owned(),
        recorded_at: Ts(hand.now),
        file_id: None,
        place: None,
        proven_at: None,
    };
    let part = |&(kind, amount_minor): &(FeeKind, i64)| RemittancePartRow {
        tenant: hand.tenant.0,
        remittance_id,
        kind: kind.as_str().to_owned(),
        amount_minor,
    };
    let mut parts: Vec<RemittancePartRow> = amounts.iter().map(part).collect();
    parts.sort_by(|one, other| one.kind.cmp(&other.kind));
    let desk = Desk {
        tenant: hand.tenant,
        holder: hand.holder,
        now: hand.now,
    };
    let lookup = Lookup {
        tenant: hand.tenant.0,
        ..Lookup::default()
    };
    with_book(queries, desk, &lookup, |book| {
        book.postings.extend(entry.iter().cloned());
        Ok::<(), Failure>(())
    })?;
    queries.insert_remittance(&row, &parts)?;
    Ok(Remitted { row, parts, entry })
}
