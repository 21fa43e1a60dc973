//! The printed sheet of a closed day, from the very value that is signed: Vietnamese first, English
//! beside it, complete in one file. It shows nothing that the value does not hold.

use askama::Template;
use serde_json::Value;

use super::found::BOOKED_NET;
use crate::domain::day::DayVerdict;

#[derive(Template)]
#[template(path = "day_sheet.html", config = ".askama.toml")]
struct Sheet {
    day: String,
    revision: String,
    reopened: Option<String>,
    verdict_vi: &'static str,
    verdict_en: &'static str,
    tables: Vec<Table>,
    proposed_by: String,
    proposed_at: String,
    closed_by: String,
    closed_at: String,
    previous: String,
}

struct Table {
    vi: &'static str,
    en: &'static str,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
}

struct Head {
    vi: &'static str,
    en: &'static str,
    is_number: bool,
}

struct Cell {
    text: String,
    is_number: bool,
}

/// A column: where its value stands, its headings, and whether it is a number.
type Column = (&'static str, &'static str, &'static str, bool);

/// A table: where its rows stand, its headings and its columns.
type Plan = (&'static str, &'static str, &'static str, &'static [Column]);

const PLANS: &[Plan] = &[
    (
        "/bridge",
        "Cầu nối: khoản trả trong ngày và sổ cái",
        "Bridge from payments to the books",
        &[
            ("channel", "Kênh", "Channel", false),
            ("paid", "Trả trong ngày", "Paid on the day", true),
            (
                "booked_on_another_day",
                "Ghi sổ ngày khác",
                "Booked on another day",
                true,
            ),
            (
                "paid_on_another_day",
                "Trả ngày khác",
                "Paid on another day",
                true,
            ),
            (
                BOOKED_NET,
                "Đã hoàn trước khi báo",
                "Refunded before it was told",
                true,
            ),
            ("ledger", "Sổ cái", "Books", true),
            ("residual", "Còn lại", "Residual", true),
            ("currency", "Tiền tệ", "Currency", false),
        ],
    ),
    (
        "/settlement",
        "Đối soát với nhà cung cấp",
        "From the provider's total to ours",
        &[
            ("channel", "Kênh", "Channel", false),
            ("provider_total", "Nhà cung cấp", "Provider", true),
            ("explained", "Giải thích", "Explained by", false),
            ("ledger_total", "Của ta", "Ours", true),
            ("residual", "Còn lại", "Residual", true),
            ("currency", "Tiền tệ", "Currency", false),
        ],
    ),
    (
        "/payments",
        "Giao dịch theo kênh",
        "Payments by channel",
        &[
            ("channel", "Kênh", "Channel", false),
            ("status", "Trạng thái", "Status", false),
            ("count", "Số lượng", "Count", true),
            ("amount", "Số tiền", "Amount", true),
            ("currency", "Tiền tệ", "Currency", false),
        ],
    ),
    (
        "/files",
        "Tệp đã tính",
        "Files counted",
        &[
            ("source", "Nguồn", "Source", false),
            ("channel", "Kênh", "Channel", false),
            ("name", "Tệp", "File", false),
            ("sha256", "SHA-256", "SHA-256", false),
            ("late", "Đến muộn", "Late", false),
        ],
    ),
    (
        "/outcomes/counts",
        "Kết quả so khớp",
        "Outcomes of the comparison",
        &[
            ("side", "Bên", "Side", false),
            ("outcome", "Kết quả", "Outcome", false),
            ("count", "Số lượng", "Count", true),
        ],
    ),
    (
        "/missing_files",
        "Tệp còn thiếu",
        "Files missing",
        &[("", "Nguồn hoặc kênh", "Source or channel", false)],
    ),
    (
        "/differences/by_age",
        "Chênh lệch chưa xử lý theo tuổi",
        "Open differences by age",
        &[
            ("days", "Số ngày", "Days", false),
            ("count", "Số lượng", "Count", true),
        ],
    ),
    (
        "/differences/items",
        "Chênh lệch chưa xử lý",
        "Open differences",
        &[
            ("id", "Mã", "Id", false),
            ("kind", "Loại", "Kind", false),
            ("unit", "Đơn vị", "Unit", false),
            ("channel", "Kênh", "Channel", false),
            ("amount", "Số tiền", "Amount", true),
            ("opened_on", "Từ ngày", "Since", false),
            ("age_days", "Tuổi", "Age, days", true),
        ],
    ),
    (
        "/ledger/in_transit",
        "Tiền chưa chuyển (quy tắc 24 giờ)",
        "Money in transit (24-hour rule)",
        &[
            ("account", "Tài khoản", "Account", false),
            ("balance", "Số dư", "Balance", true),
            ("within_24h", "Trong 24 giờ", "Within 24 h", true),
            ("over_24h", "Quá 24 giờ", "Over 24 h", true),
            ("oldest", "Từ ngày", "Since", false),
        ],
    ),
    (
        "/ledger/trial_balance",
        "Bảng cân đối thử",
        "Trial balance",
        &[
            ("account", "Tài khoản", "Account", false),
            ("debit", "Nợ", "Debit", true),
            ("credit", "Có", "Credit", true),
            ("currency", "Tiền tệ", "Currency", false),
        ],
    ),
    (
        "/ledger/heads",
        "Đầu chuỗi niêm phong",
        "Heads of the seal chains",
        &[
            ("chain", "Chuỗi", "Chain", true),
            ("height", "Khối", "Block", true),
            ("hash", "SHA-256", "SHA-256", false),
        ],
    ),
];

/// The sheet of a value that is about to be signed.
///
/// # Errors
/// When the template cannot be filled.
pub fn sheet(value: &Value) -> Result<String, askama::Error> {
    let at = |path: &str| text(value.pointer(path));
    let (verdict_vi, verdict_en) = words(value.pointer("/verdict").and_then(Value::as_str));
    let reopened = value.pointer("/reopened/reason").and_then(Value::as_str);
    Sheet {
        day: at("/day"),
        revision: at("/revision"),
        reopened: reopened.map(str::to_owned),
        verdict_vi,
        verdict_en,
        tables: PLANS.iter().map(|plan| table(value, plan)).collect(),
        proposed_by: at("/proposed_by"),
        proposed_at: at("/proposed_at"),
        closed_by: at("/closed_by"),
        closed_at: at("/closed_at"),
        previous: at("/previous/sha256"),
    }
    .render()
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(is_so)) => (if *is_so { "×" } else { "–" }).to_owned(),
        // What explains a difference: each outcome with its sum.
        Some(Value::Array(parts)) => {
            let part = |part: &Value| {
                format!("{} {}", text(part.get("outcome")), text(part.get("amount")))
            };
            parts.iter().map(part).collect::<Vec<_>>().join("; ")
        }
        Some(other @ (Value::Number(_) | Value::Object(_))) => other.to_string(),
    }
}

