//! Signed texts become our words: amounts, instants, ids. The text of one field comes in, a value
//! or a refusal that names the field goes out. What the fields are called is each provider's
//! business, and no clock is read: times are judged against the arrival of the call.

use chrono::{Datelike, TimeDelta};

use super::provider::Refusal;
use crate::config::channel::Channel;
use crate::domain::money::{Currency, Money};
use crate::domain::notice::ORDER_KEY;
use crate::domain::time::{Instant, from_millis, parse_rfc3339, parse_vietnam_time};

/// Vietnamese local time without separators, `20260105103015`.
pub const COMPACT_TIME: &str = "%Y%m%d%H%M%S";

/// Vietnamese local time as databases print it, `2026-01-05 10:30:15`.
pub const PRINTED_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Earlier than any of the protocols spoken here.
const FIRST_YEAR: i32 = 2015;

/// How far ahead of the arrival a payment may be dated: clocks err by hours, not by days.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// An amount in the currency given, or in đồng where the provider names none.
///
/// # Errors
/// [`Refusal::Malformed`] for a sign, a fraction đồng does not have, or a number too large.
pub fn money(field: &str, text: &str, currency: Option<&str>) -> Result<Money, Refusal> {
    let refuse = |fault| Refusal::malformed(field, format!("is no amount: {fault}"));
    let currency = currency.map_or(Ok(Currency::VND), Currency::parse);
    Money::parse(text, currency.map_err(refuse)?).map_err(refuse)
}

/// An amount of đồng that the provider sends times one hundred.
///
/// # Errors
/// As [`money`].
pub fn vnd_hundredfold(field: &str, text: &str) -> Result<Money, Refusal> {
    Money::parse_scaled(text, Currency::VND, 2)
        .map_err(|fault| Refusal::malformed(field, format!("is no amount: {fault}")))
}

/// Vietnamese local time in one of the two formats above.
///
/// # Errors
/// [`Refusal::Malformed`] when the text is no such time, or an absurd one.
pub fn local_time(
    field: &str,
    text: &str,
    format: &str,
    arrived_at: Instant,
) -> Result<Instant, Refusal> {
    // chrono would also read "+2026", single digits and spaces.
    let has_shape = match format {
        COMPACT_TIME => text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => {
            text.len() == 19
                && text.bytes().enumerate().all(|(place, byte)| match place {
                    4 | 7 => byte == b'-',
                    10 => byte == b' ',
                    13 | 16 => byte == b':',
                    _ => byte.is_ascii_digit(),
                })
        }
    };
    let at = has_shape
        .then(|| parse_vietnam_time(text, format))
        .flatten();
    plausible(field, at, arrived_at)
}

/// Milliseconds since 1970.
///
/// # Errors
/// As [`local_time`].
pub fn millis(field: &str, millis: i64, arrived_at: Instant) -> Result<Instant, Refusal> {
    plausible(field, from_millis(millis), arrived_at)
}

/// An instant of RFC 3339, with its zone.
///
/// # Errors
/// As [`local_time`].
pub fn rfc3339(field: &str, text: &str, arrived_at: Instant) -> Result<Instant, Refusal> {
    plausible(field, parse_rfc3339(text), arrived_at)
}

fn plausible(field: &str, at: Option<Instant>, arrived_at: Instant) -> Result<Instant, Refusal> {
    let at = at.ok_or_else(|| Refusal::malformed(field, "is not a time"))?;
    let latest = arrived_at.checked_add_signed(AHEAD).unwrap_or(arrived_at);
    if at.year() < FIRST_YEAR || at > latest {
        return Err(Refusal::malformed(
            field,
            format!("is an absurd time: {at}"),
        ));
    }
    Ok(at)
}

/// Whether the time a call was signed at lies within the channel's window, both ways, edge
/// included. Whole seconds are compared because that is what the protocols send.
///
/// # Errors
/// [`Refusal::Malformed`] when the text is no such time, [`Refusal::OutsideWindow`].
pub fn signed_within_window(
    field: &str,
    text: &str,
    channel: &Channel,
    arrived_at: Instant,
) -> Result<(), Refusal> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = is_plain
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| Refusal::malformed(field, "is not a number of seconds"))?;
    let away = arrived_at.timestamp().saturating_sub(seconds);
    if away.unsigned_abs() > channel.replay_window.as_secs() {
        return Err(Refusal::OutsideWindow(away));
    }
    Ok(())
}

