//! `online-payment-rate`, item 3.6 of Decision 766: of the dossiers of fee procedures, how many
//! were paid online. Places one dossier by its class and the catalogue's fee flag.
//!
//! The official wording does not tie the numerator to the denominator, so a share above 100 % is
//! possible there. Here it cannot be: what was paid online outside the denominator is told apart.

use crate::domain::classification::Class;
use crate::domain::lang::Text;
use crate::reporting::definition::{Indicator, Place, RECEPTION_DAY, Rule, Variant};

/// The definition.
pub const INDICATOR: Indicator = Indicator {
    id: "online-payment-rate",
    version: 1,
    name: Text {
        vi: "Tỷ lệ hồ sơ thanh toán trực tuyến (766, mục 3.6)",
        en: "Online payment rate of dossiers (Decision 766, item 3.6)",
    },
    formula: Text {
        vi: "Số hồ sơ đã thanh toán trực tuyến ÷ (số hồ sơ của thủ tục có phí, lệ phí − số hồ sơ trong đó mà mọi khoản phí, lệ phí đồng bộ đều bằng 0) × 100.",
        en: "Dossiers paid online ÷ (dossiers of procedures with fees − those of them whose every synchronised fee item is 0) × 100.",
    },
    numerator: Text {
        vi: "Hồ sơ thuộc mẫu số mà mọi yêu cầu thanh toán đã được nộp đủ bằng hình thức trực tuyến; hồ sơ đã hoàn trả toàn bộ không được tính.",
        en: "Dossiers of the denominator whose every payment request was paid in full online; a dossier refunded in full does not count.",
    },
    denominator: Text {
        vi: "Hồ sơ của thủ tục có thông tin phí, lệ phí, kể cả hồ sơ chưa đồng bộ khoản phí nào.",
        en: "Dossiers of procedures that have fee information, those without any synchronised fee item included.",
    },
    exclusions: Text {
        vi: "Hồ sơ của thủ tục có phí mà mọi khoản phí, lệ phí đồng bộ đều bằng 0 đồng. Hồ sơ của thủ tục không có phí không thuộc chỉ số.",
        en: "Dossiers of fee procedures whose every synchronised fee item is 0. Dossiers of procedures without fees are not concerned.",
    },
    date_basis: RECEPTION_DAY,
    rule: Rule::Dossiers(place),
    when_refunded_stay: Some(Variant {
        version: 2,
        numerator: Text {
            vi: "Hồ sơ thuộc mẫu số mà mọi yêu cầu thanh toán đã được nộp đủ bằng hình thức trực tuyến, kể cả hồ sơ đã hoàn trả toàn bộ.",
            en: "Dossiers of the denominator whose every payment request was paid in full online, those refunded in full included.",
        },
    }),
};

fn place(class: Class, has_fee: bool) -> Place {
    Place {
        is_reached: class.is_paid_online(),
        is_asked: has_fee && !class.is_all_zero(),
        is_excluded: has_fee && class.is_all_zero(),
    }
}
