//! Clues: what in a notice may name a bill. A notice comes in, texts to look up go out. Whether a
//! bill of that name exists is the store's knowledge, and what follows is for the rules.

use super::memo::{MOST_CLUES, best_codes, read_codes, references, squeezed};
use crate::domain::notice::Notice;

/// What in a notice may name a bill; every list is short and without repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clues {
    /// The order reference as claimed, to be looked up among the attempts of the channel.
    pub order_ref: Option<String>,
    /// The order reference itself, because bills may carry references given from outside, then
    /// every payment reference of ours found in the order reference and in the memo.
    pub references: Vec<String>,
    /// The alias account the money came in on.
    pub virtual_account: Option<String>,
    /// Readings of dossier codes without punctuation, the most likely first.
    pub dossier_codes: Vec<String>,
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Reads the clues of a notice. Amounts, names and times are no clues.
#[must_use]
pub fn clues(notice: &Notice) -> Clues {
    let order_ref = given(notice.order_ref.as_deref());
    let texts = [order_ref, given(notice.memo.as_deref())].map(|text| text.map(squeezed));
    let mut names: Vec<String> = order_ref.map(str::to_owned).into_iter().collect();
    let mut readings = Vec::new();
    for text in texts.iter().flatten() {
        for reference in references(text) {
            if names.len() < MOST_CLUES && !names.iter().any(|known| known == reference.as_str()) {
                names.push(reference.as_str().to_owned());
            }
        }
        read_codes(text, &mut readings);
    }
    Clues {
        order_ref: order_ref.map(str::to_owned),
        references: names,
        virtual_account: given(notice.virtual_account.as_deref()).map(str::to_owned),
        dossier_codes: best_codes(readings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::domain::payment::PaymentStatus;
    use crate::domain::reference::PaymentReference;
    use proptest::prelude::*;

    fn notice(order_ref: Option<&str>, memo: Option<&str>) -> Notice {
        Notice {
            event_id: None,
            provider_txn_id: None,
            payment_key: "1".to_owned(),
            order_ref: order_ref.map(str::to_owned),
            amount: Money::vnd(1),
            refunded_minor: None,
            status: PaymentStatus::Succeeded,
            paid_at: None,
            memo: memo.map(str::to_owned),
            virtual_account: Some(" ".to_owned()),
            account_number: None,
            bank_txn_id: None,
        }
    }

    fn of_memo(memo: &str) -> Clues {
        clues(&notice(None, Some(memo)))
    }

    #[test]
    fn a_reference_is_found_however_the_bank_wraps_it() {
        let good = PaymentReference::derive(1, "H12.104-250701-0012", 1, 0);
        let text = good.as_str();
        let (head, tail) = text.split_at(5);
        let table = [
            text.to_owned(),
            text.to_lowercase(),
            format!("MBVCB.3278.{text}.CT tu 0011000000001 NGUYEN VAN A"),
            format!("CT DEN:533020{text}651537NOP PHI"),
            format!("Nộp phí {head} {tail} Nguyễn Văn A"),
            format!("DSDS{head}\n{tail}DS"),
            format!("128667960303-{head}-{tail}-CHUYEN TIEN-OQCH000BMyrx-MOMO128667960303MOMO"),
        ];
        for memo in table {
            assert_eq!(of_memo(&memo).references, [text], "{memo}");
        }
        let wrong = format!("{head}{}", tail.replace(|c| c != 'Q', "Q"));
        assert_eq!(of_memo(&wrong).references, [""; 0]);
    }

    #[test]
    fn the_order_reference_comes_first_and_nothing_is_offered_twice() {
        let one = PaymentReference::derive(1, "x", 1, 0);
        let two = PaymentReference::derive(1, "x", 2, 0);
        let memo = format!("{two} {one} {two}");
        let found = clues(&notice(Some("HS00025H292705"), Some(&memo)));
        assert_eq!(found.order_ref.as_deref(), Some("HS00025H292705"));
        assert_eq!(
            found.references,
            ["HS00025H292705", two.as_str(), one.as_str()]
        );
        assert_eq!(found.virtual_account, None);
        let found = clues(&notice(Some(one.as_str()), Some(&memo)));
        assert_eq!(found.references, [one.as_str(), two.as_str()]);
        assert_eq!(clues(&notice(Some(" "), Some(""))), Clues::default());
    }

    #[test]
    fn dossier_codes_are_read_from_real_memos() {
        let table: [(&str, &[&str]); 10] = [
            (
                "THANH TOAN HO SO 000.00.19.H12-250701-0001",
                &["0000019H122507010001", "H122507010001"],
            ),
            (
                "000 00 19 H12 250701 0001",
                &["0000019H122507010001", "H122507010001"],
            ),
            (
                "CT DEN:523320101151 HO SO H12 104 250701 0012 NGUYEN VAN A",
                &["H121042507010012"],
            ),
            (
                "MBVCB.12345678901.123456.H121042507010012.CT tu 0011000000001",
                &["H121042507010012"],
            ),
            (
                "h57.132-260804-05831",
                &["H571322608040583", "H5713226080405831"],
            ),
            (
                "H12.104-250701-0012 99",
                &[
                    "H121042507010012",
                    "H1210425070100129",
                    "H12104250701001299",
                ],
            ),
            ("G09.20-260804-0583", &["G09202608040583"]),
            ("H12.104-251301-0012", &[]),
            ("H12.104-250701-001", &[]),
            ("Chuyển tiền 20250701 0012", &[]),
        ];
        for (memo, codes) in table {
            assert_eq!(of_memo(memo).dossier_codes, codes, "{memo}");
        }
    }

    #[test]
    fn long_and_hostile_memos_are_cut() {
        let good = PaymentReference::derive(1, "x", 1, 0);
        let late = format!("{}{good}", "ồ".repeat(1_000));
        assert_eq!(of_memo(&late), Clues::default());
        let codes: String = (10..90).map(|n| format!("H122501{n}12{n}")).collect();
        assert_eq!(of_memo(&codes).dossier_codes.len(), MOST_CLUES);
    }

    proptest! {
        #[test]
        fn any_text_gives_few_clues_and_no_panic(memo in "\\PC{0,200}", order in "\\PC{0,40}") {
            let found = clues(&notice(Some(&order), Some(&memo)));
            prop_assert!(found.references.len() <= MOST_CLUES);
            prop_assert!(found.dossier_codes.len() <= MOST_CLUES);
        }

        #[test]
        fn a_printed_code_is_always_among_the_readings(
            head in "[A-Z .]{0,12}", tail in "[A-Z][A-Z0-9 .]{0,20}", unit in 100_u32..400,
            day in 1_u32..29, month in 1_u32..13, number in 0_u32..10_000,
        ) {
            let code = format!("H12.{unit}-25{month:02}{day:02}-{number:04}");
            let found = of_memo(&format!("{head}{code}{tail}"));
            let bare = crate::domain::dossier_code::squeeze(&code);
            prop_assert!(found.dossier_codes.contains(&bare), "{:?}", found);
        }
    }
}
