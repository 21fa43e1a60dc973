//! Workbooks (`.xlsx`), streamed out of their archive within strict limits. The first visible sheet
//! with a heading is read; a sheet's stated dimension is not believed.

use super::{Format, Look};
use crate::reconciliation::book::Book;
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::reading::Ask;
use crate::reconciliation::table::emit::emit;
use crate::reconciliation::table::sheet::SheetRows;
use crate::reconciliation::table::survey::survey;
use crate::reconciliation::table::zipped::Workbook;
use crate::reconciliation::table::{Rows, Table};

/// The format.
pub struct Xlsx;

impl Format for Xlsx {
    fn name(&self, _: &Look) -> &'static str {
        "xlsx"
    }

    fn knows(&self, look: &Look) -> bool {
        look.head.starts_with(b"PK")
    }

    fn read(&self, input: &Input, _: &Look, ask: &Ask, book: &mut Book<'_>) -> Result<(), Problem> {
        let workbook = Workbook::open(input)?;
        let mut first = None;
        for (name, part) in workbook.sheets() {
            let sheet = Sheet {
                workbook: &workbook,
                part,
            };
            if sheet.rows()?.next_row()?.is_none() {
                continue;
            }
            match survey(&sheet, ask) {
                Ok(_) => {
                    book.detect("sheet", name);
                    return emit(&sheet, ask, book);
                }
                Err(problem) => first = first.or(Some(problem)),
            }
        }
        let empty = || Problem::file("the workbook is empty: no visible sheet has rows");
        Err(first.unwrap_or_else(empty))
    }
}

struct Sheet<'a> {
    workbook: &'a Workbook<'a>,
    part: &'a str,
}

impl Table for Sheet<'_> {
    fn rows(&self) -> Result<Box<dyn Rows + '_>, Problem> {
        Ok(Box::new(SheetRows::new(self.workbook, self.part)?))
    }

    fn kind(&self) -> &'static str {
        "workbook"
    }
}
