# Words of the pages, English. The same keys stand in vi.ftl.
this-language = English
site-name = Payment reconciliation gateway
site-purpose = Online payment of public fees
skip-to-content = Skip to content
footer-note = Figures go by the day a dossier was received and move together with the reconciled books; those of past periods still change when older dossiers are paid. When you quote a figure, give its period, its definition and its capture time.

problem-title = This cannot be shown
back-to-indicators = Back to the indicators
wrong-date = “{ $text }” is not a valid date. Please choose the first and last day again.
wrong-period = { $from } to { $to } is not a valid period: the first day must come before the last.
wrong-unit = There is no unit with the code “{ $unit }”.
wrong-question = This address asks for an indicator or a breakdown that does not exist here.
wrong-machine = The figures cannot be read just now. Please try again in a few minutes; payments are not affected.

indicators-title = Indicators of online payment
period = { $from } to { $to }
captured = Captured at { $at } (Vietnam time)
all-units = All units
choose = Choose figures
quick-periods = Periods at hand
this-month = This month
this-quarter = This quarter
this-year = This year
from = First day
to = Last day
unit = Unit
indicator = Indicator in detail
breakdown = Breakdown
show = Show figures

headlines = Main indicators
of-dossiers = { $n } of { $d } dossiers
of-procedures = { $n } of { $d } procedures
excluded-dossiers = Excluded: { $n } dossiers
excluded-procedures = Excluded: { $n } procedures
outside = { $n } met the condition outside the denominator and are not counted
definition = Definition
formula = Formula
numerator = Numerator
denominator = Denominator
excluded = Excluded
date-basis = Date basis
capture-time = Captured at
definition-id = Definition code
version = version
show-details = Show details
shown-below = Shown below

trend-title = Over the period
trend-summary = { $step }: lowest { $low }, highest { $high }
week-short = W{ $week }
as-table = Show as a table
period-heading = Time
rate = Rate
comparison-title = Comparison { $by }
order = Order:
order-rate = Rate
order-name = Name
download-csv = Download CSV
not-additive = Rows do not add up to the total: one dossier or procedure can stand in several.
provider-denominator = Every row has the denominator of the whole indicator.

by-unit = By unit
by-level = By level of unit
by-procedure = By procedure
by-field = By field
by-kind = By kind of fee
by-provider = By provider
by-via = By way of submission
by-day = By day
by-week = By week
by-month = By month
by-quarter = By quarter
by-year = By year

empty-title = There are no dossiers in this period
empty-text = Choose another period or a wider range of units.
