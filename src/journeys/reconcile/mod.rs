//! Reconciling a day: what files prove and was never told is recorded, and what they did to the books
//! is posted. Comparing itself changes nothing and stands elsewhere.

mod evidence;
pub mod pass_on;
mod prove;
pub mod recover;
pub mod settle;
mod settle_refunds;
