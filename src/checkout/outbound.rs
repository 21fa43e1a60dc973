//! What a provider can be sent and asked, and the words for it. A provider is one file in
//! `providers/` that implements [`Outbound`], and [`Asks`] where it has a status query. How a request
//! travels is not known here.

use std::borrow::Cow;

use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::{Instant, VIETNAM};
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::query::push_encoded;

/// Members of a request under the provider's own names; numbers keep their digits.
pub type Members = Vec<(String, Json)>;

/// The kinds of request a provider signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Begins a payment: an address or a form for the payer, or an order made by us.
    Pay,
    /// Asks what became of a payment.
    Query,
    /// Gives money back.
    Refund,
    /// Asks for the provider's receipt.
    Receipt,
}

/// How members travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In the address, which the payer opens.
    Address,
    /// As a form, which the payer's browser posts.
    Form,
    /// As JSON, which we post.
    Json,
}

/// A signed request.
#[derive(Clone)]
pub struct Signed {
    /// The text that was signed.
    pub text: String,
    /// The signature over it.
    pub signature: String,
    /// The members to send, the signature among them.
    pub members: Members,
    /// Where to, below the provider's address.
    pub path: &'static str,
    /// How they travel.
    pub way: Way,
    /// Headers to send beside them; may hold credentials.
    pub headers: Vec<(&'static str, String)>,
}

/// A request ready to be sent. It does not print itself: headers may hold credentials.
#[derive(Clone)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Headers beside content type and length.
    pub headers: Vec<(&'static str, String)>,
    /// What is posted, and its content type; none for a GET.
    pub body: Option<(&'static str, String)>,
}

impl Signed {
    /// The request below a provider's address.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when a member of a form or an address is not plain.
    pub fn to_request(&self, address: &str) -> Result<Request, Refusal> {
        let url = format!("{address}{}", self.path);
        let (url, body) = match self.way {
            Way::Address => (format!("{url}?{}", self.encoded()?), None),
            Way::Form => {
                let body = ("application/x-www-form-urlencoded", self.encoded()?);
                (url, Some(body))
            }
            Way::Json => {
                let text = Json::Object(self.members.clone()).to_compact_text();
                (url, Some(("application/json", text)))
            }
        };
        let headers = self.headers.clone();
        Ok(Request { url, headers, body })
    }

    fn encoded(&self) -> Result<String, Refusal> {
        let mut text = String::with_capacity(512);
        for (name, value) in &self.members {
            push_encoded(&mut text, name, plain(name, value)?);
        }
        Ok(text)
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The order reference of the attempt.
    pub order_ref: &'a str,
    /// When the order was made, UTC.
    pub ordered_at: Instant,
    /// When it is asked, UTC.
    pub asked_at: Instant,
    /// A name of the question that was never used before: letters and digits, 32 of them.
    pub id: &'a str,
    /// The address on the internet from which we ask.
    pub our_address: &'a str,
}

impl Question<'_> {
    /// An instant as providers write it: Vietnamese local time, `20260105103015`.
    #[must_use]
    pub fn local(at: Instant) -> String {
        let local = at.with_timezone(&VIETNAM);
        local.format(fields::COMPACT_TIME).to_string()
    }

    /// Refuses an answer about another order.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] naming the field.
    pub fn must_be_mine(&self, field: &str, order_ref: &str) -> Result<(), Refusal> {
        if order_ref == self.order_ref {
            return Ok(());
        }
        Err(Refusal::malformed(field, "is another order than was asked"))
    }
}

/// Where an order stands after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing more will become of it.
    Final,
    /// It may still change: ask again.
    Open,
    /// The provider knows no such order, or nobody began to pay it.
    NotFound,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Payments it speaks of, in our words.
    pub notices: Vec<Notice>,
    /// Where the order stands.
    pub standing: Standing,
}

impl Told {
    /// An answer without a payment in it.
    #[must_use]
    pub fn nothing(standing: Standing) -> Self {
        Self {
            notices: Vec::new(),
            standing,
        }
    }

    /// An answer about one payment. While nothing is decided and the provider has given it no id of
    /// its own, it is not recorded: it would get another key than the payment that becomes of it.
    #[must_use]
    pub fn one(notice: Notice) -> Self {
        let standing = match notice.status {
            PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review => {
                Standing::Open
            }
            PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Reversed
            | PaymentStatus::Refunded
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Outgoing => Standing::Final,
        };
        let id = notice.provider_txn_id.as_deref().unwrap_or("");
        if standing == Standing::Open && fields::real_id(id).is_none() {
            return Self::nothing(Standing::Open);
        }
        Self {
            notices: vec![notice],
            standing,
        }
    }
}

/// What a provider can be sent.
pub trait Outbound: Send + Sync {
    /// The provider's name in configuration and rows.
    fn name(&self) -> &'static str;

    /// Its live address, where one is published; `settings.query_url` names another.
    fn address(&self) -> Option<&'static str>;

