//! Measures how fast calls are taken in.
fn main() {}
