//! Cells that cannot mean what they seem to: shifted ones, amounts in a currency of their own, columns
//! of one name, numbers that a spreadsheet spoiled. Each is refused with its line; nothing is guessed.

use doisoat::domain::money::Currency;
use doisoat::domain::statement::Line;
use doisoat::reconciliation::input::Input;
use doisoat::reconciliation::problem::Problem;
use doisoat::reconciliation::reading::{Ask, Preview, read};

const BANK: &str = "Ngày giao dịch,Mã giao dịch,Nội dung,Số tiền ghi có";

fn lines_in(text: &str, currency: Option<Currency>) -> Result<Vec<Line>, Problem> {
    let ask = Ask {
        currency,
        ..Ask::default()
    };
    let mut preview = Preview {
        room: 100,
        ..Preview::default()
    };
    read(&Input::of(text.as_bytes()), &ask, &mut preview)?;
    Ok(preview.lines)
}

fn lines(text: &str) -> Vec<Line> {
    lines_in(text, None).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// The text is refused at this line, with all of these words.
fn refused(text: &str, line: u64, says: &[&str]) {
    let problem = lines_in(text, None).expect_err(text);
    assert_eq!(problem.line, Some(line), "{text}: {problem}");
    for part in says {
        assert!(problem.message.contains(part), "{text}: {problem}");
    }
}

fn amounts(text: &str) -> Vec<i64> {
    lines(text).iter().map(|line| line.amount).collect()
}

#[test]
fn a_row_with_more_cells_than_the_heading_is_refused() {
    for (row, beyond) in [
        ("25/11/2026,FT11,NOP PHI,50,000", "\"000\""),
        ("25/11/2026,FT11,NOP PHI, 20,60000", "\"60000\""),
        ("25/11/2026,FT11,NOP PHI,50000,,note", "\"note\""),
    ] {
        let text = format!("{BANK}\n24/11/2026,FT10,NOP PHI,70000\n{row}\n");
        let says = ["more cells than the heading", beyond, "in quotes"];
        refused(&text, 3, &says);
        // An empty heading at the end is no heading.
        refused(&text.replace("ghi có\n", "ghi có,\n"), 3, &says);
    }
    // The row is shifted so far that its day is none, and so far that its state is no success.
    refused(
        "Số tiền,Nội dung,Ngày\n1000,a,24/11/2026\n50,000,b,25/11/2026\n",
        3,
        &["more cells than the heading", "\"25/11/2026\""],
    );
    refused(
        "Date,Memo,Amount,Status\n2026-11-24,a,5,Paid\n2026-11-25,a, b,7,Paid\n",
        3,
        &["more cells than the heading", "\"Paid\""],
    );
    // A balance among the rows would move the opening balance.
    refused(
        "Date,Amount,Memo,Balance\n2026-11-24,,Opening balance,1,000\n2026-11-25,5,a,1005\n",
        2,
        &["more cells than the heading"],
    );
}

#[test]
fn empty_cells_quoted_commas_totals_and_free_text_beyond_the_heading_are_read() {
    let text = format!(
        "{BANK}\n25/11/2026,FT10,NOP PHI,\"70,000\",,\n25/11/2026,FT11,\"NOP PHI, 20\",\"50,000\"\n\
         Tổng cộng,,,\"120,000\",,,\nGhi chú: a, b, c, d, e, f\n"
    );
    assert_eq!(amounts(&text), [70_000, 50_000]);
    let semicolons = "Ngày giao dịch;Mã giao dịch;Nội dung;Số tiền ghi có\n25/11/2026;FT11;NOP, PHI, 20, 30;50,000\n";
    assert_eq!(amounts(semicolons), [50_000]);
}

#[test]
fn an_amount_in_another_currency_than_the_file_is_refused() {
    for (cell, sign) in [
        ("100 USD", "is in USD"),
        ("$7000", "is in $"),
        ("€ 5", "is in €"),
        ("-USD 5", "is in USD"),
    ] {
        let text =
            format!("{BANK}\n24/11/2026,FT10,NOP PHI,70000\n25/11/2026,FT11,NOP PHI,{cell}\n");
        refused(&text, 3, &[cell, sign, "in VND"]);
    }
    // The source's currency, where the file names none; a balance; the currency of the row.
    let plain = "Date,Amount,Memo\n2026-11-24,5 USD,a\n";
    let problem = lines_in(plain, Some(Currency::VND)).unwrap_err();
    assert_eq!(problem.line, Some(2), "{problem}");
    refused(
        "Ngày giao dịch,Số tiền,Số dư\n24/11/2026,500,$ 500\n",
        2,
        &["is in $", "in VND"],
    );
    refused(
        "Date,Amount,Currency\n2026-11-24,5 USD,EUR\n",
        2,
        &["is in USD", "in EUR"],
    );
    // Nothing names a currency, and the amounts name two.
    refused(
        "Date,Amount,Memo\n2026-11-24,$5,a\n2026-11-25,5 USD,b\n2026-11-26,€7,c\n",
        4,
        &["is in €", "in $"],
    );
}

#[test]
fn the_currency_of_the_file_or_row_may_stand_beside_an_amount() {
    let amount = |cell: &str| {
        let text = format!("{BANK}\n24/11/2026,FT10,NOP PHI,{cell}\n");
        amounts(&text)
    };
    for cell in [
        "7000 VND", "7000VNĐ", "7000 ₫", "7000đ", "7000 Đ", "VND 7000", "7000",
    ] {
        assert_eq!(amount(cell), [7000], "{cell}");
    }
    let dollars = "Date,Amount,Currency\n2026-11-24,$5,USD\n2026-11-25,USD 7,USD\n";
    assert_eq!(amounts(dollars), [500, 700]);
    let headed = "Date,Amount (USD),Memo\n2026-11-24,$5,a\n";
    assert_eq!(amounts(headed), [500]);
    let open = "Date,Amount,Memo\n2026-11-24,$5,a\n2026-11-25,7 USD,b\n";
    assert_eq!(amounts(open), [500, 700]);
}

#[test]
fn two_columns_of_one_heading_are_asked_about_when_they_differ() {
    let table = |one: &str, two: &str| {
        format!(
            "Ngày giao dịch,Mã giao dịch,Số tiền ghi có,Số tiền ghi có\n24/11/2026,FT10,70000,70000\n25/11/2026,FT11,{one},{two}\n\
             Tổng cộng,,120000,\n"
        )
    };
    let says = [
        "the columns 3 and 4",
        "\"Số tiền ghi có\"",
        "row 3",
        "a profile decides",
        "columns.credit = 3 or 4",
    ];
    for (one, two) in [("50000", "60000"), ("50000", ""), ("", "50000")] {
        refused(&table(one, two), 1, &says);
    }
    assert_eq!(amounts(&table("50000", "50000")), [70_000, 50_000]);
    // Units in brackets are no part of a name, and other fields are asked about as well.
    refused(
        "Date,Amount (VND),Amount (USD)\n2026-11-24,25000,1\n",
        1,
        &[
            "the columns 2 and 3",
            "\"Amount (USD)\"",
            "columns.amount = 2 or 3",
        ],
    );
    refused(
        "Date,Amount,Reference,Reference\n2026-11-24,25000,R1,R2\n",
        1,
        &["columns.reference = 3 or 4"],
    );
}

#[test]
fn of_two_columns_of_one_heading_the_filled_one_is_read() {
    for row in ["24/11/2026,FT10,,\"70,000\"", "24/11/2026,FT10,\"70,000\","] {
        let text = format!("Ngày giao dịch,Mã giao dịch,Số tiền ghi có,Số tiền ghi có\n{row}\n");
        assert_eq!(amounts(&text), [70_000], "{row}");
    }
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("second.toml");
    std::fs::write(
        &profile,
        "[[profile]]\nname = \"second\"\ncolumns.credit = 4\n",
    )
    .unwrap();
    let ask = Ask {
        profile: Some(profile.to_str().unwrap().to_owned()),
        ..Ask::default()
    };
    let text =
        "Ngày giao dịch,Mã giao dịch,Số tiền ghi có,Số tiền ghi có\n24/11/2026,FT10,50000,70000\n";
    let mut preview = Preview {
        room: 1,
        ..Preview::default()
    };
    read(&Input::of(text.as_bytes()), &ask, &mut preview).unwrap();
    assert_eq!(preview.lines[0].amount, 70_000);
}

#[test]
fn a_transaction_number_that_a_spreadsheet_spoiled_is_refused() {
    for cell in [
        "1.002E+03",
        "1002.0",
        "#N/A",
        "#REF!",
        "=1007",
        "\"1,006\"",
        "1.006",
    ] {
        let shown = format!("\"{}\"", cell.trim_matches('"'));
        let says = ["the reference", shown.as_str(), "format its column as text"];
        refused(
            &format!("{BANK}\n24/11/2026,{cell},NOP PHI,70000\n"),
            2,
            &says,
        );
        let report = format!(
            "Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền phí thu hộ,Trạng thái\n\
             13/01/2026 10:30:15,1001,O1,50000,500,Thành công\n13/01/2026 10:30:15,{cell},O2,50000,500,Thành công\n"
        );
        refused(&report, 3, &says);
    }
}

#[test]
fn transaction_numbers_kept_as_text_are_read_as_they_were() {
    for (cell, id) in [
        ("=\"1010\"", "1010"),
        ("\"=\"\"1010\"\"\"", "1010"),
        ("'1003", "1003"),
        ("10\u{200b}04\u{feff}", "1004"),
        ("0001005", "0001005"),
        ("5243.14661", "5243.14661"),
        ("FT26.001", "FT26.001"),
        ("\"FT1,006\"", "FT1,006"),
        ("5E12", "5E12"),
    ] {
        let text = format!("{BANK}\n24/11/2026,{cell},NOP PHI,70000\n");
        assert_eq!(lines(&text)[0].reference.as_deref(), Some(id), "{cell}");
    }
}
