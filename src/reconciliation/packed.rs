//! Numbers and texts packed into bytes and read back: whole numbers in groups of seven bits, signed
//! ones folded, texts behind their length. What they mean is for others to say.

/// Adds a number.
pub(super) fn put(page: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            page.push(low & 0x7f);
            return;
        }
        page.push(low | 0x80);
    }
}

/// Adds a number that may be below zero.
pub(super) fn put_signed(page: &mut Vec<u8>, number: i64) {
    put(page, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Adds a text.
pub(super) fn put_text(page: &mut Vec<u8>, text: &str) {
    put(page, u64::try_from(text.len()).unwrap_or(u64::MAX));
    page.extend_from_slice(text.as_bytes());
}

/// Reads what was packed, from its beginning; `None` where it is not what was packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed<'a>(pub(super) &'a [u8]);

impl<'a> Packed<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }
}
