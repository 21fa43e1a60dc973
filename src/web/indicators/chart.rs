//! The trend as shapes: percentages per step come in, whole-number coordinates of a line chart come
//! out. Draws nothing itself; a step without a denominator leaves a gap.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::reporting::measure::Row;
use crate::web::page::Words;

const WIDTH: i64 = 720;
const HEIGHT: i64 = 260;
const LEFT: i64 = 80;
const RIGHT: i64 = 700;
const TOP: i64 = 18;
const BOTTOM: i64 = 214;
/// Names under the chart, at most: more would run into each other on a phone.
const LABELS_MAX: usize = 5;
/// Above so many steps, points would hide the line.
const POINTS_MAX: usize = 40;

/// A line chart from 0 to 100 %.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// Width of the drawing.
    pub width: i64,
    /// Height of the drawing.
    pub height: i64,
    /// Left end of grid lines.
    pub left: i64,
    /// Right end of grid lines.
    pub right: i64,
    /// Horizontal lines: height and label.
    pub grid: Vec<(i64, String)>,
    /// Unbroken stretches of the line.
    pub lines: Vec<String>,
    /// The areas under them.
    pub areas: Vec<String>,
    /// Points with what they say.
    pub points: Vec<(i64, i64, String)>,
    /// Names under the chart: place, height, text, and which way it is anchored.
    pub labels: Vec<(i64, i64, String, &'static str)>,
}

/// The chart of a series.
#[must_use]
pub fn chart(rows: &[Row], words: Words) -> Chart {
    let places = places(rows.len());
    let mut chart = Chart {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        grid: [0, 25, 50, 75, 100]
            .into_iter()
            .map(|percent| (height(Decimal::from(percent)), format!("{percent}%")))
            .collect(),
        ..Chart::default()
    };
    let mut stretch: Vec<(i64, i64)> = Vec::new();
    for (row, &x) in rows.iter().zip(&places) {
        let Some(percent) = row.tally.percent() else {
            chart.end(&mut stretch);
            continue;
        };
        let y = height(percent);
        stretch.push((x, y));
        let told = format!("{}: {}", row.name, words.percent(Some(percent)));
        chart.points.push((x, y, told));
    }
    chart.end(&mut stretch);
    chart.label(rows, &places, words);
    // Points that stand alone are all there is to see of them.
    if chart.points.len() > POINTS_MAX {
        chart.points.clear();
    }
    chart
}

impl Chart {
    fn end(&mut self, stretch: &mut Vec<(i64, i64)>) {
        if let (Some(first), Some(last), true) =
            (stretch.first(), stretch.last(), stretch.len() > 1)
        {
            let line: Vec<String> = stretch.iter().map(|(x, y)| format!("{x},{y}")).collect();
            let line = line.join(" ");
            let (from, to) = (first.0, last.0);
            self.areas
                .push(format!("{from},{BOTTOM} {line} {to},{BOTTOM}"));
            self.lines.push(line);
        }
        stretch.clear();
    }

    fn label(&mut self, rows: &[Row], places: &[i64], words: Words) {
        let last = rows.len().saturating_sub(1);
        let stride = last.div_ceil(LABELS_MAX - 1).max(1);
        for (place, (row, &x)) in rows.iter().zip(places).enumerate() {
            // The last name always stands; one too near to it makes room.
            let is_near_end = place != last && last - place < stride;
            let is_named = place == last || (place % stride == 0 && !is_near_end);
            if is_named {
                let anchor = match place {
                    _ if rows.len() == 1 => "middle",
                    0 => "start",
                    _ if place == last => "end",
                    _ => "middle",
                };
                self.labels
                    .push((x, BOTTOM + 30, short(row, words), anchor));
            }
        }
    }
}

/// A name that fits under the chart: `22/11` for a day, `T47` for a week, else the whole name.
fn short(row: &Row, words: Words) -> String {
    if let Some((_, week)) = row.key.split_once("-W") {
        return words.say_with("week-short", &[("week", week)]);
    }
    match row.key.split('-').collect::<Vec<_>>().as_slice() {
        [_, month, day] => format!("{day}/{month}"),
        _ => row.name.clone(),
    }
}

/// Where the steps stand, evenly from left to right.
fn places(count: usize) -> Vec<i64> {
    let Ok(gaps) = i64::try_from(count.saturating_sub(1)) else {
        return Vec::new();
    };
    let room = RIGHT - LEFT - 24;
    (0..=gaps)
        .take(count)
        .map(|step| match gaps {
            0 => (LEFT + RIGHT) / 2,
            _ => LEFT + 12 + room * step / gaps,
        })
        .collect()
}

fn height(percent: Decimal) -> i64 {
    let room = Decimal::from(BOTTOM - TOP);
    let up = (percent * room / Decimal::ONE_HUNDRED)
        .round()
        .to_i64()
        .unwrap_or(0);
    BOTTOM - up
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lang::Lang;
    use crate::reporting::measure::Tally;

    fn rows(figures: &[(i64, i64)]) -> Vec<Row> {
        let row = |(place, &(numerator, denominator)): (usize, &(i64, i64))| Row {
            key: place.to_string(),
            name: format!("n{place}"),
            tally: Tally {
                numerator,
                denominator,
                ..Tally::default()
            },
        };
        figures.iter().enumerate().map(row).collect()
    }

    #[test]
    fn a_step_without_a_denominator_breaks_the_line() {
        let chart = chart(
            &rows(&[(0, 4), (4, 4), (0, 0), (2, 4), (4, 4)]),
            Words(Lang::Vi),
        );
        assert_eq!(chart.lines, ["92,214 241,18", "539,116 688,18"]);
        assert_eq!(chart.points.len(), 4);
        assert_eq!(chart.labels.len(), 5);
    }

    #[test]
    fn one_step_is_a_point_and_none_is_nothing() {
        let one = chart(&rows(&[(1, 2)]), Words(Lang::Vi));
        assert_eq!((one.lines.len(), one.points.len()), (0, 1));
        let none = chart(&[], Words(Lang::Vi));
        assert!(none.points.is_empty() && none.labels.is_empty());
    }

    #[test]
    fn names_under_the_chart_are_short() {
        for (key, expected) in [
            ("2026-11-22", "22/11"),
            ("2026-W07", "T07"),
            ("2026-11", "name"),
            ("2026-Q4", "name"),
        ] {
            let row = Row {
                key: key.to_owned(),
                name: "name".to_owned(),
                tally: Tally::default(),
            };
            assert_eq!(short(&row, Words(Lang::Vi)), expected);
        }
    }

    #[test]
    fn names_never_crowd() {
        for count in 1..200 {
            let figures = vec![(1, 2); count];
            let labels = chart(&rows(&figures), Words(Lang::Vi)).labels;
            assert!(labels.len() <= LABELS_MAX, "{count}: {}", labels.len());
            let gaps = labels.windows(2).map(|pair| pair[1].0 - pair[0].0);
            assert!(gaps.min().unwrap_or(WIDTH) >= 110, "{count}");
        }
    }
}
