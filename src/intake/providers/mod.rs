//! The roster of coded providers and nothing else: one line each. A new one is one file here, one
//! line below, its fixtures, and nothing anywhere else; one that signs in a known way needs no code
//! but a description in the configuration.

use super::provider::Provider;
use crate::config::channel::Channel;

pub mod momo;
pub mod paymentplatform;
pub mod payos;
pub mod sepay;
pub mod standardwebhooks;
pub mod vnpay;
pub mod zalopay;

/// Every provider this program speaks with in code of its own.
pub const ROSTER: &[&dyn Provider] = &[
    &vnpay::Vnpay,
    &momo::Momo,
    &zalopay::ZaloPay,
    &payos::PayOs,
    &sepay::SePay,
    &paymentplatform::PaymentPlatform,
    &standardwebhooks::StandardWebhooks,
];

/// The provider a channel speaks with: the one that is described for it, else the coded one of its
/// name.
#[must_use]
pub fn of(channel: &Channel) -> Option<&dyn Provider> {
    match &channel.described {
        Some(description) => Some(description.as_ref()),
        None => Some(find(&channel.provider)?),
    }
}

/// The names under which money is counted: the coded providers', then those of described ones that
/// a channel uses.
#[must_use]
pub fn names<'a>(channels: impl IntoIterator<Item = &'a Channel>) -> Vec<String> {
    let mut names: Vec<String> = ROSTER.iter().map(|one| one.name().to_owned()).collect();
    for channel in channels {
        if !names.contains(&channel.provider) {
            names.push(channel.provider.clone());
        }
    }
    names
}

