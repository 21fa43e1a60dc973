//! The code of a VietQR picture: bank, account, amount and purpose come in, the text in the form of
//! EMVCo goes out. A banking application reads it and fills in a transfer. Nothing is drawn here.

use thiserror::Error;

/// The identifier of NAPAS in tag 38.
const NAPAS: &str = "A000000727";

/// A transfer to an account, by its number.
const TO_ACCOUNT: &str = "QRIBFTTA";

/// What banks carry of a purpose.
const PURPOSE_MOST: usize = 25;

/// What is written into a code.
#[derive(Debug, Clone, Copy)]
pub struct Transfer<'a> {
    /// The bank's six digits, such as 970436.
    pub bank_bin: &'a str,
    /// The account that receives.
    pub account: &'a str,
    /// Whole đồng; none leaves it to the payer.
    pub dong: Option<i64>,
    /// Plain letters, at most 25 of them; none leaves it to the payer.
    pub purpose: Option<&'a str>,
}

/// Why no code can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoCode {
    /// The bank's number is not six digits.
    #[error("the bank's number must be six digits")]
    Bank,
    /// The account is empty, too long, or not letters and digits.
    #[error("an account has 1 to 19 letters and digits")]
    Account,
    /// The amount is not positive.
    #[error("the amount must be positive")]
    Amount,
    /// The purpose is longer than banks carry, or not plain.
    #[error("a purpose has 1 to 25 plain characters")]
    Purpose,
}

/// The text of the code.
///
/// # Errors
/// [`NoCode`].
pub fn emv_qr(transfer: &Transfer<'_>) -> Result<String, NoCode> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if transfer.bank_bin.len() != 6 || !is_digits(transfer.bank_bin) {
        return Err(NoCode::Bank);
    }
    let account = transfer.account;
    if !(1..=19).contains(&account.len()) || !account.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(NoCode::Account);
    }
    let mut text = tag("00", "01");
    text += &tag("01", if transfer.dong.is_some() { "12" } else { "11" });
    let to = tag("00", transfer.bank_bin) + &tag("01", account);
    text += &tag(
        "38",
        &(tag("00", NAPAS) + &tag("01", &to) + &tag("02", TO_ACCOUNT)),
    );
    text += &tag("53", "704");
    if let Some(dong) = transfer.dong {
        if dong <= 0 {
            return Err(NoCode::Amount);
        }
        text += &tag("54", &dong.to_string());
    }
    text += &tag("58", "VN");
    if let Some(purpose) = transfer.purpose {
        let is_plain = purpose
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_plain || !(1..=PURPOSE_MOST).contains(&purpose.len()) {
            return Err(NoCode::Purpose);
        }
        text += &tag("62", &tag("08", purpose));
    }
    text += "6304";
    let check = checksum(text.as_bytes());
    Ok(format!("{text}{check:04X}"))
}

/// A field: its number, its length in two digits, its value.
fn tag(number: &str, value: &str) -> String {
    format!("{number}{:02}{value}", value.len())
}

/// CRC-16 with the polynomial 1021 that begins with FFFF, as EMVCo asks.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
            let shifted = sum << 1;
            if sum & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_published_example() {
        assert_eq!(checksum(b"123456789"), 0x29B1);
    }

    #[test]
    fn what_a_bank_could_not_carry_is_refused() {
        let good = Transfer {
            bank_bin: "970436",
            account: "0011001234567",
            dong: Some(1),
            purpose: Some("HS1"),
        };
        assert!(emv_qr(&good).is_ok());
        for (bad, why) in [
            (
                Transfer {
                    bank_bin: "97043",
                    ..good
                },
                NoCode::Bank,
            ),
            (
                Transfer {
                    account: "001-1",
                    ..good
                },
                NoCode::Account,
            ),
            (
                Transfer {
                    dong: Some(0),
                    ..good
                },
                NoCode::Amount,
            ),
            (
                Transfer {
                    purpose: Some("Nộp phí"),
                    ..good
                },
                NoCode::Purpose,
            ),
            (
                Transfer {
                    purpose: Some("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                    ..good
                },
                NoCode::Purpose,
            ),
        ] {
            assert_eq!(emv_qr(&bad), Err(why));
        }
    }
}
