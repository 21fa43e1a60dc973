//! Inputs that were filled side by side become one, so that files, and parts of one file, can be read at
//! the same time. Judges nothing.

use super::input::Input;
use super::join::number;

impl Input {
    /// Takes over the settlement lines, bank lines and batches of another input, behind its own.
    /// Channels must have been added to both alike. `places` is added to the place of every settlement
    /// line that is taken over: how many records stand before them, when they are the rest of a file.
    #[must_use]
    pub fn with_lines_of(mut self, mut other: Self, places: u32) -> Self {
        let (lines, names) = (number(self.lines.len()), number(self.batch_names.len()));
        let texts = self.theirs.append(other.theirs);
        if texts > 0 || lines > 0 || names > 0 || places > 0 {
            for line in &mut other.lines {
                line.txn = line.txn.behind(texts);
                line.order = line.order.behind(texts);
                line.batch += names;
                line.place += places;
            }
            for bank in &mut other.banks {
                bank.account = bank.account.behind(texts);
                bank.reference = bank.reference.behind(texts);
                bank.memo = bank.memo.behind(texts);
                bank.counterparty = bank.counterparty.behind(texts);
            }
            for batch in &mut other.batches {
                batch.batch = batch.batch.behind(texts);
            }
            for name in &mut other.batch_names {
                *name = name.behind(texts);
            }
            for odd in &mut other.odd {
                *odd += lines;
            }
        }
        put_behind(&mut self.lines, other.lines);
        put_behind(&mut self.banks, other.banks);
        put_behind(&mut self.batches, other.batches);
        put_behind(&mut self.batch_names, other.batch_names);
        put_behind(&mut self.their_keys, other.their_keys);
        put_behind(&mut self.odd, other.odd);
        self
    }
}

/// Nothing is copied into a list that is empty.
fn put_behind<T>(own: &mut Vec<T>, other: Vec<T>) {
    if own.is_empty() {
        *own = other;
    } else {
        own.extend(other);
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{BankFacts, BatchFacts, ChannelNo, FileNo, LineFacts, LineKind};
    use super::super::join::at;
    use super::*;
    use crate::domain::money::Currency;
    use crate::domain::time::Day;

    fn empty() -> Input {
        Input::on(Day::MIN)
    }

    /// Lines of all kinds from some number on, with places from 1; texts short and long.
    fn lines(numbers: std::ops::Range<u32>) -> Input {
        let mut input = empty();
        let first = numbers.start;
        for number in numbers {
            let txn = format!("T{number}").repeat(1 + at(number) % 6);
            input.add_line(&LineFacts {
                file: FileNo(0),
                place: number - first + 1,
                channel: ChannelNo(0),
                txn_id: Some(&txn),
                order_ref: Some(&format!("order {number}")),
                batch: (number % 4 > 0).then_some(["A", "B"][at(number) % 2]),
                gross: i64::from(number),
                fee: None,
                net: None,
                kind: [LineKind::Payment, LineKind::Failed, LineKind::Fee][at(number) % 3],
                currency: Currency::VND,
                day: Day::MIN,
            });
            input.add_bank(&BankFacts {
                account: Some("101"),
                reference: Some(&txn),
                memo: Some("a memo"),
                counterparty: None,
                amount: i64::from(number),
                file: FileNo(1),
                place: number + 1,
                day: Day::MIN,
                currency: Currency::VND,
            });
            input.add_batch(&BatchFacts {
                file: FileNo(0),
                channel: ChannelNo(0),
                batch: Some(&txn),
                count: None,
                total: None,
                waits_until: None,
            });
        }
        input
    }

    /// Everything that is kept of the lines, in words.
    fn told(input: &Input) -> Vec<String> {
        let theirs = &input.theirs;
        let lines = input.lines.iter().zip(&input.their_keys);
        let lines = lines.map(|(line, key)| {
            let (txn, order) = (theirs.word_text(&line.txn), theirs.text(line.order));
            let batch = input.batch(line);
            let (gross, place, kind) = (line.gross, line.place, line.kind);
            format!("{txn} {order} {batch} {gross} {place} {kind:?} {key}")
        });
        let banks = input.banks.iter().map(|bank| {
            let texts = [bank.account, bank.reference, bank.memo, bank.counterparty];
            format!("{:?} {}", texts.map(|text| theirs.text(text)), bank.place)
        });
        let batches = input.batches.iter();
        let batches = batches.map(|batch| theirs.text(batch.batch).to_owned());
        let odd = input.odd.iter().map(ToString::to_string);
        lines.chain(banks).chain(batches).chain(odd).collect()
    }

    #[test]
    fn parts_give_what_the_whole_gives() {
        let whole = told(&lines(0..50));
        for cut in [0, 1, 17, 49, 50] {
            let parts = lines(0..cut).with_lines_of(lines(cut..50), cut);
            assert_eq!(told(&parts), whole, "cut at {cut}");
            let taken = empty().with_lines_of(parts, 0);
            assert_eq!(told(&taken), whole, "cut at {cut}, taken over");
        }
    }
}
