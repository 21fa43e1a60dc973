//! What a proven call says, in our words: the content and the description's fields come in, notices
//! go out, one for each payment in the call. Every value is read as the description says and never
//! guessed; a code that no rule names is not success.

use std::borrow::Cow;

use super::payload::{filled, needed, text};
use crate::config::channel::Channel;
use crate::config::described::description::{
    AmountForm, Condition, Description, Field, Test, TimeForm,
};
use crate::domain::money::{Currency, Money};
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{Normalised, Refusal};
use crate::intake::verify::Verified;

/// How much of a free text is searched for an order reference.
const SEARCHED: usize = 1024;

/// The notices of a call.
pub(super) fn notices(
    description: &Description,
    verified: &Verified,
    channel: &Channel,
) -> Result<Normalised, Refusal> {
    let call = verified.json()?;
    let reader = |item| Reader {
        description,
        channel,
        call,
        item,
        arrived_at: verified.arrived_at(),
    };
    let items: Vec<&Json> = match &description.request.items {
        None => vec![call],
        Some(place) => match call.at_names(&place.path) {
            Some(Json::List(items)) => items.iter().collect(),
            Some(item @ Json::Object(_)) => vec![item],
            _ => return Err(Refusal::Missing(Cow::Owned(place.shown.clone()))),
        },
    };
    let mut notices = Vec::with_capacity(items.len());
    for item in items {
        let reader = reader(item);
        if reader.speaks_of_a_payment()? {
            notices.push(reader.notice(verified.event_id())?);
        }
    }
    if notices.is_empty() {
        return Ok(Normalised::nothing("not about a payment"));
    }
    Ok(Normalised {
        notices,
        nothing_because: None,
        reply: None,
    })
}

/// One item of a call while it is read.
struct Reader<'a> {
    description: &'a Description,
    channel: &'a Channel,
    call: &'a Json,
    item: &'a Json,
    arrived_at: Instant,
}

