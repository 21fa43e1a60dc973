//! The code of a dossier, classic (`000.00.19.H12-250701-0001`, Circular 01/2018/TT-VPCP art. 19)
//! or short (`H12.104-250701-0012`). A code carries a day; what it does not tell is whether the
//! dossier exists.

use chrono::NaiveDate;
use thiserror::Error;

use super::time::Day;

/// Which of the two forms a code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Three groups before the province.
    Classic,
    /// Unit levels from left to right.
    Short,
}

/// A well-formed code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierCode {
    text: String,
    /// Classic or short.
    pub form: Form,
    /// Province or ministry letters and digits, such as `H12`.
    pub province: String,
    /// The day inside the code, local.
    pub day: Day,
}

/// Why a text is not a dossier code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Neither form.
    #[error(
        "\"{0}\" is not a dossier code such as H12.104-250701-0012 or 000.00.19.H12-250701-0001"
    )]
    Shape(String),
    /// The six digits are not a day.
    #[error("\"{0}\" carries {1}, which is not a day (YYMMDD)")]
    Day(String, String),
}

fn is_province(text: &str) -> bool {
    let digits = text.strip_prefix(['H', 'G']);
    digits.is_some_and(|d| d.len() == 2 && d.bytes().all(|b| b.is_ascii_digit()))
}

fn is_group(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn form_and_province(unit: &str) -> Option<(Form, &str)> {
    let groups: Vec<&str> = unit.split('.').collect();
    match groups.as_slice() {
        [v, z, y, province]
            if is_group(v, 3..=3)
                && is_group(z, 2..=2)
                && is_group(y, 2..=2)
                && is_province(province) =>
        {
            Some((Form::Classic, province))
        }
        [province, levels @ ..]
            if is_province(province)
                && levels.len() <= 3
                && levels.iter().all(|level| is_group(level, 2..=3)) =>
        {
            Some((Form::Short, province))
        }
        _ => None,
    }
}

impl DossierCode {
    /// Reads a code exactly as printed.
    ///
    /// # Errors
    /// [`CodeError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let shape = || CodeError::Shape(text.to_owned());
        let mut parts = text.split('-');
        let (Some(unit), Some(day), Some(sequence), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let (form, province) = form_and_province(unit).ok_or_else(shape)?;
        if day.len() != 6
            || !is_digits(day)
            || !(4..=6).contains(&sequence.len())
            || !is_digits(sequence)
        {
            return Err(shape());
        }
        let date = NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d")
            .map_err(|_| CodeError::Day(text.to_owned(), day.to_owned()))?;
        Ok(Self {
            text: text.to_owned(),
            form,
            province: province.to_owned(),
            day: date,
        })
    }

    /// The code as printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Letters and digits only: what survives a bank's memo.
    #[must_use]
    pub fn squeezed(&self) -> String {
        squeeze(&self.text)
    }
}

/// Capital ASCII letters and digits of a text, everything else dropped.
#[must_use]
pub fn squeeze(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Whether an `asked` text means this `code`: a code of its own means only itself, anything looser
/// whatever it squeezes to.
#[must_use]
pub fn is_meant(asked: &str, code: &str) -> bool {
    let asked = asked.to_ascii_uppercase();
    asked == code || (squeeze(&asked) == squeeze(code) && DossierCode::parse(&asked).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_code_means_only_itself() {
        let (one, other) = ("H12.25-120101-0012", "H12-251201-010012");
        assert_eq!(squeeze(one), squeeze(other));
        let table = [
            (one, true),
            (other, false),
            ("h12.25-120101-0012", true),
            ("H12251201010012", true),
            ("H12251201010013", false),
        ];
        for (asked, is_one) in table {
            assert_eq!(is_meant(asked, one), is_one, "{asked}");
        }
    }

    #[test]
    fn both_forms_are_read() {
        let table = [
            ("000.00.19.H47-260105-0001", Form::Classic, "H47"),
            ("000.A0.01.H26-210212-9090", Form::Classic, "H26"),
            ("H57.132-260804-0583", Form::Short, "H57"),
            ("G09.20-260804-0583", Form::Short, "G09"),
            ("H12.104.02-250701-00012", Form::Short, "H12"),
            ("H12-250701-0001", Form::Short, "H12"),
        ];
        for (text, form, province) in table {
            let code = DossierCode::parse(text).unwrap();
            assert_eq!(
                (code.form, code.province.as_str()),
                (form, province),
                "{text}"
            );
            assert_eq!(code.as_str(), text);
        }
        let code = DossierCode::parse("H12.104-250701-0012").unwrap();
        assert_eq!(code.squeezed(), "H121042507010012");
        assert_eq!(code.day.to_string(), "2025-07-01");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "H12",
            "H12.104-250701",
            "H12.104-250701-001",
            "H12.104-2507011-0012",
            "H12.1-250701-0012",
            "h12.104-250701-0012",
            "X12.104-250701-0012",
            "H12.104-250701-0012-1",
            "00.00.19.H47-260105-0001",
            "H12.104-250701-001a",
            " H12.104-250701-0012",
        ] {
            assert!(
                matches!(DossierCode::parse(text), Err(CodeError::Shape(_))),
                "{text}"
            );
        }
        assert!(matches!(
            DossierCode::parse("H12.104-251301-0012"),
            Err(CodeError::Day(..))
        ));
    }
}
