//! The day of reconciliation: its states and its verdict of four values. How they follow from what
//! was found is decided elsewhere.

use super::dossier::words;

words!(
    /// Where a day stands.
    DayState {
        /// Nobody has proposed it.
        Open = "open",
        /// One officer has proposed to close it.
        Proposed = "proposed",
        /// Another officer has closed it.
        Closed = "closed",
        /// It was closed, and is looked at again.
        Reopened = "reopened",
    }
);

words!(
    /// The headline of a day.
    DayVerdict {
        /// Everything agrees.
        Reconciled = "reconciled",
        /// Everything agrees, and something is not final at the provider.
        ReconciledWithWaiting = "reconciled_with_waiting",
        /// Something does not agree.
        Differences = "differences",
        /// A file is missing, so that nobody can say.
        Incomplete = "incomplete",
    }
);

impl DayVerdict {
    /// The verdict on what was found; what is missing comes first, so that a day of which something
    /// is not known never looks agreed.
    #[must_use]
    pub fn of(missing_files: usize, differences: usize, waiting: usize) -> Self {
        match (missing_files, differences, waiting) {
            (1.., _, _) => Self::Incomplete,
            (0, 1.., _) => Self::Differences,
            (0, 0, 1..) => Self::ReconciledWithWaiting,
            (0, 0, 0) => Self::Reconciled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_which_something_is_missing_never_looks_agreed() {
        use DayVerdict as V;
        let table = [
            ((0, 0, 0), V::Reconciled),
            ((0, 0, 2), V::ReconciledWithWaiting),
            ((0, 1, 2), V::Differences),
            ((1, 0, 0), V::Incomplete),
            ((1, 4, 4), V::Incomplete),
        ];
        for ((missing, differences, waiting), verdict) in table {
            assert_eq!(V::of(missing, differences, waiting), verdict);
        }
    }
}
