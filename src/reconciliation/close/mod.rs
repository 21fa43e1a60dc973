//! Closing a day: what was found of it, the bridge from payments to the books, the exact bytes that
//! are signed, and the sheet that is printed. Rows come in, values go out; nothing is stored here.

pub mod bridge;
pub mod canonical;
pub mod found;
pub mod sheet;
