//! `doisoat refund …`: shows refunds and takes their steps for an officer, who must be known and
//! active; the officer's own unit bounds what may be touched. `--preview` shows the refund and the
//! entry and does nothing.

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::ids::{PaymentId, RefundId, Tenant};
use crate::domain::money::{Currency, Money};
use crate::domain::refund::{RefundSource, RefundState};
use crate::journeys::refunds::approve::approve_refund;
use crate::journeys::refunds::ask::{Asked, Wish, adopt_refund, request_refund, withdraw_refund};
use crate::journeys::refunds::pay::{
    Outcome, Payer, Sending, Settling, send_refund, settle_refund,
};
use crate::journeys::refunds::{Hand, ItemAsked, RefundError, Told, Which};
use crate::reporting::table::{Cell, Column, Kind, Table, to_text};
use crate::store::Db;
use crate::store::ops::RefundFilter;
use crate::store::rows::{RefundRow, RefundStepRow};
use crate::store::types::Uid;
use crate::web::api::put_refunds::told_json;
use crate::web::api::refunds::{refunds_json, with_steps};

/// Arguments of `refund`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The installation
    #[arg(long, value_name = "T", default_value_t = 1, global = true)]
    tenant: i32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show refunds, oldest first
    List(List),
    /// Show one refund with its steps
    Show(Show),
    /// Ask for a refund, or take up one that a rule proposes
    Request(Request),
    /// Approve a refund that another officer asked for; its money is set aside
    Approve(Step),
    /// Take back a proposal or a request
    Withdraw(Step),
    /// Say under which name the provider or the bank was asked to pay
    Send(Send),
    /// Say what came of a refund
    Settle(Settle),
}

#[derive(Debug, clap::Args)]
struct List {
    /// proposed, requested, withdrawn, to_send, sent, succeeded, failed, by_hand or called_off
    #[arg(long)]
    state: Option<String>,
    /// Those that are not ended only
    #[arg(long)]
    standing: bool,
    /// One unit only
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// One payment only
    #[arg(long, value_name = "ID")]
    payment: Option<Uuid>,
    /// The one the provider knows under this id
    #[arg(long, value_name = "ID")]
    provider_refund_id: Option<String>,
    /// Those the bank knows under this reference
    #[arg(long, value_name = "TEXT")]
    bank_reference: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The refund
    id: Uuid,
}

/// Who acts, and why.
#[derive(Debug, clap::Args)]
struct By {
    /// The officer who acts
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// The revision the officer saw; refused when it was brought further since
    #[arg(long, value_name = "N")]
    revision: Option<i32>,
    /// Show the refund and the entry, and do nothing
    #[arg(long)]
    preview: bool,
}

#[derive(Debug, clap::Args)]
struct Request {
    /// The proposal to take up
    #[arg(long, value_name = "ID", conflicts_with_all = ["payment", "source"])]
    proposal: Option<Uuid>,
    /// The payment of which money goes back
    #[arg(long, value_name = "ID", requires = "source")]
    payment: Option<Uuid>,
    /// Where the money stands: credit, suspense or fee
    #[arg(long)]
    source: Option<String>,
    /// How much; all that is left when not given
    #[arg(long)]
    amount: Option<String>,
    /// A fee item that is given back, by its position from 0: 0 for all of it, 0=20000 for a part
    #[arg(long = "item", value_name = "POSITION[=AMOUNT]")]
    items: Vec<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, clap::Args)]
struct Step {
    /// The refund
    id: Uuid,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, clap::Args)]
struct Send {
    /// The refund
    id: Uuid,
    /// The provider's id of the refund
    #[arg(long, value_name = "ID", required_unless_present = "bank_reference")]
    provider_refund_id: Option<String>,
    /// The bank's reference of the transfer
    #[arg(long, value_name = "TEXT")]
    bank_reference: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Came {
    /// Paid out
    Succeeded,
    /// Refused; the money stays set aside
    Failed,
    /// Paid out by hand
    ByHand,
    /// Not wanted any more; the money moves back
    CalledOff,
}

#[derive(Debug, clap::Args)]
struct Settle {
    /// The refund
    id: Uuid,
    /// What came of it
    #[arg(value_enum)]
    outcome: Came,
    /// The account our bank paid from; without it, the provider paid
    #[arg(long)]
    account: Option<String>,
    /// What proves it: a bank's reference, a provider's answer, a document's name
    #[arg(long)]
    evidence: Option<String>,
    #[command(flatten)]
    by: By,
}

/// Runs the command.
///
/// # Errors
/// When the step is refused, or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let tenant = arguments.tenant;
    match &arguments.action {
        Action::List(list) => show_list(list, tenant, context),
        Action::Show(show) => show_one(show, tenant, context),
        Action::Request(request) => ask(request, tenant, context),
        Action::Approve(step) => take(tenant, &step.by, context, |db, hand| {
            approve_refund(db, hand, which(step.id, &step.by), &step.by.reason)
        }),
        Action::Withdraw(step) => take(tenant, &step.by, context, |db, hand| {
            withdraw_refund(db, hand, which(step.id, &step.by), &step.by.reason)
        }),
        Action::Send(send) => take(tenant, &send.by, context, |db, hand| {
            let sending = Sending {
                provider_refund_id: send.provider_refund_id.clone(),
                bank_reference: send.bank_reference.clone(),
                reason: send.by.reason.clone(),
            };
            send_refund(db, hand, which(send.id, &send.by), &sending)
        }),
        Action::Settle(settle) => take(tenant, &settle.by, context, |db, hand| {
            settle_refund(db, hand, which(settle.id, &settle.by), &settling(settle))
        }),
    }
}

