//! What a description says once it is judged: the shape of a call, how it proves itself, what its
//! fields mean, and how it is answered. Plain data without behaviour but for what a field covers.

use std::time::Duration;

use regex_lite::Regex;

use super::scheme::{Proof, ProofKind};
use super::template::{AnswerPiece, Piece};
use crate::domain::payment::PaymentStatus;

/// A provider described in the configuration, in one of its schemes.
#[derive(Debug, Clone)]
pub struct Description {
    /// The name in `provider = "…"`.
    pub name: String,
    /// The scheme, or the name where there is one only.
    pub scheme: String,
    /// The name people know it by.
    pub title: String,
    /// How sure its rules are.
    pub confidence: Confidence,
    /// What people should know of it, for `check`; may be empty.
    pub note: String,
    /// What a call looks like.
    pub request: Request,
    /// How a call proves itself.
    pub proof: Proof,
    /// What the fields of a call mean.
    pub fields: Fields,
    /// Which codes stand for which state.
    pub states: States,
    /// Fields that must name us, with the secret that holds our name.
    pub identity: Vec<(Field, String)>,
    /// The form that the whole text of a field must have.
    pub forms: Vec<(Field, Regex)>,
    /// What it is answered.
    pub answers: Answers,
    /// Where it asks for a token first.
    pub token: Option<Token>,
    /// Every secret it may be given, and whether no call can be verified without it.
    pub secrets: Vec<(String, bool)>,
}

/// How sure the rules of a description are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Recomputed from calls of the provider.
    High,
    /// Sources agree.
    Medium,
    /// Sources disagree, or there is one only.
    Low,
}

/// A field of a call: a name in a form or query, a path in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Whether it stands in the whole call rather than in one of its items.
    pub is_outer: bool,
    /// The names on the way to it.
    pub path: Vec<String>,
    /// As written in the description.
    pub shown: String,
}

impl Field {
    /// The field of a name: in JSON a path with points, counted from the top of the call after `/`.
    #[must_use]
    pub fn named(shown: &str, format: Format) -> Self {
        let (is_outer, name) = match shown.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, shown),
        };
        Self {
            is_outer,
            path: match format {
                Format::Json => name.split('.').map(str::to_owned).collect(),
                Format::Pairs => vec![name.to_owned()],
            },
            shown: shown.to_owned(),
        }
    }
}

/// What a call looks like.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether it comes as GET.
    pub takes_get: bool,
    /// Whether it comes as POST.
    pub takes_post: bool,
    /// How its fields are written.
    pub format: Format,
    /// A field whose text is the real call.
    pub envelope: Option<(Field, Wrapping)>,
    /// Where its payments stand: an object, or a list of objects.
    pub items: Option<Field>,
    /// What the address must end with, behind the channel's name.
    pub action: Option<String>,
}

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Pairs: the query of a GET, the form of a POST.
    Pairs,
    /// A JSON document.
    Json,
}

/// How a call is wrapped into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// The text is JSON.
    Text,
    /// The text is JSON in Base64.
    Base64,
}

/// What the fields of a call mean.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The amount: the first of these that is filled.
    pub amount: Vec<Field>,
    /// What is added to it.
    pub amount_plus: Vec<Field>,
    /// In what it is counted.
    pub amount_form: AmountForm,
    /// Whether an amount below zero is money that left, rather than a fault.
    pub negative_is_outgoing: bool,
    /// The currency.
    pub currency: Option<Field>,
    /// Words for currencies, and the currency; empty where it is sent as ISO 4217.
    pub currencies: Vec<(String, String)>,
    /// The order reference: the first of these that is filled.
    pub order_ref: Vec<Field>,
    /// The pattern that finds it in free text, its group being the reference.
    pub order_ref_pattern: Option<Regex>,
    /// The free text.
    pub order_ref_pattern_field: Option<Field>,
    /// The transaction's id as people know it: the first of these that is filled.
    pub provider_txn_id: Vec<Field>,
    /// The id of the event, the same over all retries.
    pub event_id: Option<Field>,
    /// What identifies the payment: the first of these that is no filler.
    pub payment_key: Vec<Field>,
    /// The bank's own id.
    pub bank_txn_id: Option<Field>,
    /// Free text with the money.
    pub memo: Option<Field>,
    /// The alias account.
    pub virtual_account: Option<Field>,
    /// Our account.
    pub account_number: Option<Field>,
    /// When the payer paid.
    pub paid_at: Option<(Field, TimeForm)>,
    /// What was given back so far.
    pub refunded: Option<Field>,
}

