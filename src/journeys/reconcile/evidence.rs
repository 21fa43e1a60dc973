//! Lines of files as evidence: as they are stored, with the file they stand in, in the form in which
//! calls are kept. What a line proves is not decided here.

use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::ids::Tenant;
use crate::domain::statement::Line;
use crate::reconciliation::pages::unpack;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::StatementFileRow;
use crate::store::types::Uid;

/// Lines as they are stored, and the files they stand in.
pub(super) struct Evidence {
    files: BTreeMap<Uid, StatementFileRow>,
    lines: BTreeMap<(Uid, u64), Vec<Line>>,
}

impl Evidence {
    /// Reads the lines at these places.
    pub(super) fn of(
        queries: &mut dyn Queries,
        tenant: Tenant,
        places: impl Iterator<Item = (Uid, u64)>,
    ) -> Result<Self, Failure> {
        let mut evidence = Self {
            files: BTreeMap::new(),
            lines: places.map(|place| (place, Vec::new())).collect(),
        };
        let mut files: Vec<Uid> = evidence.lines.keys().map(|(id, _)| *id).collect();
        files.dedup();
        for id in files {
            let Some(file) = queries.find_statement_file(tenant.0, id)? else {
                continue;
            };
            for page in queries.list_statement_page_heads_of(tenant.0, id)? {
                let (source, number) = (&file.source, page.page);
                let data = queries.find_statement_page(tenant.0, source, page.day, id, number)?;
                let broken = |broken| Failure::Broken(format!("file {}: {broken}", id.0));
                for line in unpack(&data.unwrap_or_default()).map_err(broken)? {
                    if let Some(at_place) = evidence.lines.get_mut(&(id, line.place)) {
                        at_place.push(line);
                    }
                }
            }
            evidence.files.insert(id, file);
        }
        Ok(evidence)
    }

    /// The one line at a place that is meant, and the bytes to keep of it.
    pub(super) fn line(
        &self,
        place: (Uid, u64),
        is_it: impl Fn(&Line) -> bool,
    ) -> Option<(&Line, Vec<u8>)> {
        let file = self.files.get(&place.0)?;
        let line = self.lines.get(&place)?.iter().find(|line| is_it(line))?;
        Some((line, raw(file, line)))
    }
}

/// The line as bytes to keep beside its notice: where it came from, an empty line, what it says.
fn raw(file: &StatementFileRow, line: &Line) -> Vec<u8> {
    let name = file.file_name.replace(char::is_control, " ");
    let (id, source, hash) = (file.file_id.0, &file.source, hex::encode(&file.file_hash));
    let place = line.place;
    let head = format!(
        "SETTLEMENT LINE {place} {source}\r\nfile: {id}\r\nname: {name}\r\nsha256: {hash}\r\n\r\n"
    );
    let body = json!({
        "date": line.date.to_string(),
        "value_date": line.value_date.map(|day| day.to_string()),
        "amount_minor": line.amount,
        "fee_minor": line.fee,
        "currency": line.currency.map(|currency| currency.to_string()),
        "reference": line.reference,
        "bank_reference": line.bank_reference,
        "order": line.order,
        "memo": line.memo,
        "counterparty": line.counterparty,
    });
    format!("{head}{body}").into_bytes()
}
