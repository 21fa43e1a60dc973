//! Strict JSON: no key twice, numbers as their text.

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The digits as sent.
    Number(String),
    /// Decoded text.
    Text(String),
    /// Items in order.
    List(Vec<Json>),
    /// Members in the order sent, no name twice.
    Object(Vec<(String, Json)>),
}
