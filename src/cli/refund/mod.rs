//! `doisoat refund …`: shows refunds and takes their steps for an officer, who must be known and
//! active; the officer's own unit bounds what may be touched. `--preview` shows the refund and the
//! entry and does nothing.

use serde_json::json;
use uuid::Uuid;

mod show;

use show::{List, Show, show_list, show_one};

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::ids::{PaymentId, RefundId, Tenant};
use crate::domain::refund::RefundSource;
use crate::journeys::refunds::approve::approve_refund;
use crate::journeys::refunds::ask::{Asked, Wish, adopt_refund, request_refund, withdraw_refund};
use crate::journeys::refunds::pay::{
    Outcome, Payer, Sending, Settling, send_refund, settle_refund,
};
use crate::journeys::refunds::{Hand, ItemAsked, RefundError, Told, Which};
use crate::store::Db;
use crate::web::api::put_refunds::told_json;

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
    let hand = Hand {
        tenant: Tenant(tenant),
        officer: &by.officer,
        unit: None,
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
