//! Whose file is this? What was found in a file and the sources of the settings come in; a sentence
//! that names the file and the source it belongs to goes out when it is not the one it was given for.

use std::collections::BTreeMap;

use crate::config::source::{Source, SourceKind};
use crate::domain::time::Day;
use crate::reconciliation::profiles::{Profile, library};
use crate::reconciliation::reading::Reading;

/// What a file shows of itself.
pub(super) struct Shown<'a> {
    /// The built-in profile that fits it.
    pub(super) profile: Option<&'static Profile>,
    /// The account it names.
    pub(super) account: Option<&'a str>,
    pub(super) days: Option<(Day, Day)>,
    pub(super) is_table: bool,
}

/// The built-in profile that the reader says fits.
pub(super) fn profile_of(reading: &Reading) -> Option<&'static Profile> {
    let mut told = reading.findings.detected.iter();
    let (_, text) = told.find(|(name, _)| *name == "profile")?;
    let name = text.split(" (").next()?;
    library().profiles.iter().find(|one| one.name == name)
}

/// Whether the file is read through a table, which a profile describes.
pub(super) fn is_table(reading: &Reading) -> bool {
    let told = &reading.findings.detected;
    told.iter().any(|(name, _)| *name == "profile")
}

/// Why a file is not of this source; none when it may be.
pub(super) fn misfit(
    source: &Source,
    sources: &BTreeMap<String, Source>,
    shown: &Shown<'_>,
) -> Option<String> {
    if fits(source, shown) {
        return None;
    }
    let homes: Vec<&str> = sources
        .values()
        .filter(|other| other.tenant == source.tenant && is_home(other, shown))
        .map(|other| other.name.as_str())
        .collect();
    let home = if homes.is_empty() {
        format!("it does not belong to source {}", source.name)
    } else {
        format!("it belongs to source {}", homes.join(" or "))
    };
    Some(format!("this is {}; {home}", named(shown)))
}

fn fits(source: &Source, shown: &Shown<'_>) -> bool {
    let asked = source.profile.as_deref();
    let is_own_profile =
        asked.is_some_and(|asked| library().profiles.iter().any(|one| one.name == asked));
    if is_own_profile && (shown.profile.is_some() || !shown.is_table) {
        return shown
            .profile
            .is_some_and(|one| Some(one.name.as_str()) == asked)
            && fits_account(source, shown);
    }
    match (source.kind, shown.profile) {
        (SourceKind::Bank, Some(profile)) if profile.is_settlement => false,
        (SourceKind::Bank, _) => fits_account(source, shown),
        (SourceKind::Settlement, Some(profile)) if profile.is_settlement => is_of(source, profile),
        (SourceKind::Settlement, Some(_)) => !has_format(source),
        (SourceKind::Settlement, None) => {
            shown.is_table || !has_format(source) || shown.account.is_none()
        }
    }
}

/// Whether the file certainly is of this source.
fn is_home(source: &Source, shown: &Shown<'_>) -> bool {
    match (source.kind, shown.profile) {
        (SourceKind::Settlement, Some(profile)) if profile.is_settlement => {
            match source.profile.as_deref() {
                Some(asked) => asked == profile.name,
                None => is_of(source, profile),
            }
        }
        (SourceKind::Bank, profile) if profile.is_none_or(|one| !one.is_settlement) => {
            source.account.is_some() && shown.account.is_some() && fits_account(source, shown)
        }
        (SourceKind::Settlement | SourceKind::Bank, _) => false,
    }
}

/// Whether a provider's profile is of the provider of this source.
fn is_of(source: &Source, profile: &Profile) -> bool {
    let maker = maker(profile);
    let own = source.provider.as_deref().unwrap_or_default();
    !own.is_empty() && (own.starts_with(maker) || maker.starts_with(own))
}

/// Whether files of the source's provider have a built-in profile.
fn has_format(source: &Source) -> bool {
    let all = library().profiles.iter();
    all.filter(|one| one.is_settlement)
        .any(|one| is_of(source, one))
}

fn maker(profile: &Profile) -> &str {
    profile.name.split('-').next().unwrap_or_default()
}

fn fits_account(source: &Source, shown: &Shown<'_>) -> bool {
    let (Some(own), Some(theirs)) = (source.account.as_deref(), shown.account) else {
        return true;
    };
    let (own, theirs) = (bare(own), bare(theirs));
    let bank_before = own.len() >= 6 && theirs.ends_with(&own);
    let currency = source.currency.as_str();
    own == theirs
        || bank_before
        || theirs
            .strip_suffix(currency)
            .is_some_and(|rest| rest.ends_with(&own))
}

fn bare(account: &str) -> String {
    let letters = account.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_uppercase()).collect()
}

fn named(shown: &Shown<'_>) -> String {
    let what = match shown.profile {
        Some(profile) => {
            let maker = profile.title.split(',').next().unwrap_or_default();
            let kind = if profile.is_settlement {
                "report"
            } else {
                "statement"
            };
            format!("the {maker} {kind}")
        }
        None => "a statement".to_owned(),
    };
    let account = match shown.account {
        Some(account) if shown.profile.is_none_or(|one| !one.is_settlement) => {
            format!(" of account {account}")
        }
        Some(_) | None => String::new(),
    };
    let days = match shown.days {
        Some((from, to)) if from == to => format!(" of {}", from.format("%-d %B %Y")),
        Some((from, to)) => format!(
            " of {} to {}",
            from.format("%-d %B %Y"),
            to.format("%-d %B %Y")
        ),
        None => String::new(),
    };
    format!("{what}{account}{days}")
}
