//! Templates: text with `${…}` holes comes in, its pieces go out. One kind says what is signed, the
//! other what is answered. Which values fill the holes is not decided here.

use super::description::Field;

/// A piece of a signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Text(String),
    /// `${time}`: when the call was signed, as sent.
    Time,
    /// `${id}`: the id of the call.
    Id,
    /// `${body}`: the body, byte for byte.
    Body,
    /// `${json}`: the body as compact JSON, members sorted at every depth.
    Json,
    /// `${pairs}`: the signed pairs by name.
    Pairs,
    /// `${envelope}`: the text that holds the call.
    Envelope,
    /// `${secret:NAME}`: a secret of the channel.
    Secret(String),
    /// `${NAME}` or `${field:NAME}`; with `?` at the end it may be absent.
    Field {
        /// The field.
        field: Field,
        /// Whether it may be absent.
        is_optional: bool,
    },
}

impl Piece {
    /// The name of the secret, where it is one.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        if let Self::Secret(name) = self {
            Some(name)
        } else {
            None
        }
    }

    /// Whether its text differs from call to call.
    #[must_use]
    pub fn varies(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Secret(_))
    }
}

/// A piece of an answer's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPiece {
    /// Itself.
    Text(String),
    /// The order reference that the call claims.
    OrderRef,
    /// The transaction's id as the provider wrote it.
    ProviderTxnId,
    /// The amount as decimal text.
    Amount,
    /// The word for the refusal.
    Code,
}

/// The holes an answer may have.
pub(super) const ANSWER_HOLES: [&str; 4] = ["order_ref", "provider_txn_id", "amount", "code"];

/// A text cut at its holes.
enum Cut<'a> {
    Text(&'a str),
    Hole(&'a str),
}

fn cut(text: &str) -> Result<Vec<Cut<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (hole, after) = after
            .split_once('}')
            .ok_or("has a ${ without its }".to_owned())?;
        if hole.is_empty() || hole.contains(['{', '$', ' ']) {
            return Err(format!("has the hole ${{{hole}}}, which names nothing"));
        }
        if !before.is_empty() {
            pieces.push(Cut::Text(before));
        }
        pieces.push(Cut::Hole(hole));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Cut::Text(rest));
    }
    Ok(pieces)
}

/// The pieces of a signed text; `field` reads the name of a field.
pub(super) fn signed(text: &str, field: impl Fn(&str) -> Field) -> Result<Vec<Piece>, String> {
    let piece = |cut: Cut<'_>| match cut {
        Cut::Text(text) => Piece::Text(text.to_owned()),
        Cut::Hole("time") => Piece::Time,
        Cut::Hole("id") => Piece::Id,
        Cut::Hole("body") => Piece::Body,
        Cut::Hole("json") => Piece::Json,
        Cut::Hole("pairs") => Piece::Pairs,
        Cut::Hole("envelope") => Piece::Envelope,
        Cut::Hole(hole) => match hole.split_once(':') {
            Some(("secret", name)) => Piece::Secret(name.to_owned()),
            Some(("field", name)) => named(name, &field),
            Some(_) | None => named(hole, &field),
        },
    };
    Ok(cut(text)?.into_iter().map(piece).collect())
}

fn named(name: &str, field: &impl Fn(&str) -> Field) -> Piece {
    let bare = name.strip_suffix('?');
    Piece::Field {
        field: field(bare.unwrap_or(name)),
        is_optional: bare.is_some(),
    }
}

/// The pieces of an answer; an unknown hole is given back as the fault.
pub(super) fn answer(text: &str) -> Result<Vec<AnswerPiece>, String> {
    let piece = |cut: Cut<'_>| match cut {
        Cut::Text(text) => Ok(AnswerPiece::Text(text.to_owned())),
        Cut::Hole("order_ref") => Ok(AnswerPiece::OrderRef),
        Cut::Hole("provider_txn_id") => Ok(AnswerPiece::ProviderTxnId),
        Cut::Hole("amount") => Ok(AnswerPiece::Amount),
        Cut::Hole("code") => Ok(AnswerPiece::Code),
        Cut::Hole(other) => Err(format!(
            "has the unknown hole ${{{other}}}; known are {}",
            ANSWER_HOLES.map(|hole| format!("${{{hole}}}")).join(", ")
        )),
    };
    cut(text)?.into_iter().map(piece).collect()
}
