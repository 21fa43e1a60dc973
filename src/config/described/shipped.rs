//! The descriptions that ship with the program: every file of `config/providers/` but the template,
//! compiled in and addressed by its provider's name. They are read and judged like anybody's own.

/// File name and text of each description.
pub const SHIPPED: &[(&str, &str)] = &[
    (
        "config/providers/casso.toml",
        include_str!("../../../config/providers/casso.toml"),
    ),
    (
        "config/providers/keypay.toml",
        include_str!("../../../config/providers/keypay.toml"),
    ),
    (
        "config/providers/onepay.toml",
        include_str!("../../../config/providers/onepay.toml"),
    ),
    (
        "config/providers/stripe.toml",
        include_str!("../../../config/providers/stripe.toml"),
    ),
    (
        "config/providers/viettelmoney.toml",
        include_str!("../../../config/providers/viettelmoney.toml"),
    ),
    (
        "config/providers/vietqrvn.toml",
        include_str!("../../../config/providers/vietqrvn.toml"),
    ),
];
