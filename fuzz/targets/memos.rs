//! Memos and codes: any text as a memo, a dossier code, an amount, an instant. A code that is read is
//! found again however it is punctuated.

#![no_main]

use doisoat::domain::dossier_code::{DossierCode, is_meant, squeeze};
use doisoat::domain::money::{Currency, Money};
use doisoat::domain::notice::Notice;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::time::parse_rfc3339;
use doisoat::matching::clues::clues;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    if let Ok(code) = DossierCode::parse(text) {
        let again = DossierCode::parse(code.as_str()).expect("a code is a code");
        assert_eq!(again, code);
        assert!(is_meant(code.as_str(), code.as_str()));
        assert_eq!(squeeze(code.as_str()), code.squeezed());
    }
    drop(squeeze(text));
    for currency in [Currency::VND, Currency::parse("USD").unwrap_or(Currency::VND)] {
        if let Ok(money) = Money::parse(text, currency) {
            let again = Money::parse(&money.to_decimal_text(), currency).expect("an amount");
            assert_eq!(again, money);
        }
    }
    let _ = parse_rfc3339(text);
    let notice = Notice {
        event_id: None,
        provider_txn_id: None,
        payment_key: "1".to_owned(),
        order_ref: Some(text.to_owned()),
        amount: Money::vnd(1),
        refunded_minor: None,
        status: PaymentStatus::Succeeded,
        paid_at: None,
        memo: Some(text.to_owned()),
        virtual_account: Some(text.to_owned()),
        account_number: None,
        bank_txn_id: None,
    };
    let found = clues(&notice);
    assert!(found.dossier_codes.len() < 10_000, "clues without end");
    Corpus::Keep
});
