//! `procedure-integration`, item 3.5 of Decision 766: of the procedures with fees, how many have a
//! dossier that carries one. The denominator is the catalogue of now, whatever the period.

use crate::domain::lang::Text;
use crate::reporting::definition::{Indicator, Place, ProcedureSeen, RECEPTION_DAY, Rule};

/// The definition.
pub const INDICATOR: Indicator = Indicator {
    id: "procedure-integration",
    version: 1,
    name: Text {
        vi: "Tỷ lệ thủ tục có nghĩa vụ tài chính được tích hợp thanh toán trực tuyến (766, mục 3.5)",
        en: "Share of fee procedures integrated with online payment (Decision 766, item 3.5)",
    },
    formula: Text {
        vi: "Số thủ tục có phát sinh hồ sơ mang khoản phí, lệ phí lớn hơn 0 đồng ÷ số thủ tục có phí, lệ phí trong danh mục hiện hành × 100.",
        en: "Procedures with a dossier that carries a fee item above zero ÷ procedures with fees in the current catalogue × 100.",
    },
    numerator: Text {
        vi: "Thủ tục có phí, có ít nhất một hồ sơ trong kỳ mang khoản phí, lệ phí lớn hơn 0 đồng.",
        en: "Procedures with fees that have at least one dossier in the period carrying a fee item above zero.",
    },
    denominator: Text {
        vi: "Thủ tục có thông tin phí, lệ phí trong danh mục tại thời điểm chốt số liệu, không phụ thuộc kỳ hay đơn vị.",
        en: "Procedures with fee information in the catalogue at the time of capture, whatever the period or unit.",
    },
    exclusions: Text {
        vi: "Không loại trừ thủ tục có phí nào. Thủ tục không có phí không thuộc chỉ số.",
        en: "None of the procedures with fees. Procedures without fees are not concerned.",
    },
    date_basis: RECEPTION_DAY,
    rule: Rule::Procedures(place),
    when_refunded_stay: None,
};

fn place(seen: ProcedureSeen) -> Place {
    Place {
        is_reached: seen.carries_fee,
        is_asked: seen.has_fee,
        is_excluded: false,
    }
}
