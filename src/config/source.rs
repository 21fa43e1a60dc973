//! One source of statement files: a bank account or a provider's settlement, with what is known of its
//! files beforehand: whose they are, when they are due, what the provider charges. Reads no file.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveTime, TimeZone, Utc};

use crate::domain::calendar::{Calendar, Session};
use crate::domain::ids::Tenant;
use crate::domain::money::Currency;
use crate::domain::time::{Day, Instant, VIETNAM};

/// What the files of a source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Statements of a bank account.
    Bank,
    /// Settlement files of a provider.
    Settlement,
}

impl SourceKind {
    /// The word in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Settlement => "settlement",
        }
    }
}

/// For which days a file is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// For every day.
    Daily,
    /// For days on which offices work.
    WorkingDays,
    /// For none: files come when they come.
    None,
}

/// What a provider charges by contract, for each payment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fee {
    /// Hundredths of a per cent of the amount.
    pub basis_points: Option<i64>,
    /// Minor units for each payment.
    pub fixed: Option<i64>,
    /// At least so many minor units.
    pub min: Option<i64>,
    /// At most so many minor units.
    pub max: Option<i64>,
    /// Value added tax on the fee, per cent.
    pub vat_percent: Option<i64>,
}

/// A configured source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// What its files are.
    pub kind: SourceKind,
    /// The installation it belongs to.
    pub tenant: Tenant,
    /// Settlement: the channel it settles.
    pub channel: Option<String>,
    /// Settlement: the provider of that channel.
    pub provider: Option<String>,
    /// Bank: our account number.
    pub account: Option<String>,
    /// Bank: channels whose payments are single credits on this account.
    pub channels: Vec<String>,
    /// Bank: channel → text in a memo that marks a payout of that channel.
    pub payouts: BTreeMap<String, String>,
    /// The mapping profile of its tables, by name or as a `.toml` file.
    pub profile: Option<String>,
    /// The order of day, month and year: `dmy`, `mdy` or `ymd`.
    pub date_order: Option<String>,
    /// The one currency of its files.
    pub currency: Currency,
    /// For which days a file is expected.
    pub expected: Expected,
    /// How many days after its day a file is due.
    pub due_days: u32,
    /// At what time of the office's clock it is due.
    pub due_at: NaiveTime,
    /// When the provider's session of a day ends; none for midnight.
    pub cut_off: Option<NaiveTime>,
    /// Whether days off in a row are one session, named by its first day, as VNPAY gathers them.
    pub rolls_holidays: bool,
    /// How many days a payment may take to appear.
    pub grace_days: u32,
    /// What the provider charges; none where no contract is known.
    pub fee: Option<Fee>,
    /// The office's calendar, by which days off are gathered and files are due.
    pub calendar: Arc<Calendar>,
}

/// Days that a file may cover beyond the last one for which it was expected.
const LOOKS_BACK: usize = 366;

impl Source {
    /// Whether its files tell of the payments of a channel one by one.
    #[must_use]
    pub fn reports_on(&self, channel: &str) -> bool {
        self.channel.as_deref() == Some(channel) || self.channels.iter().any(|one| one == channel)
    }

    /// How payments are gathered into its days.
    #[must_use]
    pub fn session(&self) -> Session {
        Session {
            cut_off: self.cut_off,
            rolls: self.rolls_holidays,
        }
    }

    /// The day of reconciliation of lines of a day. A file tells days, and the provider has cut them
    /// already: only days off are gathered.
    #[must_use]
    pub fn day_of(&self, day: Day) -> Day {
        self.calendar.session_day(self.session(), day)
    }

    /// The day on which the file of a day is due; none when no file is expected for it.
    #[must_use]
    pub fn due_day(&self, day: Day) -> Option<Day> {
        let (begin, end) = self.calendar.session_span(self.session(), day);
        let is_expected = begin < end
            && match self.expected {
                Expected::Daily => true,
                Expected::WorkingDays => self.calendar.is_working_day(day),
                Expected::None => false,
            };
        is_expected.then(|| self.calendar.due_day(self.session(), day, self.due_days))
    }

    /// Whether a file of these days came after it was due: the last of them counts for which one was
    /// expected.
    #[must_use]
    pub fn is_late(&self, from: Day, to: Day, came: Instant) -> bool {
        let from = self.day_of(from);
        let mut days = std::iter::successors(Some(to), |day: &Day| day.pred_opt());
        let due = days
            .by_ref()
            .take(LOOKS_BACK)
            .take_while(|day| *day >= from)
            .find_map(|day| self.due_day(day));
        let at = due.and_then(|due| {
            VIETNAM
                .from_local_datetime(&due.and_time(self.due_at))
                .single()
        });
        at.is_some_and(|at| at.with_timezone(&Utc) < came)
    }
}
