//! What an indicator is: its names, its formula in words, and the rule that places a dossier or a
//! procedure. Takes a class or what was seen of a procedure, gives its place; adds nothing up.

use crate::domain::classification::Class;
use crate::domain::lang::Text;
use crate::domain::refund::RefundedRule;

/// Where one dossier, or one procedure, stands in an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Whether the numerator's condition holds. Counted only inside the denominator; one that
    /// holds outside is told separately, because official wordings do not always forbid it.
    pub is_reached: bool,
    /// Whether it belongs to the denominator.
    pub is_asked: bool,
    /// Whether the definition leaves it out although it concerns it.
    pub is_excluded: bool,
}

/// What the dossiers of a period say about one procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcedureSeen {
    /// Whether the catalogue of now gives it a fee.
    pub has_fee: bool,
    /// Whether a dossier carries a fee item above zero.
    pub carries_fee: bool,
    /// Whether a dossier has a bill above zero that counts.
    pub is_billed: bool,
    /// Whether a dossier has a successful online payment.
    pub is_paid: bool,
}

/// What is counted, and how one of it is placed.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Dossiers, by class and by whether their procedure has a fee.
    Dossiers(fn(Class, bool) -> Place),
    /// Procedures, by what their dossiers show.
    Procedures(fn(ProcedureSeen) -> Place),
}

/// A named, versioned definition.
#[derive(Debug)]
pub struct Indicator {
    /// Stable name in addresses and files.
    pub id: &'static str,
    /// Grows whenever the formula changes, so that an old figure says what it was.
    pub version: u32,
    /// What people call it.
    pub name: Text,
    /// The formula in words.
    pub formula: Text,
    /// What the numerator counts.
    pub numerator: Text,
    /// What the denominator counts.
    pub denominator: Text,
    /// What is left out, or that nothing is.
    pub exclusions: Text,
    /// By which day a dossier falls into a period.
    pub date_basis: Text,
    /// How it is counted.
    pub rule: Rule,
    /// What is otherwise when refunded dossiers stay; none where money is not asked for.
    pub when_refunded_stay: Option<Variant>,
}

/// What differs in a definition under which refunded dossiers stay in the numerator.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// Its own version: no two figures of different definitions have one.
    pub version: u32,
    /// What the numerator counts.
    pub numerator: Text,
}

impl Indicator {
    /// The version under a rule about refunded dossiers.
    #[must_use]
    pub fn version(&self, rule: RefundedRule) -> u32 {
        self.variant(rule)
            .map_or(self.version, |variant| variant.version)
    }

    /// What the numerator counts under a rule about refunded dossiers.
    #[must_use]
    pub fn numerator(&self, rule: RefundedRule) -> Text {
        self.variant(rule)
            .map_or(self.numerator, |variant| variant.numerator)
    }

    fn variant(&self, rule: RefundedRule) -> Option<Variant> {
        match rule {
            RefundedRule::Leaves => None,
            RefundedRule::Stays => self.when_refunded_stay,
        }
    }
}

/// The date basis of every indicator so far: the day of reception, never the day of payment.
pub const RECEPTION_DAY: Text = Text {
    vi: "Ngày tiếp nhận hồ sơ (không phải ngày nộp tiền); số liệu các kỳ trước còn thay đổi khi hồ sơ cũ được thanh toán.",
    en: "Day the dossier was received (not the day it was paid); figures of past periods still change when older dossiers are paid.",
};
