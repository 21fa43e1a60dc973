//! Clues: what in a notice may name a bill. A notice comes in, texts to look up go out. Whether a
//! bill of that name exists is the store's knowledge, and what follows is for the rules.

use super::memo::{Named, rivals};
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
    /// Dossier codes without punctuation, then their rivals: codes that a cut or a glued digit
    /// would make look like one of them.
    pub dossier_codes: Vec<String>,
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Reads the clues of a notice. Amounts, names and times are no clues.
#[must_use]
pub fn clues(notice: &Notice) -> Clues {
    let order_ref = given(notice.order_ref.as_deref());
    let texts = [order_ref, given(notice.memo.as_deref())];
    let mut names: Vec<String> = order_ref.map(str::to_owned).into_iter().collect();
    let mut codes: Vec<String> = Vec::new();
    for named in texts.into_iter().flatten().map(Named::in_text) {
        add(&mut names, named.references.into_iter());
        add(&mut codes, named.codes.into_iter());
    }
    let rivals: Vec<String> = codes.iter().flat_map(|code| rivals(code)).collect();
    add(&mut codes, rivals.into_iter());
    Clues {
        order_ref: order_ref.map(str::to_owned),
        references: names,
        virtual_account: given(notice.virtual_account.as_deref()).map(str::to_owned),
        dossier_codes: codes,
    }
}