/// In what an amount is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountForm {
    /// In units: 150000 is 150,000 đồng.
    Units,
    /// In hundredths, also of đồng: 15000000 is 150,000 đồng.
    Hundredths,
    /// In the smallest unit of its currency: 150000 is 150,000 đồng and 1,500.00 dollars.
    Minor,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// `20260105103015`, Vietnamese local time.
    Compact,
    /// `2026-01-05 10:30:15`, Vietnamese local time.
    Printed,
    /// RFC 3339 with its zone.
    Rfc3339,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
}

/// What a field must hold for a condition to be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Anything but nothing.
    Filled,
    /// One of these texts.
    OneOf(Vec<String>),
}

/// Fields that must all hold what is asked.
pub type Condition = Vec<(Field, Test)>;

/// Which codes stand for which state.
#[derive(Debug, Clone)]
pub struct States {
    /// A state, and the conditions of which one must be met.
    pub rules: Vec<(PaymentStatus, Vec<Condition>)>,
    /// The state of everything else; never success.
    pub otherwise: PaymentStatus,
    /// The calls that speak of payments, where others come too.
    pub only: Vec<Condition>,
}

/// What a provider is answered.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Recorded now.
    pub recorded: Reply,
    /// Recorded before.
    pub repeat: Reply,
    /// Recorded; no bill is known for it.
    pub unknown_order: Reply,
    /// Recorded; the bill asks for another amount.
    pub amount_differs: Reply,
    /// Recorded; the bill was final already.
    pub already_final: Reply,
    /// Not proven.
    pub bad_signature: Reply,
    /// Proven and still not taken, or broken.
    pub refused: Reply,
    /// Not durable: to be sent again.
    pub try_later: Reply,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type, empty for no body.
    pub content_type: String,
    /// The body.
    pub body: Vec<AnswerPiece>,
}

/// Where a provider asks us for the token it then proves itself with.
#[derive(Debug, Clone)]
pub struct Token {
    /// What the address ends with.
    pub action: String,
    /// The secret with the user's name.
    pub user: String,
    /// The secret with the password.
    pub password: String,
    /// How long a token is good.
    pub lifetime: Duration,
}

impl Description {
    /// The path of a field in the whole call.
    #[must_use]
    pub fn path_of(&self, field: &Field) -> Vec<String> {
        match &self.request.items {
            Some(items) if !field.is_outer => [items.path.clone(), field.path.clone()].concat(),
            Some(_) | None => field.path.clone(),
        }
    }

    /// Whether the proof of a call speaks for this field. Other fields are never read.
    #[must_use]
    pub fn covers(&self, field: &Field) -> bool {
        let path = self.path_of(field);
        match self.proof.kind {
            ProofKind::StaticKey | ProofKind::Token => return true,
            ProofKind::Digest(_) => {}
        }
        self.proof.text.iter().any(|piece| match piece {
            Piece::Body | Piece::Json | Piece::Envelope => true,
            Piece::Pairs => self.pairs_cover(&path),
            Piece::Field { field, .. } => self.path_of(field) == path,
            Piece::Text(_) | Piece::Secret(_) | Piece::Time | Piece::Id => false,
        })
    }

    fn pairs_cover(&self, path: &[String]) -> bool {
        let Some(rule) = &self.proof.pairs else {
            return false;
        };
        let below = match &rule.of {
            None => Some(path),
            Some(of) => path.strip_prefix(self.path_of(of).as_slice()),
        };
        let name = below.and_then(<[String]>::first);
        name.is_some_and(|name| rule.takes(name) && !self.is_place_of_proof(path))
    }

    fn is_place_of_proof(&self, path: &[String]) -> bool {
        self.proof
            .place
            .field()
            .is_some_and(|field| field.path == path)
    }
}