/// The words of a verdict.
#[must_use]
pub fn words(verdict: Option<&str>) -> (&'static str, &'static str) {
    use DayVerdict as V;
    match verdict.and_then(V::parse) {
        Some(V::Reconciled) => ("Khớp", "Reconciled"),
        Some(V::ReconciledWithWaiting) => ("Khớp, còn khoản chờ", "Reconciled with waiting items"),
        Some(V::Differences) => ("Có chênh lệch", "Differences"),
        Some(V::Incomplete) => ("Chưa đủ tệp", "Incomplete"),
        None => ("–", "–"),
    }
}

fn table(value: &Value, (path, vi, en, columns): &Plan) -> Table {
    let items = value.pointer(path).and_then(Value::as_array);
    // A column of which no row speaks is one that the sheets of most days never had.
    let is_told = |(name, ..): &&Column| {
        let mut rows = items.into_iter().flatten();
        *name != BOOKED_NET || rows.any(|row| row.get(name).is_some())
    };
    let columns: Vec<&Column> = columns.iter().filter(is_told).collect();
    let cell = |item: &Value, (name, _, _, is_number): &Column| Cell {
        text: text(if name.is_empty() {
            Some(item)
        } else {
            item.get(name)
        }),
        is_number: *is_number,
    };
    let row = |item: &Value| columns.iter().map(|&column| cell(item, column)).collect();
    Table {
        vi,
        en,
        heads: columns
            .iter()
            .map(|(_, vi, en, is_number)| Head {
                vi,
                en,
                is_number: *is_number,
            })
            .collect(),
        rows: items.into_iter().flatten().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_sheet_shows_what_is_signed_and_escapes_it() {
        let value = json!({
            "day": "2026-01-05", "revision": 1, "verdict": "incomplete",
            "missing_files": ["<vnpay>"], "proposed_by": "lan", "closed_by": "minh",
            "bridge": [{ "channel": "vnpay", "paid": "100", "residual": "0", "currency": "VND" }],
        });
        let sheet = sheet(&value).unwrap();
        for part in [
            "Chưa đủ tệp",
            "&#60;vnpay&#62;",
            "<td class=\"n\">100</td>",
            "<strong>minh</strong>",
            "@media print",
        ] {
            assert!(sheet.contains(part), "{part}: {sheet}");
        }
        assert!(!sheet.contains("<vnpay>"));
    }
}