/// The coded provider of a name, as configuration writes it.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    ROSTER
        .iter()
        .copied()
        .find(|provider| provider.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::config::described::build::SHIPPED;
    use crate::config::described::scheme::ProofKind;
    use crate::config::secret::Secret;
    use crate::domain::ids::Tenant;
    use crate::domain::money::Currency;
    use crate::domain::notice::{Notice, Verdict};
    use crate::domain::payment::PaymentStatus;
    use crate::domain::time::{Instant, from_millis, parse_rfc3339};
    use crate::intake::json::Json;
    use crate::intake::provider::{Answer, Method, Normalised, Outcome, RawCall, Refusal};
    use crate::intake::verify::verify;

    struct Fixture {
        name: String,
        channel: Channel,
        call: RawCall,
        facts: Value,
    }

    impl Fixture {
        fn read(&self, call: &RawCall) -> Result<Normalised, Refusal> {
            let verified = verify(self.provider(), call, &self.channel)?;
            self.provider().normalise(&verified, &self.channel)
        }

        fn provider(&self) -> &dyn Provider {
            of(&self.channel).unwrap()
        }

        fn has_signed_body(&self) -> bool {
            let described = self.channel.described.as_ref();
            let is_digest =
                described.is_none_or(|one| matches!(one.proof.kind, ProofKind::Digest(_)));
            is_digest
                && !matches!(
                    self.channel.scheme.as_deref(),
                    Some("sepay-apikey" | "sepay-pg-secret")
                )
        }
    }

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers")
    }

    fn fixtures() -> Vec<Fixture> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder()).unwrap() {
            let provider = entry.unwrap().file_name().into_string().unwrap();
            for entry in fs::read_dir(folder().join(&provider)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().unwrap() == "http" {
                    all.push(load(&provider, &path));
                }
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    fn load(provider: &str, path: &Path) -> Fixture {
        let facts: Value =
            serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        Fixture {
            name: format!("{provider}/{stem}"),
            channel: match find(provider) {
                Some(coded) => channel(coded, &facts),
                None => described(provider, &facts),
            },
            call: call(&fs::read(path).unwrap(), facts["verify_at"].as_i64()),
            facts,
        }
    }

    /// The channel of a described provider, read from settings as an installation writes them.
    fn described(provider: &str, facts: &Value) -> Channel {
        let mut text = format!("[channels.x]\nprovider = \"{provider}\"\n");
        text.push_str(&format!("settings.scheme = {}\n", facts["scheme"]));
        for (table, members) in [
            ("secrets", &facts["secrets"]),
            ("settings", &facts["config"]),
        ] {
            for (name, value) in members.as_object().into_iter().flatten() {
                text.push_str(&format!("{table}.{name} = {value}\n"));
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        fs::write(&file, text).unwrap();
        let loaded = crate::config::load::load(&[file], [], &[]).unwrap();
        loaded.settings.channels["x"].clone()
    }

    fn channel(provider: &dyn Provider, facts: &Value) -> Channel {
        let mut secrets: BTreeMap<String, Vec<Secret>> = BTreeMap::new();
        for (name, value) in facts["secrets"].as_object().unwrap() {
            // The configuration loader merges these two spellings in the same way.
            let name = name.strip_prefix("previous_").unwrap_or(name);
            let secret = Secret::new(value.as_str().unwrap());
            secrets.entry(name.to_owned()).or_default().push(secret);
        }
        let setting = |name: &str| facts["config"][name].as_str().map(str::to_owned);
        let scheme = facts["scheme"].as_str().map(str::to_owned);
        Channel {
            name: provider.name().to_owned(),
            provider: provider.name().to_owned(),
            tenant: Tenant(1),
            door: crate::config::door::ChannelDoor::default(),
            secrets,
            scheme: scheme.filter(|_| !provider.schemes().is_empty()),
            hash: setting("hash"),
            replay_window: Duration::from_secs(300),
            order_ref_field: setting("order_ref_field"),
            order_ref_pattern: setting("order_ref_pattern")
                .map(|pattern| regex_lite::Regex::new(&pattern).unwrap()),
            order_ref_pattern_field: setting("order_ref_pattern_field"),
            accounts: Vec::new(),
            query_url: None,
            described: None,
        }
    }

    fn now() -> Instant {
        parse_rfc3339("2026-01-05T03:35:00Z").unwrap()
    }

    fn call(wire: &[u8], verify_at: Option<i64>) -> RawCall {
        let end = wire
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = std::str::from_utf8(&wire[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap().split(' ');
        let method = match words.next().unwrap() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            other => panic!("{other}"),
        };
        let target = words.next().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        RawCall {
            method,
            action: path.split('/').nth(3).unwrap_or("").to_owned(),
            query: query.to_owned(),
            headers: lines.map(header).collect(),
            body: wire[end + 4..].to_vec(),
            arrived_at: verify_at.map_or_else(now, |at| from_millis(at * 1000).unwrap()),
        }
    }

    fn fixture(name: &str) -> Fixture {
        let (provider, stem) = name.split_once('/').unwrap();
        let path = folder().join(provider).join(format!("{stem}.http"));
        load(provider, &path)
    }

    fn only_notice(normalised: Normalised) -> Notice {
        assert_eq!(normalised.notices.len(), 1);
        normalised.notices.into_iter().next().unwrap()
    }

    #[test]
    fn the_roster_is_complete_and_has_no_name_twice() {
        let shipped = SHIPPED.iter().map(|(file, _)| {
            let file = file.strip_prefix("config/providers/").unwrap();
            file.strip_suffix(".toml").unwrap()
        });
        let coded = ROSTER.iter().map(|provider| provider.name());
        let names: BTreeSet<&str> = coded.chain(shipped).collect();
        assert_eq!(names.len(), ROSTER.len() + SHIPPED.len());
        for entry in fs::read_dir(folder()).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(names.contains(name.to_str().unwrap()), "{name:?}");
        }
        assert!(find("vnpay").is_some() && find("VNPAY").is_none());
    }

    #[test]
    fn every_genuine_call_says_what_the_provider_meant() {
        for fixture in fixtures() {
            if !fixture.facts["valid"].as_bool().unwrap() {
                continue;
            }
            let (name, expect) = (&fixture.name, &fixture.facts["expect"]);
            let read = fixture.read(&fixture.call);
            let read = read.unwrap_or_else(|why| panic!("{name}: {why}"));
            if expect.get("response").is_some() {
                let body = read.reply.unwrap().body;
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["expires_in"], expect["response"]["expires_in"]);
                continue;
            }
            if let Some(list) = expect["list"].as_array() {
                assert_eq!(read.notices.len(), list.len(), "{name}");
                for (notice, expect) in read.notices.iter().zip(list) {
                    check_notice(name, notice, expect);
                }
                continue;
            }
            check_notice(name, &only_notice(read), expect);
        }
    }

    fn check_notice(name: &str, notice: &Notice, expect: &Value) {
        let has = |key: &str| expect.get(key).is_some();
        let text = |key: &str| expect[key].as_str();
        if has("provider_txn_id") {
            let expected = text("provider_txn_id");
            assert_eq!(notice.provider_txn_id.as_deref(), expected, "{name}");
        }
        assert_eq!(notice.order_ref.as_deref(), text("order_ref"), "{name}");
        let amount = notice.amount.to_decimal_text();
        assert_eq!(Some(amount.as_str()), text("amount"), "{name}");
        assert_eq!(notice.amount.currency(), Currency::VND, "{name}");
        assert_eq!(Some(notice.status.as_str()), text("status"), "{name}");
        // The recordings of Stripe and of lists do not say when the payer paid.
        if has("paid_at") || (!name.starts_with("stripe/") && !name.starts_with("casso/ok_v1")) {
            let expected = text("paid_at").and_then(parse_rfc3339);
            assert_eq!(notice.paid_at, expected, "{name}");
        }
        if has("bank_txn_id") {
            let expected = text("bank_txn_id");
            assert_eq!(notice.bank_txn_id.as_deref(), expected, "{name}");
        }
        if has("event_id") {
            assert_eq!(notice.event_id.as_deref(), text("event_id"), "{name}");
        }
        assert!(!notice.payment_key.is_empty(), "{name}");
    }

    #[test]
    fn every_other_call_is_refused() {
        for fixture in fixtures() {
            if fixture.facts["valid"].as_bool().unwrap() {
                continue;
            }
            let read = fixture.read(&fixture.call);
            assert!(read.is_err(), "{}: {read:?}", fixture.name);
        }
        let refused = |name: &str| {
            let fixture = fixture(name);
            fixture.read(&fixture.call).unwrap_err()
        };
        let get = refused("vnpay/bad_post_form_instead_of_get");
        assert_eq!(get, Refusal::WrongMethod("GET"));
        assert_eq!(refused("sepay/bad_get"), Refusal::WrongMethod("POST"));
        for name in ["momo", "zalopay", "payos"] {
            let form = refused(&format!("{name}/bad_form_content_type"));
            assert_eq!(form, Refusal::WrongContentType("JSON"), "{name}");
        }
        let old = refused("sepay/bad_replayed_old_timestamp");
        assert_eq!(old, Refusal::OutsideWindow(3602));
    }

    /// Coded providers, described: what proves their calls and what identifies and values a payment.
    const TWINS: &[(&str, &str)] = &[
        (
            "vnpay",
            r#"request = { method = "GET", format = "pairs" }
            signature = { kind = "hmac-sha512", field = "vnp_SecureHash", key = "hash_secret", signed = "${pairs}", pairs = { names = ["vnp_"], without = ["vnp_SecureHash", "vnp_SecureHashType"], encoding = "form" } }
            identity = { vnp_TmnCode = "tmn_code" }
            fields = { amount = "vnp_Amount", amount_form = "hundredths", payment_key = "vnp_TransactionNo", order_ref = "vnp_TxnRef" }
            status = { succeeded = [{ vnp_ResponseCode = "00", vnp_TransactionStatus = "00" }] }"#,
        ),
        (
            "momo",
            r#"request = { format = "json" }
            signature = { kind = "hmac-sha256", field = "signature", key = "secret_key", signed = "accessKey=${secret:access_key}&amount=${amount}&extraData=${extraData}&message=${message}&orderId=${orderId}&orderInfo=${orderInfo}&orderType=${orderType}&partnerCode=${partnerCode}&payType=${payType}&requestId=${requestId}&responseTime=${responseTime}&resultCode=${resultCode}&transId=${transId}" }
            forms = { amount = "[0-9]+", extraData = ".*", message = ".*", orderId = "[-0-9A-Za-z_.]+", orderInfo = ".*", orderType = "[a-z_]+", partnerCode = "[0-9A-Z]+", payType = "[a-z]*", requestId = "[-0-9A-Za-z]+", responseTime = "[0-9]+", resultCode = "[0-9]+", transId = "[0-9]+" }
            identity = { partnerCode = "partner_code" }
            fields = { amount = "amount", payment_key = "transId", order_ref = "orderId" }
            status = { succeeded = [{ resultCode = 0 }] }"#,
        ),
        (
            "zalopay",
            r#"request = { format = "json", envelope = "data" }
            signature = { kind = "hmac-sha256", field = "mac", key = "key2", signed = "${envelope}" }
            identity = { app_id = "app_id" }
            fields = { amount = "amount", payment_key = "zp_trans_id", order_ref = "app_trans_id" }
            status = { succeeded = [{ zp_trans_id = "*" }] }"#,
        ),
        (
            "sepay",
            r#"request = { format = "json" }
            signature = { kind = "hmac-sha256", header = "X-SePay-Signature", prefix = "sha256=", key = "hmac_secret", signed = "${time}.${body}" }
            time = { header = "X-SePay-Timestamp" }
            fields = { amount = "transferAmount", payment_key = ["id", "referenceCode"] }
            status = { succeeded = [{ transferType = "in" }], outgoing = [{ transferType = "out" }] }"#,
        ),
        (
            "standardwebhooks",
            r#"request = { format = "json" }
            signature = { kind = "hmac-sha256", header = "webhook-signature", separator = " ", tag = "v1,", encoding = "base64", key = "secret", key_form = "base64", key_prefix = "whsec_", id_header = "webhook-id", signed = "${id}.${time}.${body}" }
            time = { header = "webhook-timestamp" }
            fields = { amount = "data.amount", payment_key = "data.transaction_id", order_ref = "data.order_ref" }
            status = { succeeded = [{ type = "payment.succeeded" }] }"#,
        ),
        (
            "paymentplatform",
            r#"request = { format = "json" }
            signature = { kind = "sha256", field = "MaXacThuc", signed = "${LoaiBanTin}|${MaLoi}|${MaDoiTac}|${MaThamChieu}|${SoTien}|${MaTienTe?}|${MaGiaoDich?}|${MaNganHang?}|${ThoiGianGD?}|${ThongTinGiaoDich?}|${secret:secret}" }
            forms = { LoaiBanTin = "[A-Z_]+", MaLoi = "[0-9A-Z]+", MaDoiTac = "[0-9A-Z]+", MaThamChieu = "[0-9A-Za-z]+", SoTien = "[0-9]+", MaTienTe = "[A-Z]{3}", MaGiaoDich = "[0-9A-Za-z]+", MaNganHang = "[0-9A-Za-z]*", ThoiGianGD = "[0-9]{14}" }
            identity = { MaDoiTac = "partner_code" }
            fields = { amount = "SoTien", payment_key = "MaGiaoDich", order_ref = "MaThamChieu" }
            status = { succeeded = [{ MaLoi = "00" }], failed = [{ MaLoi = "99" }] }"#,
        ),
    ];

    #[test]
    fn a_description_of_a_coded_provider_believes_the_same_calls() {
        const ANSWERS: &str = "answers.recorded.status = 200\nanswers.refused.status = 400\n\
            answers.try_later.status = 503\n";
        let mut compared = 0;
        let mut differ = Vec::new();
        for fixture in fixtures() {
            let name = fixture.channel.provider.as_str();
            let twin = TWINS.iter().find(|(coded, _)| *coded == name);
            let is_same_scheme = !fixture.facts["scheme"]
                .as_str()
                .is_some_and(|scheme| matches!(scheme, "sepay-apikey" | "sepay-pg-secret"));
            let Some((_, lines)) = twin.filter(|_| is_same_scheme) else {
                continue;
            };
            let mut text =
                format!("[providers.twin]\n{lines}\n{ANSWERS}[channels.x]\nprovider = \"twin\"\n");
            for (secret, value) in fixture.facts["secrets"].as_object().unwrap() {
                if lines.contains(secret.trim_start_matches("previous_")) {
                    text.push_str(&format!("secrets.{secret} = {value}\n"));
                }
            }
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("own.toml");
            fs::write(&file, text).unwrap();
            let loaded = crate::config::load::load(&[file], [], &[]).unwrap();
            let channel = &loaded.settings.channels["x"];
            let told = crate::intake::verify::read(of(channel).unwrap(), &fixture.call, channel);
            let coded = fixture.read(&fixture.call);
            if told.is_ok() != coded.is_ok() {
                differ.push(format!("{} {told:?} {:?}", fixture.name, coded.is_ok()));
            }
            if let (Ok(told), Ok(coded)) = (told, coded) {
                let facts = |one: Normalised| {
                    let notice = one.notices.into_iter().next().unwrap();
                    let is_paid = notice.status == PaymentStatus::Succeeded;
                    (notice.payment_key, notice.amount, is_paid)
                };
                let (told, coded) = (facts(told), facts(coded));
                if told != coded {
                    differ.push(format!("{} {told:?} {coded:?}", fixture.name));
                }
            }
            compared += 1;
        }
        assert!(differ.is_empty(), "{}", differ.join("\n"));
        assert!(compared > 80, "{compared}");
    }

    #[test]
    fn a_retry_is_the_same_notice_and_a_filler_id_is_no_payment_key() {
        for (first, second) in [
            ("casso/ok_first_delivery", "casso/ok_retry"),
            (
                "vnpay/ok_first_delivery",
                "vnpay/ok_retry_of_first_delivery",
            ),
            ("zalopay/ok_first_delivery", "zalopay/ok_retry"),
            ("payos/ok_first_delivery", "payos/ok_retry"),
            ("sepay/ok_first_delivery", "sepay/ok_retry"),
        ] {
            let key = |name| {
                let fixture = fixture(name);
                only_notice(fixture.read(&fixture.call).unwrap()).key_hash()
            };
            assert_eq!(key(first), key(second), "{first}");
        }
        let cancelled = fixture("vnpay/ok_cancelled_by_payer");
        let notice = only_notice(cancelled.read(&cancelled.call).unwrap());
        assert_eq!(notice.provider_txn_id.as_deref(), Some("0"));
        assert_eq!(notice.payment_key, "ref:HS00000025H292601050015");
    }

    #[test]
    fn no_byte_of_a_signed_call_can_be_changed_into_other_facts() {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for fixture in fixtures() {
            let is_valid = fixture.facts["valid"].as_bool().unwrap();
            let name = fixture.name.split_once('/').unwrap().0.to_owned();
            let count = seen.entry(name).or_default();
            if !is_valid || !fixture.has_signed_body() || *count == 4 {
                continue;
            }
            *count += 1;
            let genuine = fixture.read(&fixture.call).unwrap();
            let check = |call: &RawCall, what: &str| {
                if let Ok(read) = fixture.read(call) {
                    assert_eq!(read, genuine, "{} {what}", fixture.name);
                }
            };
            for place in 0..fixture.call.body.len() {
                for bit in [1, 4, 32] {
                    let mut call = fixture.call.clone();
                    call.body[place] ^= bit;
                    check(&call, "body");
                }
                let mut call = fixture.call.clone();
                call.body.remove(place);
                check(&call, "body");
            }
            for place in 0..fixture.call.query.len() {
                let mut call = fixture.call.clone();
                let mut query = call.query.into_bytes();
                query[place] ^= 1;
                call.query = String::from_utf8(query).unwrap();
                check(&call, "query");
            }
            for line in 0..fixture.call.headers.len() {
                for place in 0..fixture.call.headers[line].1.len() {
                    let mut call = fixture.call.clone();
                    let mut value = std::mem::take(&mut call.headers[line].1).into_bytes();
                    value[place] ^= 1;
                    call.headers[line].1 = String::from_utf8(value).unwrap();
                    check(&call, "header");
                }
            }
        }
        assert_eq!(seen.len(), ROSTER.len() + SHIPPED.len());
    }

    #[test]
    fn any_listed_key_verifies_and_no_other_one() {
        let keys = [
            ("vnpay/ok_success", "hash_secret"),
            ("momo/ok_success", "secret_key"),
            ("zalopay/ok_success", "key2"),
            ("payos/ok_success", "checksum_key"),
            ("sepay/ok_success", "hmac_secret"),
            ("sepay/ok_apikey", "api_key"),
            ("sepay/ok_pg_order_paid", "pg_secret_key"),
            ("standardwebhooks/ok_success", "secret"),
            ("paymentplatform/ok_success", "secret"),
            ("casso/ok_success", "checksum_key"),
            ("casso/ok_v1_two_transactions", "secure_token"),
            ("stripe/ok_checkout_paid", "signing_secret"),
            ("vietqrvn/ok_success", "jwt_key"),
            ("keypay/ok_success", "merchant_secure_key"),
            ("viettelmoney/ok_success_viettel_sha256_base64", "hash_key"),
            ("viettelmoney/ok_success_viettel_sha1_hex", "access_code"),
        ];
        for (name, secret) in keys {
            let mut fixture = fixture(name);
            let other = Secret::new("whsec_b3RoZXIga2V5IG9mIHRoZSBzYW1lIG1lcmNoYW50");
            let list = fixture.channel.secrets.get_mut(secret).unwrap();
            list.insert(0, other.clone());
            assert!(fixture.read(&fixture.call).is_ok(), "{name}");
            fixture
                .channel
                .secrets
                .insert(secret.to_owned(), vec![other]);
            let mismatch = fixture.read(&fixture.call);
            assert_eq!(mismatch, Err(Refusal::SignatureMismatch), "{name}");
            fixture.channel.secrets.remove(secret);
            let none = fixture.read(&fixture.call);
            assert_eq!(none, Err(Refusal::NotConfigured(secret.into())), "{name}");
        }
    }

    #[test]
    fn another_merchants_call_is_not_ours() {
        for (name, secret) in [
            ("vnpay/ok_success", "tmn_code"),
            ("momo/ok_success", "partner_code"),
            ("zalopay/ok_success", "app_id"),
            ("paymentplatform/ok_success", "partner_code"),
        ] {
            let mut fixture = fixture(name);
            let other = vec![Secret::new("OTHER")];
            fixture.channel.secrets.insert(secret.to_owned(), other);
            let read = fixture.read(&fixture.call);
            assert_eq!(read, Err(Refusal::NotOurs(secret.into())), "{name}");
        }
    }

    type Members = Vec<(String, Json)>;

    fn members(json: Json) -> Members {
        let Json::Object(mut members) = json else {
            panic!("not an object: {json:?}");
        };
        members.retain(|(name, _)| name != "signature" && name != "MaXacThuc");
        members
    }

    /// The signed members of a genuine call.
    fn signed_members(fixture: &Fixture) -> Members {
        let body = || Json::parse(&fixture.call.body).unwrap();
        match fixture.provider().name() {
            "vnpay" => {
                let pairs = crate::intake::query::parse(&fixture.call.query).unwrap();
                let own = |pair: &crate::intake::query::Pair<'_>| {
                    (pair.name.to_string(), text(&pair.value))
                };
                let signed = pairs.iter().filter(|pair| pair.name != "vnp_SecureHash");
                signed.map(own).collect()
            }
            "zalopay" => members(Json::parse(body().text("data").unwrap().as_bytes()).unwrap()),
            "payos" => members(body().take("data").unwrap()),
            _ => members(body()),
        }
    }

    /// Signs members as the provider would and puts them into the call.
    fn sign(fixture: &mut Fixture, members: Members) -> Result<(), Refusal> {
        let key = |name: &str| fixture.channel.secret(name)[0].clone();
        let name = fixture.channel.provider.clone();
        let call = &mut fixture.call;
        match name.as_str() {
            "vnpay" => {
                let pair = |(name, value): &(String, Json)| {
                    let value = Json::Object(vec![("x".to_owned(), value.clone())]);
                    (name.clone(), value.scalar_text("x").unwrap().to_owned())
                };
                let pairs: Vec<(String, String)> = members.iter().map(pair).collect();
                let pairs: Vec<(&str, &str)> = pairs
                    .iter()
                    .map(|(name, value)| (&**name, &**value))
                    .collect();
                call.query = vnpay::sign_query(&pairs, key("hash_secret").bytes());
            }
            "momo" => {
                let (access, secret) = (key("access_key"), key("secret_key"));
                let signed = momo::sign_body(members, access.bytes(), secret.bytes())?;
                call.body = signed.into_bytes();
            }
            "zalopay" => {
                let data = Json::Object(members).to_compact_text();
                call.body = zalopay::sign_body(&data, key("key2").bytes()).into_bytes();
            }
            "payos" => {
                let signed = payos::sign_body(Json::Object(members), key("checksum_key").bytes())?;
                call.body = signed.into_bytes();
            }
            "sepay" => {
                call.body = Json::Object(members).to_compact_text().into_bytes();
                let secret = key("hmac_secret");
                let value = sepay::sign_header("1767583815", &call.body, secret.bytes());
                set_header(call, "x-sepay-signature", value);
            }
            "standardwebhooks" => {
                call.body = Json::Object(members).to_compact_text().into_bytes();
                let (id, secret) = (call.header("webhook-id")?, key("secret"));
                let value = standardwebhooks::sign_header(id, "1767583815", &call.body, &secret)?;
                set_header(call, "webhook-signature", value);
            }
            "paymentplatform" => {
                let rule = fixture.channel.hash.as_deref();
                let signed = paymentplatform::sign_body(members, rule, key("secret").bytes())?;
                call.body = signed.into_bytes();
            }
            other => panic!("{other}"),
        }
        Ok(())
    }

    /// The genuine call of `name` after `change` and signed anew, read.
    fn resigned(name: &str, change: impl Fn(&mut Members)) -> Result<Notice, Refusal> {
        let mut fixture = fixture(name);
        let mut members = signed_members(&fixture);
        change(&mut members);
        sign(&mut fixture, members)?;
        fixture.read(&fixture.call).map(only_notice)
    }

    fn set_header(call: &mut RawCall, name: &str, value: String) {
        let mut headers = call.headers.iter_mut();
        headers.find(|(known, _)| known == name).unwrap().1 = value;
    }

    fn set(members: &mut Members, path: &str, value: Json) {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match members.iter_mut().find(|(name, _)| name == first) {
            Some((_, Json::Object(inner))) if !rest.is_empty() => set(inner, rest, value),
            Some((_, old)) => *old = value,
            None => members.push((first.to_owned(), value)),
        }
    }

    fn number(text: &str) -> Json {
        Json::Number(text.to_owned())
    }

    fn text(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    /// One call per provider with the names of its amount, its time and one more field.
    const SIGNED: &[(&str, &str, &str, &str)] = &[
        ("vnpay/ok_success", "vnp_Amount", "vnp_PayDate", "vnp_New"),
        ("momo/ok_success", "amount", "responseTime", "newField"),
        ("zalopay/ok_success", "amount", "server_time", "new_field"),
        (
            "payos/ok_success",
            "amount",
            "transactionDateTime",
            "newField",
        ),
        (
            "sepay/ok_success",
            "transferAmount",
            "transactionDate",
            "newField",
        ),
        (
            "standardwebhooks/ok_success",
            "data.amount",
            "data.paid_at",
            "data.new_field",
        ),
        (
            "paymentplatform/ok_success",
            "SoTien",
            "ThoiGianGD",
            "TruongMoi",
        ),
    ];

    #[test]
    fn unknown_fields_are_ignored_and_what_we_sign_verifies() {
        for (name, _, _, unknown) in SIGNED {
            let fixture = fixture(name);
            let genuine = only_notice(fixture.read(&fixture.call).unwrap());
            let same = resigned(name, |_| ());
            assert_eq!(same, Ok(genuine.clone()), "{name}");
            let more = resigned(name, |members| set(members, unknown, text("x & y|z")));
            assert_eq!(more, Ok(genuine), "{name}");
        }
        let mut fixture = fixture("vnpay/ok_success");
        fixture.call.query.insert_str(0, "utm_source=zalo&");
        assert!(fixture.read(&fixture.call).is_ok());
    }

    #[test]
    fn vnpay_verifies_where_its_own_samples_disagree() {
        let mut fixture = fixture("vnpay/ok_success");
        let key = fixture.channel.secret("hash_secret")[0].clone();
        let bank = "&vnp_ResponseCode=00&vnp_TmnCode=DGCOYROJ&vnp_TransactionNo=1";
        let rest = format!("{bank}&vnp_TransactionStatus=00&vnp_TxnRef=HS1");
        let pair = "vnp_OrderInfo";
        // What is sent, and what is signed in its place.
        for (sent, signed) in [
            (
                format!("&{pair}=Nop%20phi(1)!~*"),
                format!("&{pair}=Nop%20phi(1)!~*"),
            ),
            (
                format!("&{pair}=Nop%20phi(1)!~*"),
                format!("&{pair}=Nop+phi%281%29%21%7E*"),
            ),
            (format!("&{pair}=%c4%91"), format!("&{pair}=%C4%91")),
            (format!("&{pair}="), format!("&{pair}=")),
            (format!("&{pair}="), String::new()),
        ] {
            let text = format!("vnp_Amount=100{signed}{rest}");
            let digest = crate::intake::signature::hmac_sha512(key.bytes(), &[text.as_bytes()]);
            let hash = crate::intake::signature::to_hex(&digest);
            let query = format!("x=1&vnp_SecureHash={hash}{rest}{sent}&vnp_Amount=100");
            fixture.call.query = query;
            assert!(fixture.read(&fixture.call).is_ok(), "{sent} {signed}");
        }
    }

    #[test]
    fn absurd_amounts_and_times_are_refused_although_they_are_signed() {
        for (name, amount, time, _) in SIGNED {
            for bad in [
                "-150000",
                "1.5",
                "150000.5",
                "1e5",
                "9223372036854775808",
                "99999999999999999999999999",
            ] {
                for value in [number(bad), text(bad)] {
                    let read = resigned(name, |members| set(members, amount, value.clone()));
                    let why = format!("{name} {bad}: {read:?}");
                    assert!(matches!(read, Err(Refusal::Malformed { .. })), "{why}");
                }
            }
            for bad in [
                "20990105103015",
                "2099-01-05 10:30:15",
                "2099-01-05T10:30:15Z",
                "4070908800000",
                "1000",
                "20010105103015",
                "soon",
            ] {
                let read = resigned(name, |members| set(members, time, text(bad)));
                let why = format!("{name} {bad}: {read:?}");
                assert!(matches!(read, Err(Refusal::Malformed { .. })), "{why}");
            }
        }
    }

    #[test]
    fn text_of_a_payer_cannot_move_the_borders_of_fields() {
        for (name, field, value) in [
            ("momo/ok_success", "orderInfo", "x&orderId=HS1&orderInfo=y"),
            ("momo/ok_success", "orderId", "a&b"),
            ("payos/ok_success", "description", "x&orderCode=7"),
            ("paymentplatform/ok_success", "MaThamChieu", "a|b"),
        ] {
            let read = resigned(name, |members| set(members, field, text(value)));
            assert!(
                matches!(read, Err(Refusal::Malformed { .. })),
                "{name} {read:?}"
            );
        }
    }

    #[test]
    fn the_body_of_a_standard_webhook_has_one_meaning() {
        let read = |kind: &str, more: &[(&str, &str)]| {
            resigned("standardwebhooks/ok_success", |members| {
                set(members, "type", text(kind));
                for (path, value) in more {
                    set(members, path, text(value));
                }
            })
        };
        let refund = [("data.refunded_amount", "50000"), ("data.memo", "HS 1")];
        let part = read("payment.partially_refunded", &refund).unwrap();
        assert_eq!(part.status, PaymentStatus::PartiallyRefunded);
        assert_eq!(part.refunded_minor, Some(50_000));
        assert_eq!(part.memo.as_deref(), Some("HS 1"));
        assert!(read("payment.partially_refunded", &[]).is_err());
        let too_much = [("data.refunded_amount", "150001")];
        assert!(read("payment.refunded", &too_much).is_err());
        let unknown = read("payment.disputed", &[]).unwrap();
        assert_eq!(unknown.status, PaymentStatus::Review);
        let no_ids = [("data.transaction_id", ""), ("data.order_ref", "")];
        let bare = read("payment.succeeded", &no_ids).unwrap();
        assert_eq!(bare.payment_key, "event:msg_H2900000000000000000011");
        assert_eq!((bare.provider_txn_id, bare.order_ref), (None, None));
        let dollars = read("payment.succeeded", &[("data.currency", "USD")]).unwrap();
        assert_eq!(dollars.amount.minor(), 15_000_000);
    }

    #[test]
    fn the_window_is_closed_just_behind_its_edge() {
        for name in ["sepay/ok_success", "standardwebhooks/ok_success"] {
            let mut fixture = fixture(name);
            for (at, is_inside) in [
                (1_767_583_515, true),
                (1_767_583_514, false),
                (1_767_584_115, true),
                (1_767_584_116, false),
            ] {
                fixture.call.arrived_at = from_millis(at * 1000).unwrap();
                assert_eq!(
                    fixture.read(&fixture.call).is_ok(),
                    is_inside,
                    "{name} {at}"
                );
            }
        }
    }

    #[test]
    fn svix_names_mean_the_same_and_a_mixture_means_nothing() {
        let mut fixture = fixture("standardwebhooks/ok_success");
        for (name, _) in &mut fixture.call.headers {
            *name = name.replace("webhook-", "svix-");
        }
        assert!(fixture.read(&fixture.call).is_ok());
        let headers = &mut fixture.call.headers;
        headers.push(("webhook-id".to_owned(), "msg_other".to_owned()));
        let missing = Refusal::Missing("webhook-timestamp".into());
        assert_eq!(fixture.read(&fixture.call), Err(missing));
    }

    fn answer(provider: &str, outcome: Outcome<'_>) -> Answer {
        let fixture = fixture(&format!("{provider}/ok_success"));
        fixture.provider().answer(outcome, &fixture.channel, now())
    }

    #[test]
    fn vnpay_reads_only_the_code() {
        use Verdict as V;
        let missing = Refusal::Missing("vnp_SecureHash".into());
        let other = Refusal::Missing("vnp_TxnRef".into());
        for (outcome, code) in [
            (Outcome::New(V::Recorded, None), "00"),
            (Outcome::Repeat(V::Recorded, None), "02"),
            (Outcome::New(V::UnknownOrder, None), "01"),
            (Outcome::Repeat(V::UnknownOrder, None), "01"),
            (Outcome::New(V::AmountDiffers, None), "04"),
            (Outcome::Repeat(V::AmountDiffers, None), "04"),
            (Outcome::New(V::AlreadyFinal, None), "02"),
            (Outcome::Repeat(V::AlreadyFinal, None), "02"),
            (Outcome::New(V::Conflict, None), "02"),
            (Outcome::Refused(&Refusal::SignatureMismatch), "97"),
            (Outcome::Refused(&missing), "97"),
            (Outcome::Refused(&other), "99"),
            (Outcome::Refused(&Refusal::NotOurs("tmn_code".into())), "99"),
            (Outcome::TryLater, "99"),
        ] {
            let answer = answer("vnpay", outcome);
            assert_eq!(
                (answer.status, answer.content_type.as_ref()),
                (200, "application/json")
            );
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["RspCode"], code, "{outcome:?}");
            assert!(body["Message"].is_string());
        }
    }

    const YES: &str = r#"{"success":true}"#;
    const NO: &str = r#"{"success":false}"#;

    /// Status and body for: new, repeat, bad signature, bad form, try later.
    const ANSWERS: &[(&str, [(u16, &str); 5])] = &[
        (
            "momo",
            [(204, ""), (204, ""), (401, ""), (400, ""), (503, "")],
        ),
        (
            "zalopay",
            [
                (200, r#"{"return_code":1,"return_message":"success"}"#),
                (
                    200,
                    r#"{"return_code":2,"return_message":"already recorded"}"#,
                ),
                (
                    200,
                    r#"{"return_code":-1,"return_message":"mac not equal"}"#,
                ),
                (
                    200,
                    r#"{"return_code":-1,"return_message":"invalid request"}"#,
                ),
                (200, r#"{"return_code":0,"return_message":"try again"}"#),
            ],
        ),
        (
            "payos",
            [(200, YES), (200, YES), (401, NO), (400, NO), (503, NO)],
        ),
        (
            "sepay",
            [
                (200, r#"{"success": true}"#),
                (200, r#"{"success": true}"#),
                (401, r#"{"success":false,"message":"signature_mismatch"}"#),
                (400, r#"{"success":false,"message":"malformed"}"#),
                (503, r#"{"success":false,"message":"try_later"}"#),
            ],
        ),
        (
            "standardwebhooks",
            [(204, ""), (204, ""), (401, ""), (400, ""), (503, "")],
        ),
    ];

    #[test]
    fn every_provider_gets_the_answer_of_its_contract() {
        let form = Refusal::malformed("body", "is not JSON");
        let outcomes = [
            Outcome::New(Verdict::UnknownOrder, None),
            Outcome::Repeat(Verdict::Recorded, None),
            Outcome::Refused(&Refusal::SignatureMismatch),
            Outcome::Refused(&form),
            Outcome::TryLater,
        ];
        for (name, expected) in ANSWERS {
            for (outcome, &(status, body)) in outcomes.into_iter().zip(expected) {
                let answer = answer(name, outcome);
                assert_eq!(
                    (answer.status, answer.body.as_str()),
                    (status, body),
                    "{name}"
                );
                assert_eq!(answer.retry_after_s.is_some(), status == 503, "{name}");
                assert_eq!(answer.content_type.is_empty(), body.is_empty(), "{name}");
            }
        }
        for &provider in ROSTER {
            let wrong = Outcome::Refused(&Refusal::WrongMethod("POST"));
            let name = provider.name();
            assert_eq!(answer(name, wrong).status, 405, "{name}");
        }
    }

    #[test]
    fn the_payment_platform_gets_a_signed_answer() {
        let fixture = fixture("paymentplatform/ok_success");
        let notice = only_notice(fixture.read(&fixture.call).unwrap());
        let taken = answer(
            "paymentplatform",
            Outcome::New(Verdict::Recorded, Some(&notice)),
        );
        let reference = "dvcH29122601050010120260105103000";
        let text = format!("00|Thành công|PPND4021|{reference}|20260105103500|");
        let secret = fixture.channel.secret("secret")[0].bytes();
        let digest = crate::intake::signature::sha256(&[text.as_bytes(), secret]);
        let hash = crate::intake::signature::to_hex(&digest);
        assert_eq!(
            (taken.status, taken.body),
            (
                200,
                format!(
                    r#"{{"MaLoi":"00","MoTaLoi":"Thành công","MaDoiTac":"PPND4021","MaThamChieu":"{reference}","ThoiGianGD":"20260105103500","MaXacThuc":"{hash}"}}"#
                )
            )
        );
        let refused = answer(
            "paymentplatform",
            Outcome::Refused(&Refusal::SignatureMismatch),
        );
        let body: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!((refused.status, &body["MaLoi"]), (200, &Value::from("99")));
        let later = answer("paymentplatform", Outcome::TryLater);
        assert_eq!((later.status, later.retry_after_s.is_some()), (503, true));
    }

    #[test]
    fn the_payment_platforms_rival_hash_rule_is_a_setting() {
        let mut fixture = fixture("paymentplatform/ok_success");
        let members = signed_members(&fixture);
        fixture.channel.hash = Some("hmac-sha256".to_owned());
        sign(&mut fixture, members).unwrap();
        assert!(fixture.read(&fixture.call).is_ok());
        fixture.channel.hash = None;
        let mismatch = fixture.read(&fixture.call);
        assert_eq!(mismatch, Err(Refusal::SignatureMismatch));
    }
}