fn which(id: Uuid, by: &By) -> Which {
    Which {
        id: RefundId(id),
        revision: by.revision,
    }
}

fn settling(settle: &Settle) -> Settling {
    let account = settle.account.clone();
    let outcome = match settle.outcome {
        Came::Succeeded => Outcome::Succeeded(account.map_or(Payer::Provider, Payer::Bank)),
        Came::Failed => Outcome::Failed,
        Came::ByHand => Outcome::ByHand(account.unwrap_or_default()),
        Came::CalledOff => Outcome::CalledOff,
    };
    Settling {
        outcome,
        evidence: settle.evidence.clone(),
        reason: settle.by.reason.clone(),
    }
}

fn ask(request: &Request, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let items: anyhow::Result<Vec<ItemAsked>> = request.items.iter().map(|one| item(one)).collect();
    let wish = Wish {
        amount: request.amount.clone(),
        items: items?,
        reason: request.by.reason.clone(),
    };
    if let Some(id) = request.proposal {
        return take(tenant, &request.by, context, |db, hand| {
            adopt_refund(db, hand, which(id, &request.by), &wish)
        });
    }
    let neither = || Usage("name a --proposal, or a --payment and its --source".to_owned());
    let word = request.source.as_deref().ok_or_else(neither)?;
    let source = RefundSource::parse(word).ok_or_else(|| {
        let problem = format!("--source {word}: write credit, suspense or fee");
        Usage(problem)
    })?;
    let asked = Asked {
        payment_id: PaymentId(request.payment.ok_or_else(neither)?),
        source,
        wish,
    };
    take(tenant, &request.by, context, |db, hand| {
        request_refund(db, hand, &asked)
    })
}

fn item(text: &str) -> anyhow::Result<ItemAsked> {
    let (position, amount) = match text.split_once('=') {
        Some((position, amount)) => (position, Some(amount.to_owned())),
        None => (text, None),
    };
    let position = position.trim().parse().map_err(|_| {
        Usage(format!(
            "--item {text}: write the position of the fee item, such as 0 or 0=20000"
        ))
    })?;
    Ok(ItemAsked { position, amount })
}

