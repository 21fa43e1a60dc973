//! What an office is and what it does: units and procedures, as imported. Names may change with
//! time, so units carry the days between which their code is valid.

use super::time::Day;

/// Where a unit stands in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitLevel {
    /// A province or centrally run city.
    Province,
    /// A department (sở) of a province.
    Department,
    /// A commune, ward or special zone.
    Commune,
}

impl UnitLevel {
    /// The word used in files, rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::Commune => "commune",
        }
    }

    /// Reads the word; `None` when unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Province, Self::Department, Self::Commune]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

/// An agency. `code` is its portal code such as `H12.104`; `parent` the code above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Portal code, levels from left to right separated by dots.
    pub code: String,
    /// Vietnamese name.
    pub name_vi: String,
    /// English name.
    pub name_en: String,
    /// Level in the tree.
    pub level: UnitLevel,
    /// Code of the unit above, none for a province.
    pub parent: Option<String>,
    /// First day the code is valid, none for always.
    pub valid_from: Option<Day>,
    /// Last day the code is valid, none for still valid.
    pub valid_to: Option<Day>,
}

/// An administrative procedure (thủ tục hành chính).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// National code such as `2.000815`.
    pub code: String,
    /// Vietnamese name.
    pub name: String,
    /// Field of administration (lĩnh vực).
    pub field: String,
    /// Whether the national procedure database holds fee information that is not zero or empty.
    pub has_fee: bool,
}
