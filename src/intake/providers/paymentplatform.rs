//! The payment platform of the National Public Service Portal (version 1.0.6): a POST of JSON with
//! its hash inside comes in, one notice goes out. There is no event id, so the facts are the
//! notice's key; the payment's key is `MaGiaoDich`, or `ref:` and `MaThamChieu` without one. Nothing
//! official is public: the hash rule, and whether it covers our answer so, is unconfirmed and
//! therefore a setting (`hash`). It does not judge `LoaiBanTin`, whose values are not known.

use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::{Instant, VIETNAM};
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{
    Answer, Normalised, Outcome, Provider, RawCall, Refusal, TRY_AGAIN_AFTER_S,
};
use crate::intake::signature::{any_key_gives_hex, hmac_sha256, sha256, to_hex};
use crate::intake::verify::{Checked, Content, Verified};

const SIGNATURE: &str = "MaXacThuc";

/// What is hashed, in this order.
const SIGNED: &[&str] = &[
    "LoaiBanTin",
    "MaLoi",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaGiaoDich",
    "MaNganHang",
    "ThoiGianGD",
    "ThongTinGiaoDich",
];

/// The one field with free text; being the last, it may hold the separator.
const FREE_TEXT: &str = "ThongTinGiaoDich";

/// The provider `paymentplatform`.
#[derive(Debug, Clone, Copy)]
pub struct PaymentPlatform;

