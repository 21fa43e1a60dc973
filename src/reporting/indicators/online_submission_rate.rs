//! `online-submission-rate`: of the dossiers received, how many were handed in online. Places one
//! dossier by its class; knows nothing of money.

use crate::domain::classification::Class;
use crate::domain::dossier::SubmittedVia;
use crate::domain::lang::Text;
use crate::reporting::definition::{Indicator, Place, RECEPTION_DAY, Rule};

/// The definition.
pub const INDICATOR: Indicator = Indicator {
    id: "online-submission-rate",
    version: 1,
    name: Text {
        vi: "Tỷ lệ hồ sơ nộp trực tuyến",
        en: "Online submission rate",
    },
    formula: Text {
        vi: "Số hồ sơ nộp trực tuyến ÷ số hồ sơ đã tiếp nhận × 100.",
        en: "Dossiers submitted online ÷ dossiers received × 100.",
    },
    numerator: Text {
        vi: "Hồ sơ nộp trên Cổng Dịch vụ công.",
        en: "Dossiers submitted on the public service portal.",
    },
    denominator: Text {
        vi: "Mọi hồ sơ đã tiếp nhận: trực tuyến, tại quầy và qua bưu chính.",
        en: "All dossiers received: online, at the counter and by post.",
    },
    exclusions: Text {
        vi: "Không loại trừ hồ sơ nào.",
        en: "None.",
    },
    date_basis: RECEPTION_DAY,
    rule: Rule::Dossiers(place),
    when_refunded_stay: None,
};

fn place(class: Class, _has_fee: bool) -> Place {
    Place {
        is_reached: class.submitted_via() == SubmittedVia::Online,
        is_asked: true,
        is_excluded: false,
    }
}
