//! What all pages share: the language of a request, words from the locales, numbers as people write
//! them, and the headers that keep a page from loading or sending anything elsewhere. Knows no page
//! in particular.

use std::borrow::Cow;
use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};
use rust_decimal::Decimal;

use crate::domain::lang::Lang;
use crate::domain::time::Day;

static_loader! {
    static LOCALES = {
        locales: "./src/web/locales",
        fallback_language: "vi",
        // The marks that isolate directions show as boxes on some phones, and no language here
        // runs from right to left.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const VI: LanguageIdentifier = langid!("vi");
const EN: LanguageIdentifier = langid!("en");

/// Everything a page may do: load our style sheet, send forms to us. No scripts, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Lang);

impl Words {
    /// The words of a key.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        LOCALES.lookup(&self.id(), key)
    }

    /// The words of a key around some values.
    #[must_use]
    pub fn say_with(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        let values: HashMap<Cow<'static, str>, _> = values
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), (*value).into()))
            .collect();
        LOCALES.lookup_with_args(&self.id(), key, &values)
    }

    fn id(self) -> LanguageIdentifier {
        match self.0 {
            Lang::Vi => VI,
            Lang::En => EN,
        }
    }

    /// A whole number with thousands marks: `88.429`, in English `88,429`.
    #[must_use]
    pub fn number(&self, number: i64) -> String {
        let mark = match self.0 {
            Lang::Vi => '.',
            Lang::En => ',',
        };
        let digits = number.unsigned_abs().to_string();
        let mut text = String::from(if number < 0 { "-" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        text
    }

    /// A percentage: `85,94%`, in English `85.94%`; a dash when there is none.
    #[must_use]
    pub fn percent(&self, percent: Option<Decimal>) -> String {
        match (percent, self.0) {
            (None, _) => "–".to_owned(),
            (Some(percent), Lang::Vi) => format!("{}%", percent.to_string().replace('.', ",")),
            (Some(percent), Lang::En) => format!("{percent}%"),
        }
    }

    /// A day as both languages write it here.
    #[must_use]
    pub fn day(&self, day: Day) -> String {
        day.format("%d/%m/%Y").to_string()
    }
}

/// The language of a request: `lang` in the address, else what the browser prefers.
#[must_use]
pub fn language(request: &HttpRequest, asked: Option<&str>) -> Lang {
    let accepted = || {
        let header = request.headers().get(ACCEPT_LANGUAGE)?;
        Some(Lang::accepted(header.to_str().ok()?))
    };
    asked
        .and_then(Lang::parse)
        .or_else(accepted)
        .unwrap_or_default()
}

/// A page as an answer.
#[must_use]
pub fn answer(status: StatusCode, lang: Lang, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_LANGUAGE, lang.as_str()))
        .insert_header((VARY, "Accept-Language"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .body(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn keys(text: &str) -> BTreeSet<&str> {
        let named = text.lines().filter(|line| !line.starts_with([' ', '#']));
        named
            .filter_map(|line| Some(line.split_once(" =")?.0))
            .collect()
    }

    /// Every value that some words are told around.
    const VALUES: [(&str, &str); 12] = [
        ("at", "x"),
        ("by", "x"),
        ("d", "x"),
        ("from", "x"),
        ("high", "x"),
        ("low", "x"),
        ("n", "x"),
        ("step", "x"),
        ("text", "x"),
        ("to", "x"),
        ("unit", "x"),
        ("week", "x"),
    ];

    #[test]
    fn both_languages_have_the_same_words() {
        let vi = keys(include_str!("locales/vi.ftl"));
        assert_eq!(vi, keys(include_str!("locales/en.ftl")));
        for key in vi {
            for lang in [Lang::Vi, Lang::En] {
                let words = Words(lang).say_with(key, &VALUES);
                assert!(!words.contains("Unknown"), "{key} {lang:?}: {words}");
            }
        }
    }

    #[test]
    fn templates_ask_only_for_words_that_exist() {
        let known = keys(include_str!("locales/vi.ftl"));
        for text in [
            include_str!("templates/layout.html"),
            include_str!("templates/indicators.html"),
            include_str!("templates/problem.html"),
        ] {
            for part in text.split("t.say(\"").skip(1) {
                let key = part.split('"').next().unwrap();
                assert!(known.contains(key), "{key}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let (vi, en) = (Words(Lang::Vi), Words(Lang::En));
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.000"),
            (-88_429, "-88.429"),
        ] {
            assert_eq!(vi.number(number), expected);
        }
        assert_eq!(en.number(1_234_567), "1,234,567");
        assert_eq!(vi.percent(Some(Decimal::new(8594, 2))), "85,94%");
        assert_eq!(en.percent(Some(Decimal::new(100, 0))), "100%");
        assert_eq!(vi.percent(None), "–");
        assert_eq!(
            vi.say_with("captured", &[("at", "x")]).matches('x').count(),
            1
        );
    }
}
