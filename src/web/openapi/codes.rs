//! The roster of the codes of problems and nothing else: each with the statuses it comes with and what
//! it means to a program. A code never changes its meaning; new ones may come.

/// A code.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// The stable word.
    pub code: &'static str,
    /// With which statuses.
    pub statuses: &'static [u16],
    /// What it means, and what to do.
    pub means: &'static str,
}

const fn code(code: &'static str, statuses: &'static [u16], means: &'static str) -> Code {
    Code {
        code,
        statuses,
        means,
    }
}

/// Every code.
pub const ROSTER: &[Code] = &[
    // Any address.
    code(
        "not_valid",
        &[400],
        "A parameter or the body cannot be read; `detail` names which and where.",
    ),
    code(
        "packed",
        &[415],
        "The body has a Content-Encoding; send it as it is.",
    ),
    code(
        "too_many",
        &[429],
        "Too many refused calls came from this address or on this channel, or more calls than a limit allows; \
         come again after `Retry-After`.",
    ),
    code(
        "not_known",
        &[401],
        "No token, or one that is not known or no longer valid.",
    ),
    code(
        "not_allowed",
        &[403],
        "The token's role, unit or officer may not do this.",
    ),
    code(
        "not_found",
        &[404],
        "Nothing there, or nothing this token may see.",
    ),
    code(
        "wrong_method",
        &[405],
        "The address takes other methods; `Allow` lists them.",
    ),
    code(
        "too_slow",
        &[408, 409],
        "The body did not arrive in time, or an import took too long; send it again.",
    ),
    code(
        "key_reused",
        &[409],
        "The Idempotency-Key was given to another request.",
    ),
    code(
        "under_way",
        &[409],
        "The same request is being done now; ask again after `Retry-After`.",
    ),
    code(
        "contradicted",
        &[409],
        "It contradicts what the books hold; `field` says what, where it is one field.",
    ),
    code(
        "too_large",
        &[413],
        "The body is larger than the address takes.",
    ),
    code(
        "wrong_content_type",
        &[415],
        "The address takes another type of body; `Accept` names it.",
    ),
    code(
        "wrong_field",
        &[422],
        "`field` cannot be taken; in a batch `index` says of which part.",
    ),
    code(
        "failed",
        &[500],
        "The gateway is wrong; nothing was changed.",
    ),
    code(
        "try_later",
        &[503],
        "The database does not answer or is busy; nothing was changed, send it again.",
    ),
    // Questions.
    code(
        "wrong_question",
        &[422],
        "Each parameter can be read, but not together: the period ends before it \
          begins, or the unit is not known.",
    ),
    code(
        "unknown_procedure",
        &[422],
        "The procedure was not imported.",
    ),
    code(
        "unknown_unit",
        &[404, 409, 422],
        "The unit was not imported.",
    ),
    code(
        "unknown_person_group",
        &[422],
        "The group of persons was not imported.",
    ),
    code(
        "no_tariff",
        &[422],
        "No rule prices the fee in this case; `detail` names those that were asked.",
    ),
    code(
        "base_missing",
        &[422],
        "The fee is a share of a value; give `base`.",
    ),
    code(
        "amount_too_large",
        &[422],
        "The rule gives more than any fee can be.",
    ),
    code(
        "tariff_conflict",
        &[422],
        "Two rules are equally narrow and disagree; the tariff must be mended.",
    ),
    // Steps of any kind.
    code("no_reason", &[422], "The step needs a reason."),
    code(
        "no_officer",
        &[403],
        "The token is no officer's, or its officer is not active.",
    ),
    code(
        "unknown_officer",
        &[403],
        "The officer is not known or not active.",
    ),
    code(
        "other_unit",
        &[403],
        "It belongs to another unit than the officer's.",
    ),
    code(
        "same_officer",
        &[403],
        "The same officer did the step before; another one must do this.",
    ),
    // Differences.
    code("needs_approver", &[403], "Only an approver may do this."),
    code(
        "changed_meanwhile",
        &[409],
        "The difference is at another revision by now; look again.",
    ),
    code("already_resolved", &[409], "The difference is resolved."),
    code(
        "wrong_way_out",
        &[409],
        "This kind of difference has no such way out.",
    ),
    code(
        "nothing_there",
        &[409],
        "No money of the payment waits to be placed.",
    ),
    code("wrong_bills", &[422], "The bills named cannot be meant."),
    code("unknown_bill", &[409], "There is no such bill."),
    code("bill_closed", &[409], "The bill was cancelled."),
    code(
        "dossier_closed",
        &[409],
        "The bill's dossier was refused, withdrawn or stopped.",
    ),
    code("nothing_due", &[409], "Nothing is due on the bill."),
    code("more_than_due", &[409], "More than the bill needs."),
    code("more_than_there", &[409], "More than the payment has left."),
    code("other_currency", &[409, 422], "The currencies differ."),
    code(
        "already_waived",
        &[409],
        "Less was accepted for the bill before.",
    ),
    code(
        "no_until",
        &[422],
        "Say until which day to wait, from today on.",
    ),
    code(
        "same_unit",
        &[409],
        "The difference belongs to the unit already.",
    ),
    code(
        "going_back",
        &[409],
        "Money of the payment is approved to go back.",
    ),
    code("money_gone", &[409], "The provider took the money back."),
    code(
        "refund_stands",
        &[409],
        "A refund stands for this money; withdraw it first.",
    ),
    code("refund_paid", &[409], "A refund was paid out."),
    code(
        "cause_gone",
        &[409],
        "The cause of the difference went away by itself.",
    ),
    code(
        "nothing_to_undo",
        &[409],
        "No step has an effect that stands.",
    ),
    // Refunds.
    code("unknown_refund", &[404], "There is no such refund."),
    code("unknown_payment", &[404], "There is no such payment."),
    code("above_rest", &[409], "More was asked for than is left."),
    code(
        "wrong_state",
        &[409],
        "The refund's state does not permit the step.",
    ),
    code(
        "wrong_revision",
        &[409],
        "The refund is at another revision by now; look again.",
    ),
    code(
        "no_evidence",
        &[422],
        "The step needs evidence; `detail` says which.",
    ),
    code("wrong_amount", &[422], "The amount cannot be meant."),
    code(
        "wrong_items",
        &[422],
        "The fee items cannot be given back like this.",
    ),
    code(
        "wrong_text",
        &[422],
        "A text is too long or holds control characters.",
    ),
    // Statement files.
    code(
        "unreadable",
        &[422],
        "The file cannot be read; `detail` names the line.",
    ),
    code("unknown_source", &[404], "No such source is configured."),
    code(
        "officer_of_unit",
        &[403],
        "Statement files are the province's; the officer is of one unit.",
    ),
    code(
        "wrong_source",
        &[422],
        "The file is of another account, provider or kind than its source.",
    ),
    code(
        "interim",
        &[422],
        "An interim report is never final; send the statement of the day.",
    ),
    code(
        "empty",
        &[422],
        "The file has neither entries nor a period.",
    ),
    code(
        "other_entries",
        &[409],
        "The statement was imported before with other entries; `report` shows both. \
          Send it with `revise` if the bank corrected it.",
    ),
    code(
        "closed_day",
        &[409],
        "A day with lines of the file is closed; reopen it first.",
    ),
    code(
        "busy",
        &[409],
        "Other files of the source were imported meanwhile; send it again.",
    ),
    code("not_held", &[409], "The file is not held."),
    code("undone", &[409], "The file was undone before."),
    code(
        "matched",
        &[409],
        "Lines of the file were matched in a closed day.",
    ),
    code(
        "leaned_on",
        &[409],
        "A later file left out lines that this one has; undo that one first.",
    ),
    code(
        "part_of_a_file",
        &[409],
        "The revision would lose statements.",
    ),
    // Days.
    code("not_over", &[409], "The day is not over."),
    code("already_closed", &[409], "The day is closed."),
    code("not_proposed", &[409], "The day was not proposed."),
    code("not_closed", &[409], "The day is not closed."),
    code("no_key", &[409], "No key to sign with is configured."),
    code("out_of_order", &[409], "An earlier day is not closed yet."),
    code(
        "before_first",
        &[409],
        "The day lies before the first that was closed.",
    ),
    code("in_future", &[409], "The day has not begun."),
    code(
        "long_before",
        &[409],
        "The day lies long before the books begin.",
    ),
    code(
        "residual",
        &[409],
        "Something of the day is unexplained; look at its payments.",
    ),
    code(
        "clocks_differ",
        &[409],
        "The clocks of this gateway and of its database differ too much to close a day.",
    ),
    code(
        "unknown_tenant",
        &[409],
        "No such installation is configured.",
    ),
    code(
        "files_changed",
        &[409],
        "A file was undone while the day was compared; compare again.",
    ),
    code(
        "day_closed",
        &[409],
        "The day is closed, and the clock of this gateway is behind; nothing was changed.",
    ),
    code(
        "changed",
        &[409],
        "The day changed since it was proposed; propose it again.",
    ),
    // Money passed on.
    code("not_yet", &[422], "The day of the transfer lies ahead."),
    code(
        "known_reference",
        &[409],
        "The bank reference was recorded before.",
    ),
    code(
        "above_standing",
        &[409],
        "More is passed on than stands on the accounts.",
    ),
];
