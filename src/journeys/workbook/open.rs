//! Opening the book: what the store found comes in, rows held by their keys go out. Nothing is looked
//! up here.

use std::collections::{BTreeMap, HashMap};

use super::{HeldBill, HeldDifference, HeldDossier, HeldPayment, Seen, Workbook};
use crate::domain::dossier::{DossierStatus, DossierSummary};
use crate::domain::ids::{DossierId, Tenant};
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::journal::Found;
use crate::store::rows::{BillRow, DossierRow};

impl<'a> Workbook<'a> {
    /// Opens the book with what was found.
    pub(in crate::journeys) fn open(
        tenant: Tenant,
        now: Instant,
        slots: &'a HashMap<String, u8>,
        found: Found,
    ) -> Result<Self, Failure> {
        let mut book = Self::blank(tenant, now, slots);
        for head in found.notices {
            let seen = Seen {
                facts_hash: head.facts_hash,
                verdict: head.verdict,
            };
            book.seen.insert((head.channel, head.key_hash), seen);
        }
        for row in found.payments {
            let key = (row.channel.clone(), row.payment_key.clone());
            book.payments.insert(
                key,
                HeldPayment {
                    row,
                    is_new: false,
                    is_changed: false,
                },
            );
        }
        for (channel, order_ref, bill_id) in found.attempts {
            book.attempts.insert((channel, order_ref), bill_id);
        }
        for row in found.dossiers {
            book.hold_dossier(row);
        }
        for row in found.bills {
            book.hold_bill(row)?;
        }
        for row in found.fee_items {
            let item = row.to_fee_item()?;
            if let Some(held) = row.bill_id.and_then(|bill| book.bills.get_mut(&bill)) {
                held.parts.push((item.kind, item.amount.minor()));
            }
        }
        for row in found.standing {
            let paid = row.to_paid_by(book.slot(&row.provider));
            if let (Some(dossier), Some(paid)) = (book.dossiers.get_mut(&row.dossier_id), paid) {
                let key = (row.payment_id, row.bill_id);
                dossier.standing.insert(key, paid);
            }
        }
        book.to_pay = found.refunds.into_iter().map(|row| (row, false)).collect();
        for row in found.differences {
            book.differences.push(HeldDifference {
                row,
                is_new: false,
                step: None,
            });
        }
        for row in found.allocations {
            let key = (row.payment_id, row.bill_id);
            book.allocations.insert(key, (row, false));
        }
        Ok(book)
    }

    fn hold_dossier(&mut self, row: DossierRow) {
        self.by_code
            .insert(row.code_squeezed.clone(), row.dossier_id);
        let summary = DossierSummary {
            id: DossierId(row.dossier_id.0),
            code_squeezed: row.code_squeezed.clone(),
            unit_code: row.unit_code.clone(),
            is_closed: DossierStatus::parse(&row.status).is_some_and(DossierStatus::is_closed),
        };
        let id = row.dossier_id;
        let held = HeldDossier {
            row,
            summary,
            bills: Vec::new(),
            standing: BTreeMap::new(),
            is_touched: false,
        };
        self.dossiers.insert(id, held);
    }

    fn hold_bill(&mut self, row: BillRow) -> Result<(), Failure> {
        let bill = row.to_bill()?;
        self.by_reference.insert(row.reference.clone(), row.bill_id);
        if let Some(account) = &row.virtual_account {
            self.by_account.insert(account.clone(), row.bill_id);
        }
        if let Some(dossier) = self.dossiers.get_mut(&row.dossier_id) {
            dossier.bills.push(row.bill_id);
        }
        self.bills.insert(
            row.bill_id,
            HeldBill {
                row,
                bill,
                parts: Vec::new(),
                is_changed: false,
            },
        );
        Ok(())
    }
}
