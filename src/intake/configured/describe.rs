//! A description in plain sentences, for people who have to know what a channel does before money
//! goes through it. A description comes in, sentences go out; nothing is judged.

use crate::config::described::description::{
    AmountForm, Condition, Description, Field, Format, Test, Wrapping,
};
use crate::config::described::scheme::{Digest, Place, ProofKind, Writing};
use crate::config::described::template::Piece;
use crate::domain::payment::PaymentStatus;

/// What the description does, one sentence for each of its parts.
#[must_use]
pub fn sentences(description: &Description, window_s: u64) -> Vec<String> {
    let mut told = vec![
        request(description),
        proof(description, window_s),
        meaning(description),
        states(description),
    ];
    for (field, secret) in &description.identity {
        told.push(format!(
            "a call whose {} is not secrets.{secret} is refused, where that is given",
            field.shown
        ));
    }
    told
}

/// What people should know before they trust it.
#[must_use]
pub fn doubts(description: &Description) -> Vec<String> {
    let mut doubts = Vec::new();
    let proof = &description.proof;
    match proof.kind {
        ProofKind::Digest(Digest::Md5) => {
            doubts.push("MD5 is broken: ask the provider for another scheme".to_owned());
        }
        ProofKind::Digest(_) => {}
        ProofKind::StaticKey | ProofKind::Token => doubts.push(
            "calls are not signed: whoever has the key, or listens, can write any payment, so only \
             TLS protects it"
                .to_owned(),
        ),
    }
    let pieces = proof.text.windows(2);
    let touches = |pair: &[Piece]| pair.iter().all(Piece::varies);
    if pieces.into_iter().any(touches) {
        doubts.push(
            "fields are signed without anything between them: only their forms keep text from being \
             moved from one to the next"
                .to_owned(),
        );
    }
    doubts
}

fn request(description: &Description) -> String {
    let request = &description.request;
    let methods = match (request.takes_get, request.takes_post) {
        (true, true) => "GET with a query, or POST with a form",
        (true, false) => "GET with a query",
        (false, _) => match request.format {
            Format::Json => "POST with JSON",
            Format::Pairs => "POST with a form",
        },
    };
    let envelope = match &request.envelope {
        None => String::new(),
        Some((field, Wrapping::Text)) => format!(", inside the text {}", field.shown),
        Some((field, Wrapping::Base64)) => format!(", inside the Base64 text {}", field.shown),
    };
    let items = match &request.items {
        None => String::new(),
        Some(field) => format!("; its payments stand in {}", field.shown),
    };
    let token = match &description.token {
        None => String::new(),
        Some(token) => format!(
            "; first it asks for a token at …/{}, good for {} seconds",
            token.action,
            token.lifetime.as_secs()
        ),
    };
    format!("a call is a {methods}{envelope}{items}{token}")
}

fn proof(description: &Description, window_s: u64) -> String {
    let proof = &description.proof;
    let place = match &proof.place {
        Place::Header(name) => format!("the header {name}"),
        Place::Field(field) => format!("the field {}", field.shown),
        Place::Query(name) => format!("{name} in the query"),
    };
    let key = proof.key.as_deref().unwrap_or("");
    let time = match &proof.time {
        None => String::new(),
        Some(_) => format!("; a call signed more than {window_s} seconds from now is refused"),
    };
    match proof.kind {
        ProofKind::StaticKey => format!("it proves itself with secrets.{key} in {place}"),
        ProofKind::Token => format!("it proves itself with a token of ours in {place}"),
        ProofKind::Digest(digest) => {
            let name = digest.as_str();
            let keyed = if digest.is_keyed() {
                format!(", keyed with secrets.{key}")
            } else {
                String::new()
            };
            let text = signed(description);
            format!("it proves itself with {name} in {place} over {text}{keyed}{time}")
        }
    }
}

fn signed(description: &Description) -> String {
    let text: String = description.proof.text.iter().map(piece).collect();
    let Some(rule) = &description.proof.pairs else {
        return text;
    };
    let names = match rule.prefixes.as_slice() {
        [] => "every name".to_owned(),
        prefixes => format!("names beginning {}", prefixes.join(" or ")),
    };
    let writing = match rule.writing {
        Writing::Raw => "unescaped",
        Writing::Form => "form-encoded",
        Writing::Received => "as received",
    };
    format!("{text} (pairs sorted by name, {names}, {writing})")
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Time => "<time>".to_owned(),
        Piece::Id => "<id>".to_owned(),
        Piece::Body => "<body>".to_owned(),
        Piece::Json => "<sorted JSON>".to_owned(),
        Piece::Pairs => "<pairs>".to_owned(),
        Piece::Envelope => "<envelope>".to_owned(),
        Piece::Secret(name) => format!("<secrets.{name}>"),
        Piece::Field { field, .. } => format!("<{}>", field.shown),
    }
}