/// Adds what is not known yet.
fn add(known: &mut Vec<String>, names: impl Iterator<Item = String>) {
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
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

    /// The codes read, without their rivals.
    fn codes_of(memo: &str) -> Vec<String> {
        Named::in_text(memo).codes
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
        for other in "23456789ABCDEFGHJKLMNPQRSTUVWXYZ".chars() {
            let wrong = format!("{head}{other}{}", &tail[1..]);
            let found: &[&str] = if wrong == text { &[text] } else { &[] };
            assert_eq!(of_memo(&wrong).references, found, "{wrong}");
        }
    }

    #[test]
    fn a_reference_without_its_first_letters_is_found_as_a_word_of_its_own() {
        let good = PaymentReference::derive(1, "H12.104-250701-0012", 1, 0);
        let text = good.as_str();
        let (headless, body) = (&text[1..], &text[2..]);
        assert!(body.bytes().any(|b| b.is_ascii_digit()));
        let found = [
            headless.to_owned(),
            body.to_lowercase(),
            format!("MBVCB.12345678901.{body}.CT tu 0011000000001 toi"),
            format!("{headless} Nguyễn Văn A"),
        ];
        for memo in found {
            assert_eq!(of_memo(&memo).references, [text], "{memo}");
        }
        let short = &text[3..];
        let other = PaymentReference::derive(1, "H12.104-250701-0013", 1, 0);
        let lost = [
            short.to_owned(),
            text[..11].to_owned(),
            format!("123456{body}"),
            format!("{body}NGUYEN"),
            format!("{} {}", &body[..5], &body[5..]),
            format!("D5{body}"),
        ];
        for memo in lost {
            assert_eq!(of_memo(&memo).references, [""; 0], "{memo}");
        }
        let both = format!("{body} {other}");
        assert_eq!(of_memo(&both).references, [other.as_str()]);
    }

    #[test]
    fn plain_words_and_numbers_are_no_headless_references() {
        let letters = |digits: u32, from: &str| -> Vec<String> {
            let size = u32::try_from(from.len()).unwrap();
            let letter =
                |n: u32, at| from.as_bytes()[usize::try_from(n / size.pow(at) % size).unwrap()];
            (0..4_000_u32)
                .map(|n| {
                    (0..digits)
                        .map(|at| char::from(letter(n, at % 5)))
                        .collect()
                })
                .collect()
        };
        for body in letters(10, "23456789")
            .into_iter()
            .chain(letters(10, "ABCDEFGH"))
        {
            assert_eq!(of_memo(&body).references, [""; 0], "{body}");
        }
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
        let table = [
            (
                "THANH TOAN HO SO 000.00.19.H12-250701-0001",
                "0000019H122507010001",
            ),
            ("000 00 19 H12 250701 0001", "0000019H122507010001"),
            ("HOSO0000019H122507010001", "0000019H122507010001"),
            ("Hồ sơ 000.A0.01.H26-210212-9090;", "000A001H262102129090"),
            (
                "CT DEN:523320101151 HO SO H12 104 250701 0012 NGUYEN VAN A",
                "H121042507010012",
            ),
            (
                "MBVCB.12345678901.123456.H121042507010012.CT tu 0011000000001",
                "H121042507010012",
            ),
            ("h57.132-260804-05831", "H5713226080405831"),
            ("H12.104-250701-0012 0912345678", "H121042507010012"),
            ("Ｈ１２．１０４－２５０７０１－００１２", "H121042507010012"),
            ("G09.20-260804-0583", "G09202608040583"),
            ("TRANKHANHH12104250701-0012", "H121042507010012"),
            ("dvcH12104250701001220250703093015", "H121042507010012"),
        ];
        for (memo, code) in table {
            assert_eq!(codes_of(memo), [code], "{memo}");
        }
    }

    #[test]
    fn the_number_of_a_procedure_hides_no_code() {
        let found = codes_of("THANHTOANHOSO2.003452.000.00.00.H55 H12.101.02-260411-0001");
        assert!(
            found.contains(&"H12101022604110001".to_owned()),
            "{found:?}"
        );
        assert!(found.len() <= 5, "{found:?}");
    }

    #[test]
    fn what_may_be_a_part_of_another_code_is_none() {
        let table = [
            // No day, too short, no province.
            "H12.104-251301-0012",
            "H12.104-250701-001",
            "Chuyển tiền 20250701 0012",
            "04-250701-0012",
            // The letter of the province is that of a word.
            "TRAN KHANH 12.104-250701-0012",
            "TRAN KHANH12.104-250701-0012",
            "PHUONG12.104-250701-0012",
            // The number is joined to other digits, torn, or both.
            "H12.104-250701-0012345678",
            "H12.104-250701-00123456789012345678",
            "H12.104-250701-00 12",
            "H12.104-250701-0012 3",
            "H12.104-250701-0012 34 NGUYEN VAN A",
            "H12.104-250701-001 2345",
            "dvcH12104250701001220251303093015",
            "dvcH12104250701001220250703093060",
            // The first group of a classic code is cut off, joined or torn.
            "0.00.19.H12-250701-0001",
            "MBVCB.3278.00.00.19.H12-250701-0001",
            "3278000.00.19.H12-250701-0001",
            "0 00.00.19.H12-250701-0001",
            "0 000.00.19.H12-250701-0001",
            "19 H12-250701-0001",
            "Nộp hồ sơ H12-250701-0001",
        ];
        let others = [
            "H121042507010012",
            "H121042507010123",
            "0000019H122507010001",
            "8000019H122507010001",
            "H122507010001",
            "G121042507010012",
        ];
        for memo in table {
            // Chance readings no dossier can have, such as four levels of digits, do no harm.
            let found = codes_of(memo);
            assert!(
                others
                    .iter()
                    .all(|other| !found.iter().any(|code| code == other)),
                "{memo}: {found:?}"
            );
        }
    }

    #[test]
    fn every_code_is_looked_up_with_its_rivals() {
        let codes = of_memo("H12.104-250701-0012").dossier_codes;
        let first = [
            "H121042507010012",
            "H12104250701001",
            "H1210425070100",
            "H1210425070100120",
        ];
        assert_eq!(codes[..4], first);
        assert_eq!((codes.len(), codes[12].as_str()), (13, "H1210425070100129"));
    }

    #[test]
    fn long_and_hostile_memos_are_cut() {
        let good = PaymentReference::derive(1, "x", 1, 0);
        let late = format!("{}{good}", "ồ".repeat(1_000));
        assert_eq!(of_memo(&late).references, [""; 0]);
        let early = format!("{}{good}", "ồ".repeat(900));
        assert_eq!(of_memo(&early).references, [good.as_str()]);
        // The thousandth character is the last but one of the number.
        let cut = format!("{}H12.104-250701-10012", "-".repeat(981));
        assert_eq!(codes_of(&cut), [""; 0]);
        assert_eq!(codes_of(&cut[1..]), ["H1210425070110012"]);
    }

    #[test]
    fn a_list_names_nothing() {
        let list = |length: u32| -> String {
            let names = (0..length).map(|n| PaymentReference::derive(1, "x", n, 0));
            names
                .map(|name| format!("{name} H12.104-250701-00{n:02} ", n = name.as_str().len()))
                .collect()
        };
        let found = of_memo(&list(7));
        assert_eq!((found.references.len(), found.dossier_codes.len()), (7, 13));
        assert_eq!(of_memo(&list(8)).references, [""; 0]);
        let torn = list(9).replacen("DS", "DS ", 1);
        assert_eq!(of_memo(&torn).references, [""; 0]);
        let codes = |length: u32| {
            (0..length)
                .map(|n| format!("H12.104-250701-00{n:02} "))
                .collect::<String>()
        };
        assert_eq!(codes_of(&codes(8)).len(), 8);
        assert_eq!(codes_of(&codes(9)), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_gives_few_clues_and_no_panic(memo in "\\PC{0,200}", order in "\\PC{0,40}") {
            let found = clues(&notice(Some(&order), Some(&memo)));
            prop_assert!(found.references.len() <= 1 + 2 * 7);
            prop_assert!(found.dossier_codes.len() <= 2 * 8 * 13);
        }

        #[test]
        fn a_printed_code_is_always_among_the_readings(
            head in "([A-Z .]{0,12}[ .A-BD-MO-Z])?", tail in "([A-Z][A-Z0-9 .]|[ .-][A-Z .]){0,12}", unit in 100_u32..400,
            day in 1_u32..29, month in 1_u32..13, number in 0_u32..10_000,
        ) {
            let code = format!("H12.{unit}-25{month:02}{day:02}-{number:04}");
            let found = of_memo(&format!("{head}{code}{tail}"));
            let bare = crate::domain::dossier_code::squeeze(&code);
            prop_assert!(found.dossier_codes.contains(&bare), "{:?}", found);
        }
    }
}