impl Provider for PaymentPlatform {
    fn name(&self) -> &str {
        "paymentplatform"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        vec![("partner_code", true), ("secret", true)]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["accounts", "hash"]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        let body = call.json()?;
        let claimed = body.text(SIGNATURE)?;
        let text = signed_text(&body)?;
        let rule = HashRule::of(channel.hash.as_deref())?;
        any_key_gives_hex(channel.secret("secret"), "secret", claimed, |key| {
            rule.digest(&text, key.bytes())
        })?;
        Ok(Checked {
            content: Content::Json(body.only(SIGNED)),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        let body = verified.json()?;
        fields::must_be_ours(body.text("MaDoiTac")?, channel, "partner_code")?;
        let order_ref = body.filled_text("MaThamChieu")?;
        let txn_id = body.scalar_text("MaGiaoDich")?;
        let currency = body.opt_text("MaTienTe")?;
        // The open code of the platform writes it with a twelve-hour clock at times: good enough
        // to show, not to decide what came first.
        let paid_at = body.opt_text("ThoiGianGD")?.map(|text| {
            let arrived_at = verified.arrived_at();
            fields::local_time("ThoiGianGD", text, fields::COMPACT_TIME, arrived_at)
        });
        Ok(Normalised::one(Notice {
            event_id: None,
            provider_txn_id: (!txn_id.is_empty()).then(|| txn_id.to_owned()),
            payment_key: fields::payment_key(txn_id, order_ref),
            order_ref: Some(order_ref.to_owned()),
            amount: fields::money("SoTien", body.scalar_text("SoTien")?, currency)?,
            refunded_minor: None,
            status: status(body.text("MaLoi")?),
            paid_at: paid_at.transpose()?,
            memo: body.opt_text(FREE_TEXT)?.map(str::to_owned),
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        }))
    }

    /// HTTP 200 with `MaLoi` 00 or 99. The hash over the other fields, in this order and by the
    /// same rule as the confirmation's, is an assumption.
    fn answer(&self, outcome: Outcome<'_>, channel: &Channel, now: Instant) -> Answer {
        let (status, code, message, notice) = match outcome {
            Outcome::New(_, notice) | Outcome::Repeat(_, notice) => {
                (200, "00", "Thành công", notice)
            }
            Outcome::Refused(Refusal::WrongMethod(_)) => return Answer::empty(405),
            Outcome::Refused(refusal) if refusal.is_unproven(&[SIGNATURE]) => {
                (200, "99", "Mã xác thực không đúng", None)
            }
            Outcome::Refused(_) => (200, "99", "Bản tin không hợp lệ", None),
            Outcome::TryLater => (503, "99", "Hệ thống bận, vui lòng gửi lại", None),
        };
        let order_ref = notice.and_then(|notice| notice.order_ref.as_deref());
        let answer = Answer::json(
            status,
            answer_body(code, message, order_ref.unwrap_or(""), channel, now),
        );
        match status {
            503 => answer.retry_after(TRY_AGAIN_AFTER_S),
            _ => answer,
        }
    }
}

fn answer_body(
    code: &str,
    message: &str,
    order_ref: &str,
    channel: &Channel,
    now: Instant,
) -> String {
    let first = |name| channel.secret(name).first();
    let partner = first("partner_code").map_or("", |code| code.text());
    let time = now
        .with_timezone(&VIETNAM)
        .format(fields::COMPACT_TIME)
        .to_string();
    let text = [code, message, partner, order_ref, &time].join("|");
    let signature = match (HashRule::of(channel.hash.as_deref()), first("secret")) {
        (Ok(rule), Some(key)) => to_hex(&rule.digest(&text, key.bytes())),
        (Err(_), _) | (_, None) => String::new(),
    };
    let member = |name: &str, value: &str| (name.to_owned(), Json::Text(value.to_owned()));
    Json::Object(vec![
        member("MaLoi", code),
        member("MoTaLoi", message),
        member("MaDoiTac", partner),
        member("MaThamChieu", order_ref),
        member("ThoiGianGD", &time),
        member(SIGNATURE, &signature),
    ])
    .to_compact_text()
}

/// The two rules that open code bases show for `MaXacThuc`.
#[derive(Clone, Copy)]
enum HashRule {
    /// SHA-256 of the fields and, after them, the secret.
    Sha256,
    /// HMAC-SHA256 of the fields with the secret as its key.
    HmacSha256,
}

impl HashRule {
    fn of(setting: Option<&str>) -> Result<Self, Refusal> {
        match setting {
            None | Some("sha256") => Ok(Self::Sha256),
            Some("hmac-sha256") => Ok(Self::HmacSha256),
            Some(_) => Err(Refusal::NotConfigured("hash".into())),
        }
    }

    fn digest(self, text: &str, secret: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha256(&[text.as_bytes(), b"|", secret]),
            Self::HmacSha256 => hmac_sha256(secret, &[text.as_bytes()]),
        }
    }
}

/// The fields joined by `|`, nothing escaped. Only the last may hold a `|`: elsewhere it could
/// move the border between two fields under the same hash.
fn signed_text(body: &Json) -> Result<String, Refusal> {
    let mut values = Vec::with_capacity(SIGNED.len());
    for name in SIGNED {
        let value = body.scalar_text(name)?;
        if value.contains('|') && *name != FREE_TEXT {
            return Err(Refusal::malformed(*name, "could be read as two fields"));
        }
        values.push(value);
    }
    Ok(values.join("|"))
}

/// The body of `members` with the hash the platform would give it; `hash` as in the settings.
///
/// # Errors
/// A refusal when a signed member is absent or the rule is unknown.
pub fn sign_body(
    mut members: Vec<(String, Json)>,
    hash: Option<&str>,
    secret: &[u8],
) -> Result<String, Refusal> {
    let text = signed_text(&Json::Object(members.clone()))?;
    let digest = HashRule::of(hash)?.digest(&text, secret);
    members.push((SIGNATURE.to_owned(), Json::Text(to_hex(&digest))));
    Ok(Json::Object(members).to_compact_text())
}

/// 00 is success and 99 failure; the other codes are not public and may stand for money whose fate
/// the platform does not know, so an officer looks at it.
fn status(code: &str) -> PaymentStatus {
    match code {
        "00" => PaymentStatus::Succeeded,
        "99" => PaymentStatus::Failed,
        _ => PaymentStatus::Review,
    }
}
