//! SePay's payment gateway: the signed form a payer's browser posts. The members are signed in the
//! order given, so they must be sent in that order. SePay's webhooks speak of bank transfers, which
//! have no order to ask about.

use crate::checkout::outbound::{
    Kind, Members, Outbound, Signed, Way, add, key, name_of, not_taken, text, value,
};
use crate::config::channel::Channel;
use crate::intake::provider::Refusal;
use crate::intake::signature::{hmac_sha256, to_base64};

/// The members that are signed; others only travel.
const SIGNED: &[&str] = &[
    "merchant",
    "operation",
    "payment_method",
    "order_amount",
    "currency",
    "order_invoice_number",
    "order_description",
    "customer_id",
    "success_url",
    "error_url",
    "cancel_url",
];

/// The provider `sepay`.
#[derive(Debug, Clone, Copy)]
pub struct SePay;

impl Outbound for SePay {
    fn name(&self) -> &'static str {
        "sepay"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://pay.sepay.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        if kind != Kind::Pay {
            return Err(not_taken(self.name()));
        }
        add(
            &mut members,
            text("merchant", name_of(channel, "merchant_id")?),
        );
        let mut parts = Vec::with_capacity(members.len());
        for (name, _) in &members {
            if SIGNED.contains(&name.as_str()) {
                parts.push(format!("{name}={}", value(&members, name)?));
            }
        }
        let signed = parts.join(",");
        let digest = hmac_sha256(key(channel, "pg_secret_key")?, &[signed.as_bytes()]);
        let signature = to_base64(&digest);
        members.push(text("signature", signature.clone()));
        Ok(Signed {
            text: signed,
            signature,
            members,
            path: "/v1/checkout/init",
            way: Way::Form,
            headers: Vec::new(),
        })
    }
}
