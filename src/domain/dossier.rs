//! A dossier and its fee items, as the one-stop system tells them. Amounts are recorded
//! decisions with their legal basis: nothing here computes what a fee should be.

use super::dossier_code::DossierCode;
use super::ids::DossierId;
use super::money::Money;
use super::tariff::judge::Grounds;
use super::time::Day;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// All values, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in files, rows and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the word; `None` when unknown.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words!(
    /// How the citizen handed the dossier in; a portal row without a channel is `counter`.
    SubmittedVia {
        /// On the public service portal.
        Online = "online",
        /// At the one-stop counter.
        Counter = "counter",
        /// By the public postal service.
        Post = "post",
    }
);

words!(
    /// Where the dossier stands, after the portal's ten synchronised states.
    DossierStatus {
        /// Sent, not yet seen.
        New = "new",
        /// Received.
        Received = "received",
        /// Refused at reception.
        Refused = "refused",
        /// Being processed.
        Processing = "processing",
        /// More papers asked for.
        Supplement = "supplement",
        /// The financial obligation was announced to the citizen.
        AwaitingPayment = "awaiting_payment",
        /// Withdrawn by the citizen.
        Withdrawn = "withdrawn",
        /// Stopped.
        Stopped = "stopped",
        /// Done.
        Done = "done",
        /// Result handed over.
        Returned = "returned",
    }
);

impl DossierStatus {
    /// Whether money for the dossier can no longer serve its purpose: refused, withdrawn, stopped.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn | Self::Stopped)
    }
}

words!(
    /// The legal nature of a fee item.
    FeeKind {
        /// Phí: a cost-recovering charge (law 97/2015/QH13).
        Phi = "phi",
        /// Lệ phí: a fixed administrative charge, State revenue (law 97/2015/QH13).
        LePhi = "le_phi",
        /// Tax or land obligation.
        Tax = "tax",
        /// Anything else, such as copies or post.
        Other = "other",
    }
);

/// One amount on a dossier; may be zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeItem {
    /// Legal nature.
    pub kind: FeeKind,
    /// The item's code in the one-stop system, may be empty.
    pub code: String,
    /// What the citizen reads.
    pub name: String,
    /// How much, decided outside.
    pub amount: Money,
    /// The legal text the amount rests on, may be empty.
    pub basis: String,
}

/// What matching asks of a dossier: enough to place money, nothing about the citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierSummary {
    /// Our id.
    pub id: DossierId,
    /// The code reduced to capital letters and digits.
    pub code_squeezed: String,
    /// Executing unit.
    pub unit_code: String,
    /// Whether money can no longer serve its purpose, see [`DossierStatus::is_closed`].
    pub is_closed: bool,
}

/// A bill that the one-stop system asks for on a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillRequest {
    /// The reference to give it; none lets us derive one of ours.
    pub reference: Option<String>,
    /// Last day to pay, local; none for no limit.
    pub due_on: Option<Day>,
    /// Positions of the fee items it asks for, counted from 0.
    pub items: Vec<usize>,
    /// The alias account opened for it at a bank.
    pub virtual_account: Option<String>,
    /// Whether it was withdrawn.
    pub is_cancelled: bool,
}

/// One request of a citizen, as the one-stop system tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierFacts {
    /// The code as printed.
    pub code: DossierCode,
    /// National procedure code.
    pub procedure_code: String,
    /// Executing unit.
    pub unit_code: String,
    /// Reception day, local.
    pub received_on: Day,
    /// How it was handed in.
    pub submitted_via: SubmittedVia,
    /// Where it stands.
    pub status: DossierStatus,
    /// Who asked; personal data, never logged.
    pub applicant_name: String,
    /// Every synchronised fee item; an empty list is not the same as items of zero.
    pub fee_items: Vec<FeeItem>,
    /// The bills asked for; fees paid at the counter or waived may never have one.
    pub bills: Vec<BillRequest>,
    /// What it says of how the amounts came about; checked against the tariff, not kept.
    pub grounds: Grounds,
}
