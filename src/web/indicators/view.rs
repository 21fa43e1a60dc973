//! What the templates of the indicators are given: figures come in, texts, addresses and shapes go
//! out, ready to be placed. Nothing is computed that the figures do not say.

use askama::Template;
use form_urlencoded::Serializer;

use super::chart::{Chart, chart};
use super::figures::{Figures, Order};
use crate::domain::lang::Lang;
use crate::domain::time::{Instant, VIETNAM, vietnam_day};
use crate::reporting::ask::By;
use crate::reporting::definition::{Indicator, Rule};
use crate::reporting::indicators;
use crate::reporting::measure::{Measured, Row, Tally};
use crate::reporting::period::{Period, Step};
use crate::web::page::Words;

/// The page of the indicators.
#[derive(Template)]
#[template(path = "indicators.html", config = ".askama.toml")]
pub struct Page {
    t: Words,
    office: String,
    lang: &'static str,
    other_language: Link,
    quick: Vec<Link>,
    form: Form,
    period: String,
    scope: String,
    captured: String,
    is_empty: bool,
    main: Vec<Card>,
    more: Vec<Card>,
    chosen_name: &'static str,
    chart: Chart,
    chart_summary: String,
    trend: Vec<Line>,
    comparison: Comparison,
}

/// One plain sentence where no figures can be shown.
#[derive(Template)]
#[template(path = "problem.html", config = ".askama.toml")]
pub struct Problem {
    t: Words,
    office: String,
    lang: &'static str,
    other_language: Link,
    sentence: String,
}

struct Link {
    label: String,
    href: String,
    is_current: bool,
}

struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

struct Form {
    from: String,
    to: String,
    units: Vec<Choice>,
    indicators: Vec<Choice>,
    breakdowns: Vec<Choice>,
}

struct Card {
    name: &'static str,
    figure: String,
    bar: i64,
    sentence: String,
    excluded: String,
    outside: Option<String>,
    definition: &'static Indicator,
    formula: &'static str,
    numerator: &'static str,
    denominator: &'static str,
    exclusions: &'static str,
    date_basis: &'static str,
    version: String,
    captured: String,
    details: Link,
}

struct Line {
    name: String,
    code: Option<String>,
    percent: String,
    bar: i64,
    numerator: String,
    denominator: String,
    excluded: String,
}

struct Comparison {
    title: String,
    name_heading: String,
    by_rate: Link,
    by_name: Link,
    rows: Vec<Line>,
    notes: Vec<String>,
    csv: String,
}

/// Fills the page.
#[must_use]
pub fn page(office: &str, figures: &Figures, t: Words) -> Page {
    let ask = &figures.ask;
    let at = clock_time(ask.captured_at);
    let days = [t.day(ask.period.from()), t.day(ask.period.to())];
    let mut cards = figures
        .headlines
        .iter()
        .map(|measured| card(measured, figures, t));
    let main = cards.by_ref().take(2).collect();
    Page {
        t,
        office: office_name(office, t),
        lang: t.0.as_str(),
        other_language: other_language(t, |lang| address(figures, &[("lang", lang)])),
        quick: quick(figures, t),
        form: form(figures, t),
        period: t.say_with(
            "period",
            &[("from", days[0].as_str()), ("to", days[1].as_str())],
        ),
        scope: match figures
            .headlines
            .first()
            .and_then(|one| one.unit_name.clone())
        {
            Some(name) => format!("{name} ({})", ask.unit.as_deref().unwrap_or_default()),
            None => t.say("all-units"),
        },
        captured: t.say_with("captured", &[("at", at.as_str())]),
        is_empty: figures.is_empty,
        main,
        more: cards.collect(),
        chosen_name: figures.chosen.name.of(t.0),
        chart: chart(&figures.trend.rows, t),
        chart_summary: chart_summary(figures, t),
        trend: figures.trend.rows.iter().map(|row| line(row, t)).collect(),
        comparison: comparison(figures, t),
    }
}

/// Fills the page of a refusal.
#[must_use]
pub fn problem(office: &str, sentence: String, t: Words) -> Problem {
    Problem {
        t,
        office: office_name(office, t),
        lang: t.0.as_str(),
        other_language: other_language(t, |lang| format!("/indicators?lang={lang}")),
        sentence,
    }
}

fn clock_time(at: Instant) -> String {
    let local = at.with_timezone(&VIETNAM);
    local.format("%H:%M:%S %d/%m/%Y").to_string()
}

fn office_name(office: &str, t: Words) -> String {
    if office.is_empty() {
        return t.say("site-name");
    }
    office.to_owned()
}

fn other_language(t: Words, href: impl Fn(&str) -> String) -> Link {
    let other = match t.0 {
        Lang::Vi => Lang::En,
        Lang::En => Lang::Vi,
    };
    Link {
        label: Words(other).say("this-language"),
        href: href(other.as_str()),
        is_current: false,
    }
}