impl<'a> Reader<'a> {
    fn top(&self, field: &Field) -> &'a Json {
        if field.is_outer { self.call } else { self.item }
    }

    fn filled(&self, field: &Field) -> Result<Option<Cow<'a, str>>, Refusal> {
        filled(self.top(field), field)
    }

    fn own(&self, field: Option<&Field>) -> Result<Option<String>, Refusal> {
        match field {
            None => Ok(None),
            Some(field) => Ok(self.filled(field)?.map(Cow::into_owned)),
        }
    }

    /// The first field that is filled.
    fn first(&self, fields: &'a [Field]) -> Result<Option<(&'a Field, Cow<'a, str>)>, Refusal> {
        for field in fields {
            if let Some(value) = self.filled(field)? {
                return Ok(Some((field, value)));
            }
        }
        Ok(None)
    }

    fn speaks_of_a_payment(&self) -> Result<bool, Refusal> {
        let only = &self.description.states.only;
        Ok(only.is_empty() || self.any(only)?)
    }

    fn any(&self, conditions: &[Condition]) -> Result<bool, Refusal> {
        for condition in conditions {
            if self.holds(condition)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(&self, condition: &Condition) -> Result<bool, Refusal> {
        for (field, test) in condition {
            let value = text(self.top(field), field)?.unwrap_or_default();
            let is_met = match test {
                Test::Filled => !value.is_empty(),
                Test::OneOf(words) => words.iter().any(|word| *word == value),
            };
            if !is_met {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn notice(&self, event_id: Option<&str>) -> Result<Notice, Refusal> {
        self.has_forms()?;
        self.is_ours()?;
        let told = &self.description.fields;
        let order_ref = self.order_ref()?;
        let own_event = self.own(told.event_id.as_ref())?;
        let event_id = event_id
            .map(str::to_owned)
            .or(own_event.filter(|id| fields::real_id(id).is_some()));
        let (amount, is_negative) = self.amount()?;
        let status = self.status(is_negative)?;
        let provider_txn_id = self.first(&told.provider_txn_id)?;
        Ok(Notice {
            payment_key: self.payment_key(order_ref.as_deref(), event_id.as_deref())?,
            event_id,
            provider_txn_id: provider_txn_id.map(|(_, id)| id.into_owned()),
            order_ref,
            amount,
            refunded_minor: self.refunded(status, amount)?,
            status,
            paid_at: self.paid_at()?,
            memo: self.own(told.memo.as_ref())?,
            virtual_account: self.own(told.virtual_account.as_ref())?,
            account_number: self.own(told.account_number.as_ref())?,
            bank_txn_id: self.own(told.bank_txn_id.as_ref())?,
        })
    }

    /// Refuses a field that does not have its form.
    fn has_forms(&self) -> Result<(), Refusal> {
        for (field, form) in &self.description.forms {
            let value = self.filled(field)?;
            if value.is_some_and(|value| !form.is_match(&value)) {
                let reason = "does not have the form that its provider gives it";
                return Err(Refusal::malformed(field.shown.clone(), reason));
            }
        }
        Ok(())
    }

    /// Refuses a call for another merchant, where the channel says who it is.
    fn is_ours(&self) -> Result<(), Refusal> {
        for (field, secret) in &self.description.identity {
            if !self.channel.secret(secret).is_empty() {
                let claimed = needed(self.top(field), field)?;
                fields::must_be_ours(&claimed, self.channel, secret)?;
            }
        }
        Ok(())
    }

    /// The reference in its field, else what a pattern finds in free text.
    fn order_ref(&self) -> Result<Option<String>, Refusal> {
        let told = &self.description.fields;
        let format = self.description.request.format;
        let named = |name: &Option<String>| name.as_deref().map(|name| Field::named(name, format));
        let found = match named(&self.channel.order_ref_field) {
            Some(field) => self.own(Some(&field))?,
            None => self
                .first(&told.order_ref)?
                .map(|(_, value)| value.into_owned()),
        };
        if found.is_some() {
            return Ok(found);
        }
        let pattern = self.channel.order_ref_pattern.as_ref();
        let Some(pattern) = pattern.or(told.order_ref_pattern.as_ref()) else {
            return Ok(None);
        };
        let named = named(&self.channel.order_ref_pattern_field);
        let searched = named
            .or_else(|| told.order_ref_pattern_field.clone())
            .or_else(|| told.memo.clone());
        let text = self.own(searched.as_ref())?.unwrap_or_default();
        let end = text.floor_char_boundary(SEARCHED);
        let captures = pattern.captures(text.get(..end).unwrap_or(""));
        let group = captures.and_then(|found| found.get(1).or_else(|| found.get(0)));
        Ok(group.map(|found| found.as_str().to_owned()))
    }

    fn payment_key(
        &self,
        order_ref: Option<&str>,
        event_id: Option<&str>,
    ) -> Result<String, Refusal> {
        let keys = &self.description.fields.payment_key;
        for field in keys {
            if let Some(id) = self.filled(field)?
                && fields::real_id(&id).is_some()
            {
                return Ok(id.into_owned());
            }
        }
        match (order_ref, event_id, keys.first()) {
            (Some(order_ref), _, _) => Ok(format!("ref:{order_ref}")),
            (None, Some(event_id), _) => Ok(format!("event:{event_id}")),
            (None, None, field) => {
                let shown = field.map_or("body", |field| field.shown.as_str());
                Err(Refusal::malformed(shown, "identifies nothing"))
            }
        }
    }

    fn currency(&self) -> Result<Currency, Refusal> {
        let told = &self.description.fields;
        let Some(field) = &told.currency else {
            return Ok(Currency::VND);
        };
        let Some(word) = self.filled(field)? else {
            return Ok(Currency::VND);
        };
        let known = told.currencies.iter().find(|(known, _)| *known == word);
        let unknown = || Refusal::malformed(field.shown.clone(), "is no currency known here");
        match known {
            Some((_, code)) => Currency::parse(code).map_err(|_| unknown()),
            None if told.currencies.is_empty() => Currency::parse(&word).map_err(|_| unknown()),
            None => Err(unknown()),
        }
    }

    /// The amount, and whether it was below zero.
    fn amount(&self) -> Result<(Money, bool), Refusal> {
        let told = &self.description.fields;
        let currency = self.currency()?;
        let missing = || {
            let shown = told.amount.first().map_or("", |field| field.shown.as_str());
            Refusal::Missing(Cow::Owned(shown.to_owned()))
        };
        let (field, value) = self.first(&told.amount)?.ok_or_else(missing)?;
        let positive = value.strip_prefix('-');
        let is_negative = told.negative_is_outgoing && positive.is_some();
        let digits = positive.filter(|_| is_negative).unwrap_or(&value);
        let mut amount = self.money(field, digits, currency)?;
        for field in &told.amount_plus {
            let Some(value) = self.filled(field)? else {
                continue;
            };
            let more = self.money(field, &value, currency)?;
            amount = amount
                .checked_add(more)
                .ok_or_else(|| Refusal::malformed(field.shown.clone(), "is too large"))?;
        }
        Ok((amount, is_negative))
    }

    fn money(&self, field: &Field, text: &str, currency: Currency) -> Result<Money, Refusal> {
        let power = match self.description.fields.amount_form {
            AmountForm::Units => 0,
            AmountForm::Hundredths => 2,
            AmountForm::Minor => currency.decimals(),
        };
        Money::parse_scaled(text, currency, power).map_err(|fault| {
            Refusal::malformed(field.shown.clone(), format!("is no amount: {fault}"))
        })
    }

    /// The state that the rules name; where none or more than one does, never success.
    fn status(&self, is_negative: bool) -> Result<PaymentStatus, Refusal> {
        let states = &self.description.states;
        let mut found = None;
        for (status, conditions) in &states.rules {
            if self.any(conditions)? {
                found = match found {
                    None => Some(*status),
                    Some(_) => Some(PaymentStatus::Review),
                };
            }
        }
        let status = found.unwrap_or(states.otherwise);
        if is_negative && status == PaymentStatus::Succeeded {
            return Ok(PaymentStatus::Outgoing);
        }
        Ok(status)
    }

    /// What was given back so far; only asked where the state says that something was.
    fn refunded(&self, status: PaymentStatus, amount: Money) -> Result<Option<i64>, Refusal> {
        let Some(field) = &self.description.fields.refunded else {
            return Ok(None);
        };
        let is_part = status == PaymentStatus::PartiallyRefunded;
        if !is_part && status != PaymentStatus::Refunded {
            return Ok(None);
        }
        let missing = || Refusal::Missing(Cow::Owned(field.shown.clone()));
        let value = match self.filled(field)? {
            Some(value) => value,
            None if is_part => return Err(missing()),
            None => return Ok(None),
        };
        let refunded = self.money(field, &value, amount.currency())?;
        if refunded.minor() > amount.minor() {
            let reason = "is more than was paid";
            return Err(Refusal::malformed(field.shown.clone(), reason));
        }
        Ok(Some(refunded.minor()))
    }

    fn paid_at(&self) -> Result<Option<Instant>, Refusal> {
        let Some((field, form)) = &self.description.fields.paid_at else {
            return Ok(None);
        };
        let Some(value) = self.filled(field)? else {
            return Ok(None);
        };
        let (name, now) = (field.shown.as_str(), self.arrived_at);
        let number = || {
            let number = value.parse::<i64>();
            number.map_err(|_| Refusal::malformed(name, "is not a whole number"))
        };
        let at = match form {
            TimeForm::Compact => fields::local_time(name, &value, fields::COMPACT_TIME, now),
            TimeForm::Printed => fields::local_time(name, &value, fields::PRINTED_TIME, now),
            TimeForm::Rfc3339 => fields::rfc3339(name, &value, now),
            TimeForm::Seconds => fields::millis(name, number()?.saturating_mul(1000), now),
            TimeForm::Millis => fields::millis(name, number()?, now),
        };
        Ok(Some(at?))
    }
}
