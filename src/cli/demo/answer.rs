//! The answer each provider must get, as its own documents ask for it: what became of a call comes
//! in, a status and a piece of the body go out. Written down apart from the code that answers, so
//! that the one checks the other.

use super::plan::Way;
use super::score::Expected;
use crate::domain::notice::Verdict;

/// The status, and what the body must contain.
pub(super) fn expected(way: Way, expected: Expected) -> (u16, &'static str) {
    let is_refused = expected == Expected::Refused;
    match way {
        Way::Vnpay => (200, vnpay(expected)),
        Way::ZaloPay => match expected {
            Expected::New(_) => (200, r#""return_code":1,"#),
            Expected::Repeat(_) => (200, r#""return_code":2,"#),
            Expected::Refused => (200, r#""return_code":-1,"#),
        },
        Way::Platform if is_refused => (200, r#""MaLoi":"99""#),
        Way::Platform => (200, r#""MaLoi":"00""#),
        Way::Momo | Way::BankHook | Way::PayOs | Way::SePay if is_refused => (401, ""),
        Way::Momo | Way::BankHook => (204, ""),
        Way::PayOs => (200, r#"{"success":true}"#),
        Way::SePay => (200, r#"{"success": true}"#),
    }
}

fn vnpay(expected: Expected) -> &'static str {
    match expected {
        Expected::New(Verdict::Recorded) => r#""RspCode":"00""#,
        Expected::New(Verdict::UnknownOrder) | Expected::Repeat(Verdict::UnknownOrder) => {
            r#""RspCode":"01""#
        }
        Expected::New(Verdict::AmountDiffers) | Expected::Repeat(Verdict::AmountDiffers) => {
            r#""RspCode":"04""#
        }
        Expected::New(Verdict::AlreadyFinal | Verdict::Conflict)
        | Expected::Repeat(Verdict::Recorded | Verdict::AlreadyFinal | Verdict::Conflict) => {
            r#""RspCode":"02""#
        }
        Expected::Refused => r#""RspCode":"97""#,
    }
}
