//! `online-transaction-share`: of the dossiers that were asked to pay, how many have money that
//! came online. Places one dossier by its class; asks nothing about the procedure.

use crate::domain::classification::Class;
use crate::domain::lang::Text;
use crate::reporting::definition::{Indicator, Place, RECEPTION_DAY, Rule, Variant};

/// The definition.
pub const INDICATOR: Indicator = Indicator {
    id: "online-transaction-share",
    version: 1,
    name: Text {
        vi: "Tỷ lệ hồ sơ có giao dịch thanh toán trực tuyến",
        en: "Share of dossiers with an online payment transaction",
    },
    formula: Text {
        vi: "Số hồ sơ có ít nhất một giao dịch thanh toán trực tuyến thành công ÷ số hồ sơ có yêu cầu thanh toán lớn hơn 0 đồng × 100.",
        en: "Dossiers with at least one successful online payment ÷ dossiers with a payment request above zero × 100.",
    },
    numerator: Text {
        vi: "Hồ sơ thuộc mẫu số có ít nhất một giao dịch trực tuyến thành công, kể cả nộp thiếu hoặc nộp muộn; hồ sơ đã hoàn trả toàn bộ không được tính.",
        en: "Dossiers of the denominator with at least one successful online payment, short and late ones included; a dossier refunded in full does not count.",
    },
    denominator: Text {
        vi: "Hồ sơ có ít nhất một yêu cầu thanh toán lớn hơn 0 đồng; yêu cầu đã hủy chỉ được tính khi đã có tiền nộp cho yêu cầu đó.",
        en: "Dossiers with at least one payment request above zero; a cancelled request counts only when money was paid on it.",
    },
    exclusions: Text {
        vi: "Hồ sơ không có yêu cầu thanh toán nào lớn hơn 0 đồng.",
        en: "Dossiers without any payment request above zero.",
    },
    date_basis: RECEPTION_DAY,
    rule: Rule::Dossiers(place),
    when_refunded_stay: Some(Variant {
        version: 2,
        numerator: Text {
            vi: "Hồ sơ thuộc mẫu số có ít nhất một giao dịch trực tuyến thành công, kể cả nộp thiếu, nộp muộn hoặc đã hoàn trả toàn bộ.",
            en: "Dossiers of the denominator with at least one successful online payment, short and late ones and those refunded in full included.",
        },
    }),
};

fn place(class: Class, _has_fee: bool) -> Place {
    Place {
        is_reached: class.has_online_payment(),
        is_asked: class.is_billed(),
        is_excluded: !class.is_billed(),
    }
}