fn meaning(description: &Description) -> String {
    let fields = &description.fields;
    let amount = match fields.amount_form {
        AmountForm::Units => "",
        AmountForm::Hundredths => ", sent times 100",
        AmountForm::Minor => ", in the smallest unit of its currency",
    };
    let plus: String = fields
        .amount_plus
        .iter()
        .map(|field| format!(" + {}", field.shown))
        .collect();
    let negative = match fields.negative_is_outgoing {
        true => ", below zero when money left",
        false => "",
    };
    let order = match (names(&fields.order_ref), &fields.order_ref_pattern) {
        (names, None) if names.is_empty() => "not sent, found in the memo".to_owned(),
        (names, None) => names,
        (names, Some(_)) if names.is_empty() => "found in the memo".to_owned(),
        (names, Some(_)) => format!("{names}, or found in the memo"),
    };
    format!(
        "a payment is known by {}; its amount is {}{plus}{amount}{negative}; its order reference is \
         {order}",
        names(&fields.payment_key),
        names(&fields.amount),
    )
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.shown.as_str()).collect();
    names.join(", else ")
}

fn states(description: &Description) -> String {
    // Success first: it is what people look for.
    let is_success =
        |(status, _): &&(PaymentStatus, Vec<Condition>)| *status == PaymentStatus::Succeeded;
    let rules = &description.states.rules;
    let success = rules.iter().filter(is_success);
    let others = rules.iter().filter(|rule| !is_success(rule));
    let told: Vec<String> = success
        .chain(others)
        .map(|(status, conditions)| format!("{} when {}", word(*status), any(conditions)))
        .collect();
    let only = match description.states.only.as_slice() {
        [] => String::new(),
        only => format!("; calls without {} speak of no payment", any(only)),
    };
    format!(
        "it is {}; {} otherwise{only}",
        told.join("; "),
        word(description.states.otherwise)
    )
}

fn word(status: PaymentStatus) -> &'static str {
    if status == PaymentStatus::Review {
        return "for an officer to look at";
    }
    status.as_str()
}

fn any(conditions: &[Condition]) -> String {
    let all: Vec<String> = conditions.iter().map(one).collect();
    all.join(" or ")
}

fn one(condition: &Condition) -> String {
    let parts: Vec<String> = condition
        .iter()
        .map(|(field, test)| match test {
            Test::Filled => format!("{} is filled", field.shown),
            Test::OneOf(words) => format!("{} = {}", field.shown, words.join("|")),
        })
        .collect();
    parts.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::load;

    #[test]
    fn a_description_is_told_in_sentences_and_doubts() {
        let channel = |provider: &str, scheme: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("own.toml");
            let text = format!(
                "[channels.x]\nprovider = \"{provider}\"\nsettings.scheme = \"{scheme}\"\n"
            );
            std::fs::write(&file, text).unwrap();
            let loaded = load(&[file], [], &[]).unwrap();
            loaded.settings.channels["x"].described.clone().unwrap()
        };
        let casso = channel("casso", "casso-v2");
        assert_eq!(
            sentences(&casso, 300),
            [
                "a call is a POST with JSON; its payments stand in data",
                "it proves itself with HMAC-SHA512 in the header x-casso-signature over <time>.<sorted \
                 JSON>, keyed with secrets.checksum_key; a call signed more than 300 seconds from now is \
                 refused",
                "a payment is known by id, else reference; its amount is amount, below zero when money \
                 left; its order reference is not sent, found in the memo",
                "it is succeeded when /error = 0; for an officer to look at otherwise",
            ]
        );
        assert!(doubts(&casso).is_empty());
        let keypay = doubts(&channel("keypay", "keypay-md5"));
        assert_eq!(keypay.len(), 2, "{keypay:?}");
        assert!(
            keypay[0].contains("MD5") && keypay[1].contains("moved"),
            "{keypay:?}"
        );
        let token = doubts(&channel("vietqrvn", "vietqrvn"));
        assert!(token[0].contains("not signed"), "{token:?}");
    }
}
