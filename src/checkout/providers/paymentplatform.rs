//! The payment platform of the National Public Service Portal (1.0.6): beginning a payment, its
//! status query and its receipt, hashed by the rule of its confirmations. Nothing official is public:
//! no address is known, so `settings.query_url` names the whole one, and whether answers are hashed
//! is not known either, so they are believed for the connection they came over.

use crate::checkout::outbound::{
    Asks, Kind, Members, Outbound, Question, Request, Signed, Standing, Told, Way, add, key,
    name_of, not_taken, piped, text,
};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::signature::{hmac_sha256, sha256, to_hex};

/// What is hashed of a new payment, in this order.
const INIT: &[&str] = &[
    "LoaiBanTin",
    "PhienBan",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "LoaiHinhThanhToan",
    "MaKenhThanhToan",
    "MaThietBi",
    "NgonNgu",
    "MaTienTe",
    "MaNganHang",
    "ThongTinGiaoDich",
    "ThoiGianGD",
    "Ip",
];

/// What is hashed of a question, in this order.
const QUESTION: &[&str] = &[
    "LoaiBanTin",
    "PhienBan",
    "MaDoiTac",
    "MaThamChieu",
    "ThoiGianGD",
];

/// The provider `paymentplatform`.
#[derive(Debug, Clone, Copy)]
pub struct PaymentPlatform;

impl Outbound for PaymentPlatform {
    fn name(&self) -> &'static str {
        "paymentplatform"
    }

    fn address(&self) -> Option<&'static str> {
        None
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        let (word, names) = match kind {
            Kind::Pay => ("INIT", INIT),
            Kind::Query => ("QUERY", QUESTION),
            Kind::Receipt => ("GET_BILL", QUESTION),
            Kind::Refund => return Err(not_taken(self.name())),
        };
        add(&mut members, text("LoaiBanTin", word));
        add(&mut members, text("PhienBan", "1.0.6"));
        add(
            &mut members,
            text("MaDoiTac", name_of(channel, "partner_code")?),
        );
        let fields = piped(&members, names, &[])?;
        let secret = key(channel, "secret")?;
        let (signed, digest) = match channel.hash.as_deref() {
            Some("hmac-sha256") => {
                let digest = hmac_sha256(secret, &[fields.as_bytes()]);
                (fields, digest)
            }
            Some(_) | None => {
                let signed = format!("{fields}|{}", name_of(channel, "secret")?);
                let digest = sha256(&[fields.as_bytes(), b"|", secret]);
                (signed, digest)
            }
        };
        let signature = to_hex(&digest);
        members.push(text("MaXacThuc", signature.clone()));
        Ok(Signed {
            text: signed,
            signature,
            members,
            path: "",
            way: Way::Json,
            headers: Vec::new(),
        })
    }

    fn asks(&self) -> Option<&'static dyn Asks> {
        Some(&Self)
    }
}

impl Asks for PaymentPlatform {
    fn needs(&self) -> &'static [&'static str] {
        &["partner_code", "secret"]
    }

    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal> {
        let members = vec![
            text("MaThamChieu", question.order_ref),
            text("ThoiGianGD", Question::local(question.ordered_at)),
        ];
        self.sign(Kind::Query, members, channel)?
            .to_request(address)
    }

    fn hear(
        &self,
        body: &[u8],
        question: &Question<'_>,
        channel: &Channel,
    ) -> Result<Told, Refusal> {
        let answer = Json::parse(body)?;
        if answer.scalar_text("MaLoi")? != "00" {
            // Its other codes are not public: neither success nor failure.
            return Ok(Told::nothing(Standing::Open));
        }
        fields::must_be_ours(answer.text("MaDoiTac")?, channel, "partner_code")?;
        question.must_be_mine("MaThamChieu", answer.text("MaThamChieu")?)?;
        notice(&answer, question).map(Told::one)
    }
}

fn notice(answer: &Json, question: &Question<'_>) -> Result<Notice, Refusal> {
    let txn_id = match answer.at("MaGiaoDich") {
        Some(_) => answer.scalar_text("MaGiaoDich")?,
        None => "",
    };
    let currency = answer.opt_text("MaTienTe")?;
    let paid_at = answer.opt_text("ThoiGianGD")?.map(|text| {
        fields::local_time("ThoiGianGD", text, fields::COMPACT_TIME, question.asked_at)
    });
    Ok(Notice {
        event_id: None,
        provider_txn_id: (!txn_id.is_empty()).then(|| txn_id.to_owned()),
        payment_key: fields::payment_key(txn_id, question.order_ref),
        order_ref: Some(question.order_ref.to_owned()),
        amount: fields::money("SoTien", answer.scalar_text("SoTien")?, currency)?,
        refunded_minor: None,
        status: status(answer.scalar_text("TrangThaiGD")?),
        paid_at: paid_at.transpose()?,
        memo: answer.opt_text("ThongTinGiaoDich")?.map(str::to_owned),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    })
}

/// 1 is paid and 4 failed; at 3 the platform itself does not know what the bank did. Other states
/// are not public, so an officer looks at them.
fn status(state: &str) -> PaymentStatus {
    match state {
        "1" => PaymentStatus::Succeeded,
        "3" => PaymentStatus::Pending,
        "4" => PaymentStatus::Failed,
        _ => PaymentStatus::Review,
    }
}