/// A transaction id that identifies something: `None` for an empty one and for zero, which
/// providers send where there was no transaction.
#[must_use]
pub fn real_id(text: &str) -> Option<&str> {
    (!text.bytes().all(|byte| byte == b'0')).then_some(text)
}

/// What identifies the payment at the channel: its transaction id, or the order reference of the
/// attempt where there is none.
#[must_use]
pub fn payment_key(txn_id: &str, order_ref: &str) -> String {
    match real_id(txn_id) {
        Some(id) => id.to_owned(),
        None => format!("{ORDER_KEY}{order_ref}"),
    }
}

/// Whether the merchant named in the call is the channel's.
///
/// # Errors
/// [`Refusal::NotOurs`], or [`Refusal::NotConfigured`] when the channel does not say who it is.
pub fn must_be_ours(claimed: &str, channel: &Channel, name: &str) -> Result<(), Refusal> {
    let known = channel.secret(name);
    if known.is_empty() {
        return Err(Refusal::NotConfigured(name.to_owned().into()));
    }
    if claimed.is_empty() || known.iter().all(|ours| ours.text() != claimed) {
        return Err(Refusal::NotOurs(name.to_owned().into()));
    }
    Ok(())
}

/// Refuses values in which one of `names` could be read as the start of the next field. Several
/// providers sign `name=value&name=value` without escaping, so text chosen by a payer could move
/// the borders between fields while the signature still fits.
///
/// # Errors
/// [`Refusal::Malformed`] naming the field.
pub fn has_one_reading(name: &str, value: &str, names: &[&str]) -> Result<(), Refusal> {
    for part in value.split('&').skip(1) {
        let claimed = part.split_once('=').map(|(claimed, _)| claimed);
        if claimed.is_some_and(|claimed| names.contains(&claimed)) {
            return Err(Refusal::malformed(name, "could be read as two fields"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        parse_rfc3339(text).unwrap()
    }

    #[test]
    fn absurd_times_are_refused() {
        let now = at("2026-01-05T03:35:00Z");
        assert_eq!(
            local_time("t", "20260105103015", COMPACT_TIME, now),
            Ok(at("2026-01-05T03:30:15Z"))
        );
        assert_eq!(
            local_time("t", "2026-01-05 10:30:15", PRINTED_TIME, now),
            Ok(at("2026-01-05T03:30:15Z"))
        );
        for text in [
            "",
            "20260105",
            "2026010510301",
            "20261305103015",
            "20260105253015",
            "00000000000000",
            "20140105103015",
            "20260108103015",
            "99990105103015",
            "+2026010510301",
        ] {
            assert!(local_time("t", text, COMPACT_TIME, now).is_err(), "{text}");
        }
        for text in [
            "2026-1-5 10:30:15",
            "2026-01-05T10:30:15",
            "2026-01-05  9:30:15",
        ] {
            assert!(local_time("t", text, PRINTED_TIME, now).is_err(), "{text}");
        }
        assert!(millis("t", i64::MAX, now).is_err());
        assert!(millis("t", -1, now).is_err());
        assert!(rfc3339("t", "2026-01-05", now).is_err());
    }

    #[test]
    fn amounts_are_whole_dong_or_refused() {
        assert_eq!(money("a", "150000.00", None), Ok(Money::vnd(150_000)));
        assert_eq!(money("a", "150000", Some("VND")), Ok(Money::vnd(150_000)));
        for (text, currency) in [
            ("-1", None),
            ("1.5", None),
            ("1e3", None),
            ("", None),
            ("9223372036854775808", None),
            ("1", Some("vnd")),
            ("1", Some("")),
        ] {
            assert!(money("a", text, currency).is_err(), "{text} {currency:?}");
        }
        assert!(vnd_hundredfold("a", "150").is_err());
    }

    #[test]
    fn text_that_could_move_a_border_is_refused() {
        let names = ["orderId", "amount"];
        for fine in [
            "A + B & C = 5/7",
            "orderId=1",
            "x&orderId",
            "x&orderIdx=1",
            "",
        ] {
            assert_eq!(has_one_reading("m", fine, &names), Ok(()), "{fine}");
        }
        for bad in ["x&orderId=1", "&amount=", "a&b=c&amount=1=2"] {
            assert!(has_one_reading("m", bad, &names).is_err(), "{bad}");
        }
    }
}
