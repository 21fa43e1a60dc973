//! Invented people and what they write: names as they are common in Cà Mau, and the texts that
//! travel with their money, in the wrappers of banks. Random numbers come in, texts go out. Nobody
//! real is meant.

use super::plan::Way;
use super::rng::Rng;

const FAMILY: &[(u32, &str)] = &[
    (38, "Nguyễn"),
    (13, "Trần"),
    (11, "Lê"),
    (7, "Phạm"),
    (6, "Huỳnh"),
    (5, "Võ"),
    (4, "Lâm"),
    (3, "Trương"),
    (3, "Đặng"),
    (2, "Bùi"),
    (2, "Dương"),
    (2, "Quách"),
    (2, "Thạch"),
    (1, "Danh"),
    (1, "Tô"),
];
const MIDDLE: &[&str] = &[
    "Văn", "Thị", "Minh", "Hoàng", "Ngọc", "Thanh", "Kim", "Hữu", "Thúy", "Quốc", "Mỹ", "Đức",
];
const GIVEN: &[&str] = &[
    "An", "Bảo", "Cẩm", "Diễm", "Duy", "Giang", "Hải", "Hạnh", "Hiếu", "Hùng", "Khánh", "Khoa",
    "Lan", "Linh", "Long", "Mai", "Nam", "Nga", "Nhung", "Phúc", "Quyên", "Sang", "Tâm", "Thảo",
    "Tiên", "Trang", "Trí", "Tuấn", "Út", "Vân", "Xuân", "Yến",
];

/// Vietnamese letters and what banks make of them.
const PLAIN: &[(&str, char)] = &[
    ("àáảãạăằắẳẵặâầấẩẫậ", 'A'),
    ("èéẻẽẹêềếểễệ", 'E'),
    ("ìíỉĩị", 'I'),
    ("òóỏõọôồốổỗộơờớởỡợ", 'O'),
    ("ùúủũụưừứửữự", 'U'),
    ("ỳýỷỹỵ", 'Y'),
    ("đ", 'D'),
];

/// A full name.
pub(super) fn name(rng: &mut Rng) -> String {
    let family = rng.weighted(FAMILY).copied().unwrap_or("Nguyễn");
    let middle = rng.pick(MIDDLE).copied().unwrap_or("Văn");
    let given = rng.pick(GIVEN).copied().unwrap_or("An");
    format!("{family} {middle} {given}")
}

/// A text in the capital letters of a bank: no marks.
pub(super) fn plain(text: &str) -> String {
    let letter = |letter: char| {
        let small = letter.to_lowercase().next().unwrap_or(letter);
        let found = PLAIN.iter().find(|(marked, _)| marked.contains(small));
        found.map_or_else(|| small.to_ascii_uppercase(), |(_, plain)| *plain)
    };
    text.chars().map(letter).collect()
}

/// What a payer can name a bill by, and who pays.
pub(super) struct Names<'a> {
    /// The payment reference.
    pub(super) reference: &'a str,
    /// The dossier's code, where it names one bill only.
    pub(super) code: Option<&'a str>,
    pub(super) name: &'a str,
}

/// The text that travels with a payment. To an alias account people write anything.
pub(super) fn memo(rng: &mut Rng, way: Way, names: &Names<'_>, to_alias: bool) -> String {
    let payer = plain(names.name);
    let code = names.code.unwrap_or("");
    match way {
        Way::Vnpay => format!("Nop phi ho so {code}").trim_end().to_owned(),
        Way::Momo => format!("Nộp phí, lệ phí hồ sơ {code}")
            .trim_end()
            .to_owned(),
        Way::ZaloPay => String::new(),
        Way::PayOs => format!(
            "CS{} {}",
            rng.text(7, "ABCDEFGHKLMNPQRTUVXYZ"),
            names.reference
        ),
        Way::Platform => format!("THANH TOAN HO SO {code}").trim_end().to_owned(),
        Way::BankHook if to_alias => format!("{payer} chuyen tien"),
        Way::BankHook => format!("{} {payer}", names.reference),
        Way::SePay => transfer(rng, names, &payer),
    }
}

/// A transfer's memo as it comes out of a bank: the words of the payer, wrapped and mangled.
fn transfer(rng: &mut Rng, names: &Names<'_>, payer: &str) -> String {
    let words = match names.code.filter(|_| rng.once_in(6)) {
        // Digits glued to a code would make it another one, and it would rightly not be read.
        Some(code) => format!("HO SO {} ", code.replace(['.', '-'], " ")),
        None => {
            let (head, tail) = names.reference.split_at(names.reference.len() / 2);
            match rng.below(5) {
                0 => names.reference.to_lowercase(),
                1 => format!("{head} {tail}"),
                2 => format!("{head}-{tail}"),
                3 => format!("{} {payer}", names.reference),
                _ => names.reference.to_owned(),
            }
        }
    };
    wrap(rng, &words, payer)
}

/// What banks put around the words of a payer.
pub(super) fn wrap(rng: &mut Rng, words: &str, payer: &str) -> String {
    let digits = |rng: &mut Rng, length| rng.text(length, "0123456789");
    let trace = digits(rng, 6);
    match rng.below(8) {
        0 => format!(
            "MBVCB.{}.{trace}.{words}.CT tu 0011000000001 {payer}",
            digits(rng, 11)
        ),
        1 => format!("CT DEN:{}{words}{trace}NOP PHI", digits(rng, 6)),
        2 => format!("{words} Ma giao dich Trace{trace} Trace {trace}"),
        3 => {
            let id = digits(rng, 12);
            format!("{id}-{words}-CHUYEN TIEN-OQCH000BMyrx-MOMO{id}MOMO")
        }
        4 => format!("CT DEN:{} {words} {payer} CK", digits(rng, 12)),
        5 => format!("NHAN TU 0630000000000 TRACE {trace} ND {words}"),
        6 => format!("{trace}.010725.223855.{words}; tai Napas"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_plain_letters() {
        assert_eq!(plain("Huỳnh Thị Đặng Út"), "HUYNH THI DANG UT");
        let mut rng = Rng::new(3, "names");
        for _ in 0..300 {
            let name = plain(&name(&mut rng));
            assert!(
                name.chars().all(|c| c.is_ascii_uppercase() || c == ' '),
                "{name}"
            );
        }
    }
}
