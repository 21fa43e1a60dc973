//! VNPT Pay (1.0.5): the request that begins a payment, hashed with the secret at its end and proven
//! by an API key. Its calls to us and its query's answers are not public, so neither is spoken.

use crate::checkout::outbound::{
    Kind, Members, Outbound, Signed, Way, name_of, not_taken, piped, text,
};
use crate::config::channel::Channel;
use crate::intake::provider::Refusal;
use crate::intake::signature::{sha256, to_hex};

/// What is hashed, in this order.
const INIT: &[&str] = &[
    "ACTION",
    "VERSION",
    "MERCHANT_SERVICE_ID",
    "MERCHANT_ORDER_ID",
    "AMOUNT",
    "AMOUNT_DETAIL",
    "SERVICE_ID",
    "DEVICE",
    "LOCALE",
    "CURRENCY_CODE",
    "PAYMENT_METHOD",
    "DESCRIPTION",
    "CREATE_DATE",
    "CLIENT_IP",
];

/// The provider `vnptpay`.
#[derive(Debug, Clone, Copy)]
pub struct VnptPay;

impl Outbound for VnptPay {
    fn name(&self) -> &'static str {
        "vnptpay"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://api.vnptpay.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        if kind != Kind::Pay {
            return Err(not_taken(self.name()));
        }
        let secret = name_of(channel, "secret_key")?;
        let signed = format!("{}|{secret}", piped(&members, INIT, &[])?);
        let signature = to_hex(&sha256(&[signed.as_bytes()]));
        members.push(text("SECURE_CODE", signature.clone()));
        let bearer = format!("Bearer {}", name_of(channel, "api_key")?);
        Ok(Signed {
            text: signed,
            signature,
            members,
            path: "/rest/payment/v1.0.5/init",
            way: Way::Json,
            headers: vec![("authorization", bearer)],
        })
    }
}