/// Takes a step as the officer named, and tells it.
fn take(
    tenant: i32,
    by: &By,
    context: &Context,
    story: impl FnOnce(&Db, &Hand<'_>) -> Result<Told, RefundError>,
) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let officer = db.read(|queries| queries.find_officer(tenant, &by.officer))?;
    let unknown = || RefundError::UnknownOfficer(by.officer.clone());
    let officer = officer.filter(|officer| officer.is_active);
    let officer = officer.ok_or_else(unknown)?;
    let hand = Hand {
        tenant: Tenant(tenant),
        officer: &officer.code,
        unit: officer.unit_code.as_deref(),
        holder: &context.holder,
        now: context.clock.now(),
        is_preview: by.preview,
    };
    let told = match story(db, &hand) {
        Ok(told) => told,
        Err(refusal) if context.is_json => {
            let (code, detail) = (refusal.code(), refusal.to_string());
            say_json(&json!({ "code": code, "detail": detail }));
            return Ok(End::Failed);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if context.is_json {
        say_json(&told_json(db, told, by.preview)?);
        return Ok(End::Done);
    }
    if by.preview {
        say("nothing was done; this would be:");
    }
    let refund = &told.refund;
    let (id, state) = (refund.refund_id.0, &refund.state);
    let revision = refund.revision;
    say(&format!("refund {id} is {state} (revision {revision})"));
    for posting in &told.entry {
        let (debit, credit) = (&posting.debit, &posting.credit);
        let amount = posting.amount.to_decimal_text();
        say(&format!("  {debit} < {credit}  {amount}"));
    }
    Ok(End::Done)
}

fn show_list(list: &List, tenant: i32, context: &Context) -> anyhow::Result<End> {
    if let Some(state) = &list.state
        && RefundState::parse(state).is_none()
    {
        let known: Vec<&str> = RefundState::ALL.iter().map(|one| one.as_str()).collect();
        let problem = format!("--state {state}: write one of {}", known.join(", "));
        return Err(Usage(problem).into());
    }
    let filter = RefundFilter {
        state: list.state.clone(),
        is_standing: list.standing,
        unit_code: list.unit.clone(),
        payment_id: list.payment.map(Uid),
        provider_refund_id: list.provider_refund_id.clone(),
        bank_reference: list.bank_reference.clone(),
        limit: list.limit.max(0),
        ..RefundFilter::default()
    };
    let db = context.ready_db()?;
    let rows = db.read(|queries| queries.list_refunds(tenant, &filter))?;
    if context.is_json {
        let items = db.read(|queries| refunds_json(queries, tenant, rows.clone()))?;
        say_json(&json!({ "items": items }));
    } else if rows.is_empty() {
        say("there are no such refunds");
    } else {
        say(to_text(&table_of(&rows)).trim_end());
    }
    Ok(End::Done)
}

fn columns(named: &[(&'static str, &str, Kind)]) -> Vec<Column> {
    let column = |(key, title, kind): &(&'static str, &str, Kind)| Column {
        key,
        title: (*title).to_owned(),
        kind: *kind,
    };
    named.iter().map(column).collect()
}

fn money(minor: i64, currency: &str) -> Cell {
    Cell::Money(Money::new(
        minor,
        Currency::parse(currency).unwrap_or(Currency::VND),
    ))
}

fn or_empty(text: Option<&String>) -> Cell {
    text.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
}

fn table_of(rows: &[RefundRow]) -> Table {
    let cells = |row: &RefundRow| {
        vec![
            Cell::Text(row.refund_id.0.to_string()),
            Cell::Text(row.state.clone()),
            money(row.amount_minor, &row.currency),
            Cell::Text(row.source.clone()),
            Cell::Text(row.rule.clone()),
            Cell::Text(row.unit_code.clone()),
            or_empty(row.requested_by.as_ref()),
            or_empty(row.approved_by.as_ref()),
        ]
    };
    Table {
        title: "Refunds".to_owned(),
        columns: columns(&[
            ("id", "Refund", Kind::Text),
            ("state", "State", Kind::Text),
            ("amount", "Amount", Kind::Money),
            ("source", "From", Kind::Text),
            ("rule", "Rule", Kind::Text),
            ("unit", "Unit", Kind::Text),
            ("requested_by", "Asked by", Kind::Text),
            ("approved_by", "Approved by", Kind::Text),
        ]),
        rows: rows.iter().map(cells).collect(),
        ..Table::default()
    }
}

fn show_one(show: &Show, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let row = db.read(|queries| queries.find_refund(tenant, Uid(show.id)))?;
    let row = row.context("there is no such refund")?;
    if context.is_json {
        let shown = db.read(|queries| with_steps(queries, row.clone()))?;
        say_json(&serde_json::to_value(shown).unwrap_or(Value::Null));
        return Ok(End::Done);
    }
    let steps = db.read(|queries| queries.list_refund_steps(tenant, row.refund_id))?;
    say(to_text(&table_of(std::slice::from_ref(&row))).trim_end());
    say(&format!("payment {}: {}", row.payment_id.0, row.reason));
    if steps.is_empty() {
        say("no step was taken yet");
    } else {
        say(to_text(&table_of_steps(&row.currency, &steps)).trim_end());
    }
    Ok(End::Done)
}

fn table_of_steps(currency: &str, steps: &[RefundStepRow]) -> Table {
    let cells = |step: &RefundStepRow| {
        vec![
            Cell::Integer(step.revision.into()),
            Cell::Text(step.taken_at.0.to_rfc3339()),
            Cell::Text(step.action.clone()),
            or_empty(step.officer.as_ref()),
            money(step.amount_minor, currency),
            Cell::Text(step.reason.clone()),
            or_empty(step.evidence.as_ref()),
        ]
    };
    Table {
        title: "Steps".to_owned(),
        columns: columns(&[
            ("revision", "No", Kind::Integer),
            ("taken_at", "At", Kind::Text),
            ("action", "Step", Kind::Text),
            ("officer", "Officer", Kind::Text),
            ("set_aside", "Set aside", Kind::Money),
            ("reason", "Reason", Kind::Text),
            ("evidence", "Evidence", Kind::Text),
        ]),
        rows: steps.iter().map(cells).collect(),
        ..Table::default()
    }
}
