//! Descriptions that are refused, rule after rule: lines that are changed in a sound description, and
//! the whole sentence, with file and line.

use super::tests::{changed, refused};

/// Lines changed, and the whole sentence.
type Case = (&'static [(&'static str, &'static str)], &'static str);

const CASES: &[Case] = &[
    (
        &[("place", "signature.heeder = \"X-Sign\"")],
        "bank.toml:4: unknown key providers.bank.signature.heeder; did you mean \
         providers.bank.signature.header?",
    ),
    (
        &[("place", "")],
        "bank.toml:2: providers.bank.signature.header is missing: name the header, field or query \
         in which the signature stands",
    ),
    (
        &[("more", "fields.amuont = \"amount\"")],
        "bank.toml:13: unknown key providers.bank.fields.amuont; did you mean \
         providers.bank.fields.amount?",
    ),
    (
        &[("kind", "signature.kind = \"hmac-sha265\"")],
        "bank.toml:3: providers.bank.signature.kind is \"hmac-sha265\"; known are static-key, \
         jwt-hs512, hmac-sha1, hmac-sha256, hmac-sha512, sha256, md5; did you mean hmac-sha256?",
    ),
    (
        &[
            ("signed", "signature.signed = \"${amount}${id}|${code}\""),
            ("more", "signature.id_header = \"X-Id\""),
        ],
        "bank.toml:2: providers.bank.forms.amount is missing: signature.signed joins amount to \
         others without escapes, so text could be moved between them; say what form it has",
    ),
    (
        &[(
            "signed",
            "signature.signed = \"${id}|${amount}|${code}\"\nsignature.id_header = \"X-Id\"\nforms.code = \"[0-9]\"",
        )],
        "bank.toml:2: providers.bank.forms.amount is missing: signature.signed joins amount to \
         others without escapes, so text could be moved between them; say what form it has",
    ),
    (
        &[("signed", "signature.signed = \"${pairs}\"")],
        "bank.toml:2: providers.bank.forms.amount is missing: fields.amount is one of pairs that \
         are signed without escapes, so text could be moved between them; say what form it has",
    ),
    (
        &[(
            "signed",
            "signature.signed = \"${pairs}\"\nsignature.pairs = { encoding = \"form\", names = [\"v_\"] }",
        )],
        "bank.toml:8: providers.bank.fields.amount reads amount, which is not signed: anybody could \
         have written it",
    ),
    (
        &[
            ("signed", "signature.signed = \"${amount}|${field:id}\""),
            ("more", "forms = { amount = \"[0-9]+\", id = \"[0-9]+\" }"),
        ],
        "bank.toml:9: providers.bank.status.succeeded reads code, which is not signed: anybody could \
         have written it",
    ),
    (
        &[
            ("signed", "signature.signed = \"${field:id}|${code}\""),
            ("more", "forms = { code = \"[0-9]+\", id = \"[0-9]+\" }"),
        ],
        "bank.toml:7: providers.bank.fields.amount reads amount, which is not signed: anybody could \
         have written it",
    ),
    (
        &[
            (
                "request",
                "request = { format = \"json\", envelope = \"data\" }",
            ),
            ("signed", "signature.signed = \"${envelope}\""),
            ("more", "identity.\"a.b\" = 3"),
        ],
        "bank.toml:13: providers.bank.identity.a.b must be the name of a secret",
    ),
    (
        &[("payment_key", "fields.memo = \"memo\"")],
        "bank.toml:2: providers.bank.fields.payment_key is missing: without what identifies a \
         payment, one sent twice would be booked twice; name the provider's transaction id",
    ),
    (
        &[("amount", "fields.memo = \"memo\"")],
        "bank.toml:2: providers.bank.fields.amount is missing: name the field with the amount",
    ),
    (
        &[("succeeded", "status.failed = [{ code = \"01\" }]")],
        "bank.toml:2: providers.bank.status.succeeded is missing: say which code means that money \
         was taken",
    ),
    (
        &[("succeeded", "status.succeeded = [{}]")],
        "bank.toml:9: providers.bank.status.succeeded has a condition that every call meets: name \
         the field and its value",
    ),
    (
        &[("succeeded", "status.succeeded = { code = \"00\" }")],
        "bank.toml:9: providers.bank.status.succeeded is a value and no table; conditions stand in \
         a list, such as [{ code = \"00\" }]",
    ),
    (
        &[("succeeded", "status.succeeded = \"00\"")],
        "bank.toml:9: providers.bank.status.succeeded must be a list of conditions, such as \
         [{ code = \"00\" }]",
    ),
    (
        &[("more", "status.otherwise = \"succeeded\"")],
        "bank.toml:13: providers.bank.status.otherwise must not be succeeded: a code that nobody \
         documents is never success",
    ),
    (
        &[("more", "status.otherwise = \"refunded\"")],
        "bank.toml:13: providers.bank.status.otherwise is \"refunded\"; known are review, failed, \
         pending",
    ),
    (
        &[("kind", "signature.kind = \"jwt-hs512\"")],
        "bank.toml:6: providers.bank.signature.signed is for digests and does not go with jwt-hs512",
    ),
    (
        &[
            ("kind", "signature.kind = \"static-key\""),
            ("signed", "signature.encoding = \"hex\""),
        ],
        "bank.toml:6: providers.bank.signature.encoding is for digests and does not go with \
         static-key",
    ),
    (
        &[
            ("kind", "signature.kind = \"static-key\""),
            ("place", "signature.field = \"token\""),
            ("signed", ""),
        ],
        "bank.toml:4: providers.bank.signature.field does not go with static-key: calls are kept as \
         evidence, and a key would be kept with them; it must stand in a header",
    ),
    (
        &[
            ("kind", "signature.kind = \"static-key\""),
            ("signed", "time.field = \"at\""),
        ],
        "bank.toml:6: providers.bank.time.field does not go with static-key: nobody signed the time",
    ),
    (
        &[("signed", "")],
        "bank.toml:2: providers.bank.signature.signed is missing: say what text is signed",
    ),
    (
        &[("signed", "signature.signed = \"constant\"")],
        "bank.toml:6: providers.bank.signature.signed is the same for every call: it must hold what \
         the call says",
    ),
    (
        &[("key", "")],
        "bank.toml:2: providers.bank.signature.key is missing: name the secret that is the key",
    ),
    (
        &[("kind", "signature.kind = \"md5\""), ("key", "")],
        "bank.toml:6: providers.bank.signature.signed holds no ${secret:NAME}, so anybody could \
         compute the hash",
    ),
    (
        &[("kind", "signature.kind = \"sha256\"")],
        "bank.toml:5: providers.bank.signature.key does not go with a plain hash: write \
         ${secret:NAME} into signature.signed",
    ),
    (
        &[("signed", "signature.signed = \"${time}.${body}\"")],
        "bank.toml:6: providers.bank.signature.signed holds ${time}, and nothing says where the time \
         stands: give time.header, time.field or signature.time_tag",
    ),
    (
        &[("more", "time.header = \"X-Time\"")],
        "bank.toml:13: providers.bank.time.header is not signed, so anybody could write another \
         time into an old call: put ${time} into signature.signed",
    ),
    (
        &[("more", "time.window_s = 60")],
        "bank.toml:2: providers.bank.time.header is missing: say where the time stands, or \
         signature.time_tag",
    ),
    (
        &[("more", "signature.tag = \"v1=\"")],
        "bank.toml:13: providers.bank.signature.tag marks one part of several: give \
         signature.separator, or write it as prefix",
    ),
    (
        &[("more", "signature.separator = \",\"")],
        "bank.toml:2: providers.bank.signature.tag is missing: say what marks a signature among the \
         parts, such as \"v1=\"",
    ),
    (
        &[(
            "more",
            "token = { action = \"t\", user = \"u\", password = \"p\" }",
        )],
        "bank.toml:13: providers.bank.token.action is for jwt-hs512: nobody would look at the token",
    ),
    (
        &[("more", "signature.id_header = \"X-Id\"")],
        "bank.toml:13: providers.bank.signature.id_header and ${id} in signature.signed go \
         together: the id must be signed",
    ),
    (
        &[("signed", "signature.signed = \"${body}${amount}\"")],
        "bank.toml:6: providers.bank.signature.signed has something that varies behind a whole \
         body: it could be cut elsewhere",
    ),
    (
        &[("signed", "signature.signed = \"${body\"")],
        "bank.toml:6: providers.bank.signature.signed has a ${ without its }",
    ),
    (
        &[("more", "signature.pairs.names = [\"vpc_\"]")],
        "bank.toml:13: providers.bank.signature.pairs.names is of no use: signature.signed does not \
         hold ${pairs}",
    ),
    (
        &[("more", "signature.field = \"sign\"")],
        "bank.toml:13: providers.bank.signature.field and signature.header, signature.query exclude \
         each other: name one place",
    ),
    (
        &[(
            "request",
            "request = { method = \"GET\", format = \"json\" }",
        )],
        "bank.toml:2: providers.bank.request.method is GET, which carries pairs and no JSON",
    ),
    (
        &[(
            "request",
            "request = { method = \"PUT\", format = \"json\" }",
        )],
        "bank.toml:2: providers.bank.request.method is \"PUT\"; known are GET and POST",
    ),
    (
        &[(
            "request",
            "request = { format = \"pairs\", items = \"data\" }",
        )],
        "bank.toml:2: providers.bank.request.items is for JSON; a query or form has one payment in \
         its pairs",
    ),
    (
        &[
            ("request", "request = { format = \"pairs\" }"),
            ("signed", "signature.signed = \"${json}\""),
        ],
        "bank.toml:6: providers.bank.signature.signed holds ${json}, and request.format is not json",
    ),
    (
        &[(
            "more",
            "fields.order_ref_pattern = \"HS[0-9]+\"\nfields.order_ref_pattern_field = \"memo\"",
        )],
        "bank.toml:13: providers.bank.fields.order_ref_pattern must have one group, which is the \
         reference, such as \"HS([0-9]{6})\"",
    ),
    (
        &[("more", "fields.order_ref_pattern = \"HS([0-9]+)\"")],
        "bank.toml:2: providers.bank.fields.order_ref_pattern_field is missing: name the free text \
         that holds the reference",
    ),
    (
        &[("more", "forms.id = \"([0-9]{1,5000})\"")],
        "bank.toml:13: providers.bank.forms.id repeats something more than 100 times: write a \
         smaller number",
    ),
    (
        &[("more", "fields.paid_at = \"at\"")],
        "bank.toml:2: providers.bank.fields.paid_at_form is missing: say how fields.paid_at is \
         written",
    ),
    (
        &[(
            "more",
            "fields.currency = \"c\"\nfields.currencies = { 704 = \"dong\" }",
        )],
        "bank.toml:14: providers.bank.fields.currencies.704 must be the three capital letters of a \
         currency, such as \"VND\"",
    ),
    (
        &[("more", "status.partially_refunded = [{ code = \"R\" }]")],
        "bank.toml:2: providers.bank.fields.refunded is missing: a refund in part needs the field \
         that says how much",
    ),
    (
        &[("recorded", "answers.recorded = { status = 302 }")],
        "bank.toml:10: providers.bank.answers.recorded.status must be 200 to 299: providers take \
         anything else for a failure",
    ),
    (
        &[
            ("recorded", "answers.recorded.status = 200"),
            ("try_later", "answers.try_later.status = 200"),
        ],
        "bank.toml:12: providers.bank.answers.try_later.status is the same answer as \
         answers.recorded: the provider would believe that we have the payment",
    ),
    (
        &[(
            "recorded",
            "answers.recorded = { status = 200, body = \"${memo}\" }",
        )],
        "bank.toml:10: providers.bank.answers.recorded.body has the unknown hole ${memo}; known are \
         ${order_ref}, ${provider_txn_id}, ${amount}, ${code}",
    ),
    (
        &[("refused", "")],
        "bank.toml:2: providers.bank.answers.refused.status is missing: say what the provider is \
         told, at least its status",
    ),
    (
        &[("key", "signature.key = \"Secret\"")],
        "bank.toml:5: providers.bank.signature.key names the secret \"Secret\": write a-z, 0-9 and _",
    ),
    (
        &[("more", "confidence = \"sure\"")],
        "bank.toml:13: providers.bank.confidence is \"sure\"; known are high, medium, low",
    ),
    (
        &[("head", "[providers.vnpay]")],
        "bank.toml:2: providers.vnpay is the name of a provider that ships: choose another name",
    ),
    (
        &[("head", "[providers.casso]")],
        "bank.toml:2: providers.casso is the name of a provider that ships: choose another name",
    ),
    (
        &[("head", "[providers.My_Bank]")],
        "bank.toml:2: providers.My_Bank is no provider name: write 1 to 32 of a-z, 0-9 and -",
    ),
    (
        &[(
            "key",
            "signature.key = \"secret\"\nsignature.key_form = \"hex\"",
        )],
        "bank.toml:16: channel bank, secret secret: is no hex, as bank writes this key",
    ),
    (
        &[
            (
                "signed",
                "signature.signed = \"${pairs}\"\nsignature.pairs = { encoding = \"form\", without = [\"memo\"] }",
            ),
            (
                "channel",
                "[channels.bank]\nprovider = \"bank\"\nsecrets.secret = \"k\"\nsettings.order_ref_field = \"memo\"",
            ),
        ],
        "bank.toml:17: channels.bank.settings.order_ref_field names memo, which is not signed: \
         anybody could write it",
    ),
];

#[test]
fn an_unsafe_description_is_refused_with_file_line_and_reason() {
    let mut wrong = Vec::new();
    for (changes, sentence) in CASES {
        let told = refused(changes);
        if told != *sentence {
            wrong.push(format!(
                "{}\n  told: {told}\n  should: {sentence}",
                changed(changes)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
