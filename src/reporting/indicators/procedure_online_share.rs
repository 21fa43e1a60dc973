//! `procedure-online-share` (3.5b): of the procedures with a financial obligation, how many have
//! had an online payment.
//!
//! A procedure has a financial obligation here when a dossier of the period carries a fee item above
//! zero or a payment request above zero: what was really asked for, not what the catalogue's prose
//! says. Fee procedures without such a dossier are the excluded ones.

use crate::domain::lang::Text;
use crate::reporting::definition::{Indicator, Place, ProcedureSeen, RECEPTION_DAY, Rule, Variant};

/// The definition.
pub const INDICATOR: Indicator = Indicator {
    id: "procedure-online-share",
    version: 1,
    name: Text {
        vi: "Tỷ lệ thủ tục có phát sinh giao dịch thanh toán trực tuyến (766, mục 3.5b)",
        en: "Share of procedures with online payment transactions (Decision 766, item 3.5b)",
    },
    formula: Text {
        vi: "Số thủ tục có ít nhất một giao dịch thanh toán trực tuyến thành công ÷ số thủ tục có phát sinh nghĩa vụ tài chính × 100; mỗi thủ tục tính một lần.",
        en: "Procedures with at least one successful online payment ÷ procedures with a financial obligation × 100; each procedure counts once.",
    },
    numerator: Text {
        vi: "Thủ tục thuộc mẫu số có ít nhất một hồ sơ trong kỳ đã thanh toán trực tuyến thành công; hồ sơ đã hoàn trả toàn bộ không được tính.",
        en: "Procedures of the denominator with at least one dossier in the period that has a successful online payment; a dossier refunded in full does not count.",
    },
    denominator: Text {
        vi: "Thủ tục có ít nhất một hồ sơ trong kỳ mang khoản phí, lệ phí hoặc yêu cầu thanh toán lớn hơn 0 đồng.",
        en: "Procedures with at least one dossier in the period that carries a fee item or a payment request above zero.",
    },
    exclusions: Text {
        vi: "Thủ tục có phí trong danh mục nhưng không phát sinh hồ sơ có nghĩa vụ tài chính trong kỳ.",
        en: "Procedures with fees in the catalogue but no dossier with a financial obligation in the period.",
    },
    date_basis: RECEPTION_DAY,
    rule: Rule::Procedures(place),
    when_refunded_stay: Some(Variant {
        version: 2,
        numerator: Text {
            vi: "Thủ tục thuộc mẫu số có ít nhất một hồ sơ trong kỳ đã thanh toán trực tuyến thành công, kể cả hồ sơ đã hoàn trả toàn bộ.",
            en: "Procedures of the denominator with at least one dossier in the period that has a successful online payment, those refunded in full included.",
        },
    }),
};

fn place(seen: ProcedureSeen) -> Place {
    let is_asked = seen.carries_fee || seen.is_billed;
    Place {
        is_reached: seen.is_paid,
        is_asked,
        is_excluded: seen.has_fee && !is_asked,
    }
}
