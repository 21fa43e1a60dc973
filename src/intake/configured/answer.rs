//! The answers of a described provider: what became of a call comes in, the reply its description
//! has for that goes out. Values are escaped as the reply's content type asks.

use crate::config::described::description::{Description, Reply};
use crate::config::described::scheme::Place;
use crate::config::described::template::AnswerPiece;
use crate::domain::notice::{Notice, Verdict};
use crate::intake::provider::{Answer, Outcome, Refusal, TRY_AGAIN_AFTER_S};

/// The answer to an outcome.
pub(super) fn answer(description: &Description, outcome: Outcome<'_>) -> Answer {
    let answers = &description.answers;
    let (reply, notice, code) = match outcome {
        Outcome::New(verdict, notice) => {
            let reply = recorded(description, verdict, &answers.recorded);
            (reply, notice, verdict.as_str())
        }
        Outcome::Repeat(verdict, notice) => {
            let reply = recorded(description, verdict, &answers.repeat);
            (reply, notice, verdict.as_str())
        }
        Outcome::Refused(Refusal::WrongMethod(_)) => return Answer::empty(405),
        Outcome::Refused(refusal) if is_unproven(description, refusal) => {
            (&answers.bad_signature, None, refusal.code())
        }
        Outcome::Refused(refusal) => (&answers.refused, None, refusal.code()),
        Outcome::TryLater => (&answers.try_later, None, "try_later"),
    };
    let answer = Answer {
        status: reply.status,
        content_type: reply.content_type.clone().into(),
        body: body(reply, notice, code),
        retry_after_s: None,
    };
    if matches!(outcome, Outcome::TryLater) && reply.status >= 500 {
        return answer.retry_after(TRY_AGAIN_AFTER_S);
    }
    answer
}

fn recorded<'a>(description: &'a Description, verdict: Verdict, other: &'a Reply) -> &'a Reply {
    match verdict {
        Verdict::UnknownOrder => &description.answers.unknown_order,
        Verdict::AmountDiffers => &description.answers.amount_differs,
        Verdict::AlreadyFinal | Verdict::Conflict => &description.answers.already_final,
        Verdict::Recorded => other,
    }
}

/// Whether the caller did not prove who it is.
fn is_unproven(description: &Description, refusal: &Refusal) -> bool {
    let proof = &description.proof;
    let time = proof.time.as_ref().and_then(|rule| rule.place.as_ref());
    let places = [Some(&proof.place), time].into_iter().flatten();
    let mut names: Vec<&str> = places
        .map(|place| match place {
            Place::Header(name) | Place::Query(name) => name.as_str(),
            Place::Field(field) => field.shown.as_str(),
        })
        .collect();
    names.extend(proof.id_header.as_deref());
    if description.token.is_some() {
        names.push("authorization");
    }
    refusal.is_unproven(&names)
}

fn body(reply: &Reply, notice: Option<&Notice>, code: &str) -> String {
    let fact = |read: fn(&Notice) -> Option<String>| notice.and_then(read).unwrap_or_default();
    let mut text = String::new();
    for piece in &reply.body {
        let value = match piece {
            AnswerPiece::Text(own) => {
                text.push_str(own);
                continue;
            }
            AnswerPiece::OrderRef => fact(|notice| notice.order_ref.clone()),
            AnswerPiece::ProviderTxnId => fact(|notice| notice.provider_txn_id.clone()),
            AnswerPiece::Amount => fact(|notice| Some(notice.amount.to_decimal_text())),
            AnswerPiece::Code => code.to_owned(),
        };
        text.push_str(&escaped(&value, &reply.content_type));
    }
    text
}

/// A value as the inside of a JSON text, or form-encoded in any other body.
fn escaped(value: &str, content_type: &str) -> String {
    if !content_type.contains("json") {
        return form_urlencoded::byte_serialize(value.as_bytes()).collect();
    }
    let quoted = serde_json::Value::from(value).to_string();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or("").to_owned()
}