/// The address of the same question with some parameters changed.
fn address(figures: &Figures, changes: &[(&str, &str)]) -> String {
    let ask = &figures.ask;
    let (from, to) = (ask.period.from().to_string(), ask.period.to().to_string());
    let order = match figures.order {
        Order::Rate => "rate",
        Order::Name => "name",
    };
    let now = [
        ("from", from.as_str()),
        ("to", to.as_str()),
        ("unit", ask.unit.as_deref().unwrap_or_default()),
        ("by", ask.by.as_str()),
        ("indicator", figures.chosen.id),
        ("sort", order),
        ("lang", ask.lang.as_str()),
        ("format", ""),
    ];
    let mut query = Serializer::new(String::new());
    for (name, value) in now {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let value = changed.map_or(value, |(_, value)| value);
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    format!("/indicators?{}", query.finish())
}

fn quick(figures: &Figures, t: Words) -> Vec<Link> {
    let today = vietnam_day(figures.ask.captured_at);
    [
        ("this-month", Step::Month),
        ("this-quarter", Step::Quarter),
        ("this-year", Step::Year),
    ]
    .into_iter()
    .map(|(key, step)| {
        let period = Period::around(today, step);
        let (from, to) = (period.from().to_string(), period.to().to_string());
        Link {
            label: t.say(key),
            href: address(figures, &[("from", &from), ("to", &to)]),
            is_current: figures.ask.period == period,
        }
    })
    .collect()
}

fn form(figures: &Figures, t: Words) -> Form {
    let ask = &figures.ask;
    let unit = |choice: &crate::reporting::measure::UnitChoice| Choice {
        is_chosen: ask.unit.as_ref() == Some(&choice.code),
        label: format!("{} ({})", choice.name, choice.code),
        value: choice.code.clone(),
    };
    let indicator = |one: &&'static Indicator| Choice {
        value: one.id.to_owned(),
        label: one.name.of(t.0).to_owned(),
        is_chosen: one.id == figures.chosen.id,
    };
    let breakdown = |by: &By| Choice {
        value: by.as_str().to_owned(),
        label: by_name(*by, t),
        is_chosen: *by == ask.by,
    };
    let can_split = By::ALL.iter().filter(|by| **by != By::None);
    Form {
        from: ask.period.from().to_string(),
        to: ask.period.to().to_string(),
        units: figures.units.iter().map(unit).collect(),
        indicators: indicators::ROSTER.iter().map(indicator).collect(),
        breakdowns: can_split.map(breakdown).collect(),
    }
}

fn by_name(by: By, t: Words) -> String {
    t.say(&format!("by-{}", by.as_str()))
}

fn card(measured: &Measured, figures: &Figures, t: Words) -> Card {
    let indicator = measured.indicator;
    let total = measured.total;
    let (n, d) = (t.number(total.numerator), t.number(total.denominator));
    let (of, excluded) = match indicator.rule {
        Rule::Dossiers(_) => ("of-dossiers", "excluded-dossiers"),
        Rule::Procedures(_) => ("of-procedures", "excluded-procedures"),
    };
    let outside = t.number(total.outside);
    Card {
        name: indicator.name.of(t.0),
        figure: t.percent(total.percent()),
        bar: bar(total),
        sentence: t.say_with(of, &[("n", n.as_str()), ("d", d.as_str())]),
        excluded: t.say_with(excluded, &[("n", t.number(total.excluded).as_str())]),
        outside: (total.outside > 0).then(|| t.say_with("outside", &[("n", outside.as_str())])),
        definition: indicator,
        formula: indicator.formula.of(t.0),
        numerator: measured.numerator().of(t.0),
        denominator: indicator.denominator.of(t.0),
        exclusions: indicator.exclusions.of(t.0),
        date_basis: indicator.date_basis.of(t.0),
        version: measured.version().to_string(),
        captured: clock_time(measured.ask.captured_at),
        details: Link {
            label: t.say("show-details"),
            href: format!(
                "{}#details",
                address(figures, &[("indicator", indicator.id)])
            ),
            is_current: indicator.id == figures.chosen.id,
        },
    }
}

/// The length of a bar of a thousand.
fn bar(tally: Tally) -> i64 {
    let thousandths = tally.numerator.saturating_mul(1000);
    thousandths.checked_div(tally.denominator).unwrap_or(0)
}

fn line(row: &Row, t: Words) -> Line {
    Line {
        name: row.name.clone(),
        code: (row.name != row.key).then(|| row.key.clone()),
        percent: t.percent(row.tally.percent()),
        bar: bar(row.tally),
        numerator: t.number(row.tally.numerator),
        denominator: t.number(row.tally.denominator),
        excluded: t.number(row.tally.excluded),
    }
}

fn chart_summary(figures: &Figures, t: Words) -> String {
    let percents = figures.trend.rows.iter().map(|row| row.tally.percent());
    let known: Vec<_> = percents.flatten().collect();
    let (low, high) = (known.iter().min().copied(), known.iter().max().copied());
    t.say_with(
        "trend-summary",
        &[
            ("step", by_name(figures.trend.by(), t).as_str()),
            ("low", t.percent(low).as_str()),
            ("high", t.percent(high).as_str()),
        ],
    )
}

fn comparison(figures: &Figures, t: Words) -> Comparison {
    let measured = &figures.comparison;
    let by = by_name(measured.by(), t);
    let mut notes = Vec::new();
    if !measured.is_additive {
        notes.push(t.say("not-additive"));
    }
    if measured.by() == By::Provider {
        notes.push(t.say("provider-denominator"));
    }
    let order = |key: &str, word: &str, is_current| Link {
        label: t.say(key),
        href: format!("{}#details", address(figures, &[("sort", word)])),
        is_current,
    };
    Comparison {
        title: t.say_with("comparison-title", &[("by", by.to_lowercase().as_str())]),
        by_rate: order("order-rate", "rate", figures.order == Order::Rate),
        by_name: order("order-name", "name", figures.order == Order::Name),
        name_heading: by,
        rows: measured.rows.iter().map(|row| line(row, t)).collect(),
        notes,
        csv: address(figures, &[("format", "csv")]),
    }
}