    /// Adds what is always the same to the members, and signs them.
    ///
    /// # Errors
    /// [`Refusal::NotConfigured`] when the channel lacks a key, [`Refusal::Malformed`] for a kind the
    /// provider does not take or a member that cannot be signed.
    fn sign(&self, kind: Kind, members: Members, channel: &Channel) -> Result<Signed, Refusal>;

    /// Its status query, where it has one.
    fn asks(&self) -> Option<&'static dyn Asks> {
        None
    }
}

/// A provider's status query.
pub trait Asks: Send + Sync {
    /// The secrets without which it cannot be asked.
    fn needs(&self) -> &'static [&'static str];

    /// The question as a request below `address`.
    ///
    /// # Errors
    /// As [`Outbound::sign`].
    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal>;

    /// Reads the body of an answer: its own signature where the provider signs it, then what it
    /// says. A status nobody documents is never success.
    ///
    /// # Errors
    /// The refusal; nothing of a refused answer is recorded.
    fn hear(
        &self,
        body: &[u8],
        question: &Question<'_>,
        channel: &Channel,
    ) -> Result<Told, Refusal>;
}

/// A member with a text.
#[must_use]
pub fn text(name: &str, value: impl Into<String>) -> (String, Json) {
    (name.to_owned(), Json::Text(value.into()))
}

/// Adds a member unless it is given.
pub fn add(members: &mut Members, (name, value): (String, Json)) {
    if members.iter().all(|(known, _)| *known != name) {
        members.push((name, value));
    }
}

/// The present value of a secret: the first of its list.
///
/// # Errors
/// [`Refusal::NotConfigured`].
pub fn key<'a>(channel: &'a Channel, name: &'static str) -> Result<&'a [u8], Refusal> {
    let key = channel.secret(name).first().map(|secret| secret.bytes());
    key.filter(|bytes| !bytes.is_empty())
        .ok_or(Refusal::NotConfigured(name.into()))
}

/// As [`key`], for a secret that is a name.
///
/// # Errors
/// [`Refusal::NotConfigured`].
pub fn name_of<'a>(channel: &'a Channel, name: &'static str) -> Result<&'a str, Refusal> {
    key(channel, name)?;
    let name = channel.secret(name).first().map(|secret| secret.text());
    Ok(name.unwrap_or(""))
}

/// A code by which a provider says that it did not take a query. Of the code only a few plain
/// characters are shown, for refusals are logged.
#[must_use]
pub fn query_fault(field: &str, code: &str) -> Refusal {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let shown: String = code.chars().filter(is_plain).take(8).collect();
    Refusal::malformed(field, format!("is {shown}: the query was not taken"))
}

/// A kind of request that a provider does not take.
#[must_use]
pub fn not_taken(provider: &str) -> Refusal {
    Refusal::malformed("request", format!("is of no kind that {provider} takes"))
}

fn plain<'a>(name: &str, value: &'a Json) -> Result<&'a str, Refusal> {
    match value {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Null => Ok(""),
        Json::Bool(_) | Json::List(_) | Json::Object(_) => {
            Err(Refusal::malformed(name, "must be text or a number"))
        }
    }
}

/// The value of a member as text; an absent one is empty.
///
/// # Errors
/// [`Refusal::Malformed`] when it is neither text nor a number.
pub fn value<'a>(members: &'a [(String, Json)], name: &str) -> Result<&'a str, Refusal> {
    let found = members.iter().find(|(known, _)| known == name);
    found.map_or(Ok(""), |(_, value)| plain(name, value))
}

/// The values of members one after the other with `|` between, as several providers sign. Only the
/// members named in `free` may hold a `|`: elsewhere it could move the border between two values.
///
/// # Errors
/// [`Refusal::Malformed`] naming the member.
pub fn piped(members: &[(String, Json)], names: &[&str], free: &[&str]) -> Result<String, Refusal> {
    let mut values = Vec::with_capacity(names.len());
    for name in names {
        let value = value(members, name)?;
        if value.contains('|') && !free.contains(name) {
            return Err(Refusal::malformed(*name, "could be read as two fields"));
        }
        values.push(value);
    }
    Ok(values.join("|"))
}

/// `name=value` of the members named, with `&` between, nothing escaped; absent ones are empty.
///
/// # Errors
/// As [`value`].
pub fn ampersanded(members: &[(String, Json)], names: &[&str]) -> Result<String, Refusal> {
    let mut text = String::with_capacity(256);
    for name in names {
        let value = value(members, name)?;
        for part in [if text.is_empty() { "" } else { "&" }, name, "=", value] {
            text.push_str(part);
        }
    }
    Ok(text)
}

/// The members of a JSON object.
///
/// # Errors
/// [`Refusal::Malformed`] when it is none.
pub fn members_of(json: Json) -> Result<Members, Refusal> {
    match json {
        Json::Object(members) => Ok(members),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => {
            Err(Refusal::malformed("body", "must be an object"))
        }
    }
}

/// A member that must be there.
#[must_use]
pub fn missing(name: &'static str) -> Refusal {
    Refusal::Missing(Cow::Borrowed(name))
}
