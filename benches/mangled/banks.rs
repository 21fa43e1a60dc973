//! What banks, wallets and payment links put around a payer's words, and where they cut them. The
//! forms are those of `tests/fixtures/memos.csv`.

use super::marked::Marked;
use super::rng::Rng;

/// A way a memo can come; `§` stands for the payer's words and `<…>` is filled, see [`filled`].
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) forms: &'static [&'static str],
    /// Characters of the payer's words that are kept.
    pub(crate) words: usize,
    /// Characters of everything that are kept.
    pub(crate) all: usize,
    pub(crate) damage: Damage,
}

/// What else is done on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    /// Another bank's form around it.
    Nested,
    /// The beginning is lost: of the words, or of everything.
    Beheaded,
    /// Lines are broken inside words.
    Broken,
    /// No punctuation and no space is left.
    Glued,
    /// Fields of fixed width stand side by side, so that a cut text and the next number touch.
    Fields,
}

const ANY: usize = usize::MAX;

const fn shape(name: &'static str, forms: &'static [&'static str]) -> Shape {
    Shape {
        name,
        forms,
        words: ANY,
        all: ANY,
        damage: Damage::None,
    }
}

const VCB: &[&str] = &[
    "MBVCB.<11>.<6>.§.CT tu <A> <N> toi <A> <N>",
    "MBVCB.<11>.§.CT tu <A> <N>",
    "MBVCB.<4> §",
    "<6>.<D>.<T>.§",
    "IBVCB.<16>.<6>.IBTC.§",
    "PARTNER.DIRECT_DEBITS_VCB.MSE.<11>.20260827.<11>-<P>_§",
];
const VIETIN: &[&str] = &[
    "CT DEN:<12> § <N> CK",
    "CT DEN:<12> §; tai Napas",
    "CT DEN:<6>§<6>NOP PHI",
    "ND:CT DEN:<12> ICB;<A>;§; tai Napas",
    "CT DEN:<12> ND:§ <N> CK",
];
const MB: &[&str] = &[
    "§ <F> Ma giao dich Trace<6> Trace <6>",
    "IBFT § Ma giao dich Trace<6> Trace <6> NG CHUYEN:CUSTOMER <P>",
    "CUSTOMER -§- Trace<5>",
    "<F><A>§ - Ma giao dich/ Trace <6>",
    "Thanh toan QR-VQR<X> § NG CHUYEN:CUSTOMER",
];
const LINKS: &[&str] = &["§", VIETIN[1], "Thanh toan QR-§"];
const FIELDS: &[&str] = &["<6>§<6>", "<6>§<12>", "<12>§;<6>", "§<9>VND"];
const EVERY: &[&str] = &[
    VCB[0],
    VCB[1],
    VIETIN[0],
    VIETIN[1],
    MB[0],
    MB[3],
    "§",
    "NHAN TU <A> TRACE <6> ND §",
    "<12>-§-CHUYEN TIEN-OQCH000<X>-MOMO<12>MOMO",
];

/// Every shape, each as often as another.
pub(crate) const SHAPES: &[Shape] = &[
    shape("VCB", VCB),
    shape(
        "VCB from Napas",
        &[
            "0200970422<22>.<5>.<6>.§",
            "MBVCB.<11>.<4>BFTVG<3>UBX.§",
            "0200970405<22>2026U9JQ<6>.<5>.<6>.<N> §",
        ],
    ),
    shape("VietinBank", VIETIN),
    Shape {
        damage: Damage::Broken,
        ..shape(
            "VietinBank iPay, broken lines",
            &[
                "CT DI:<12> §; tai iPay",
                "CT DI:<12> § <N> chuye n tien; tai iPay",
            ],
        )
    },
    shape(
        "MoMo",
        &["<12>-§-CHUYEN TIEN-OQCH000<X>-MOMO<12>MOMO", "<12>-<P>-§"],
    ),
    shape("MB", MB),
    shape(
        "BIDV",
        &[
            "TKThe :<A>, tai Vietcombank. § -CTLNHIDI<12>-1/1-CRE-002",
            "REM TKThe<6>,tai ACB.§-<6>- 18:14:33<6> CTLNHIDI<12>- 11-CRE-002",
            "REM Tfr Ac:<A> O@L_080005_<6>_0_0_<9>_<11> <P> §",
        ],
    ),
    shape(
        "VPBank",
        &[
            "NHAN TU <A> TRACE <6> ND §",
            "BankAPINotify NHAN TU <3> TRACE <3> §.CT tu",
        ],
    ),
    shape("ACB", &["<N> §-<D>-<T> <6>", "§-Ma GD ACSP/ A<7>"]),
    shape(
        "SePay over MoMo",
        &["BankAPINotify Qaetep<4>  SEPAY<4> 1  <12>-§-CHUYEN TIEN-OQCH000<X>-MOMO<12>MOMO"],
    ),
    shape(
        "ZaloPay, card terminals",
        &["ZaloPay-CASHIN-<P> §", "Ref POS.<8>.<6>.20260621.<6> GD:§"],
    ),
    Shape {
        words: 24,
        damage: Damage::Fields,
        ..shape("fields of fixed width", FIELDS)
    },
    shape("platform", &["THANH TOAN HO SO §", "THANHTOANHOSO§"]),
    shape("nothing around", &["§"]),
    Shape {
        all: 25,
        ..shape("payOS, 25 characters", &["CS<X> §", "§"])
    },
    Shape {
        words: 25,
        ..shape("EMVCo, 25 characters", LINKS)
    },
    Shape {
        all: 50,
        ..shape("display, 50 characters", EVERY)
    },
    Shape {
        all: 90,
        damage: Damage::Nested,
        ..shape("core, 90 characters", EVERY)
    },
    Shape {
        damage: Damage::Nested,
        ..shape("wrapped twice", EVERY)
    },
    Shape {
        damage: Damage::Beheaded,
        ..shape("beginning cut off", EVERY)
    },
    Shape {
        damage: Damage::Glued,
        ..shape("all glued", EVERY)
    },
];

impl Shape {
    /// The words as they arrive.
    pub(crate) fn wrap(&self, rng: &mut Rng, words: Marked) -> Marked {
        let words = words.cut_end(self.words);
        let all = match self.damage {
            Damage::None | Damage::Glued => self.around(rng, words),
            Damage::Fields => self.around(rng, words.padded(self.words)),
            Damage::Nested => {
                let inner = self.around(rng, words);
                let limit = rng.pick(&[50, 90, ANY]);
                self.around(rng, inner.cut_end(limit))
            }
            Damage::Beheaded if rng.percent(60) => {
                let lost = 1 + rng.below(6);
                self.around(rng, words.cut_start(lost))
            }
            Damage::Beheaded => {
                let all = self.around(rng, words);
                let lost = rng.below(all.len());
                all.cut_start(lost)
            }
            Damage::Broken => {
                let (line, end) = (14 + rng.below(30), rng.pick(&[' ', '\n']));
                self.around(rng, words).broken(line, end)
            }
        };
        all.cut_end(self.all)
    }

    fn around(&self, rng: &mut Rng, words: Marked) -> Marked {
        let form = rng.pick(self.forms);
        let (before, after) = form.split_once('§').unwrap();
        let (before, after) = (filled(rng, before), filled(rng, after));
        Marked::text(&before).and(words).and(Marked::text(&after))
    }
}

/// A form with `<A>` account, `<P>` telephone, `<N>` name, `<X>` nine letters or digits, `<F>` id of
/// a transfer, `<D>` and `<T>` day and time, `<12>` as many digits.
pub(crate) fn filled(rng: &mut Rng, form: &str) -> String {
    let mut text = String::new();
    for (place, part) in form.split('<').enumerate() {
        if place == 0 {
            text.push_str(part);
            continue;
        }
        let (what, rest) = part.split_once('>').unwrap();
        text += &match what {
            "A" => {
                let length = 9 + rng.below(6);
                rng.digits(length)
            }
            "P" => format!("09{}", rng.digits(8)),
            "N" => name(rng),
            "X" => rng.text(
                9,
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            ),
            "F" => format!("FT26{}", rng.digits(12)),
            "D" => format!("{:02}{:02}26", 1 + rng.below(28), 1 + rng.below(12)),
            "T" => format!(
                "{:02}{:02}{:02}",
                rng.below(24),
                rng.below(60),
                rng.below(60)
            ),
            digits => rng.digits(digits.parse().unwrap()),
        };
        text.push_str(rest);
    }
    text
}

pub(crate) fn name(rng: &mut Rng) -> String {
    let family = rng.pick(&["NGUYEN", "TRAN", "LE", "PHAM", "HUYNH", "DANG", "VO"]);
    let middle = rng.pick(&["VAN", "THI", "MINH", "HONG", "DUC"]);
    let given = rng.pick(&["A", "B", "HANH", "DSANG", "KHANH", "GIAU", "THUY"]);
    format!("{family} {middle} {given}")
}
