//! `changes`: what a run changed of figures that were published before: of a quantity, a charge, or what statements ask
//! for.
//!
//! Columns are only ever added at the end: what earlier versions wrote stays, and is read.

use super::columns::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, MONTH, STAMP, USAGE_DATE};
use crate::domain::Cause;
use crate::domain::correction::FIGURES;
use crate::table::column::{Column, Kind, Table, texts_of};

pub const RUN: Column = Column::new("run", Kind::Integer, "the number of the run that changed it: its receipt's name");
pub const CAUSE: Column = Column::new(
    "cause",
    Kind::Text,
    "why it changed; several are separated by blanks. Of a quantity: why its day was settled anew (full_run: \
     everything was made anew; new_day: in receipts and adjustments only, the day was never published before; \
     window_added, window_changed, window_removed: an export with lines of the day came, was replaced, or is gone; \
     attribution_changed: the same lines are another subscription's or for another reason; month_reopened: its month \
     was closed, and was opened again). Of a charge: the same where its usage changed; price_changed: the price in \
     force on the day was added, changed or removed; tier_shifted: other usage of the month changed, so that the same \
     quantity lies in other tiers; tiering_changed: --tiering is another. Of an amount: rounding_changed: --rounding \
     is another; exchange_rate_changed: the month's exchange rate is another; billing_currency_changed: the bill is \
     in another currency",
)
.one_of(texts_of!(Cause));

pub const CHANGES: Table = Table {
    name: "changes",
    row: "run, stamp, usage date, billed subscription, meter, currency whose published quantity or charge changed, of \
        days that `daily` had before (a day that comes has no row); and run, month, billed subscription, meter, \
        currency whose statement lines ask for another amount because of rounding, exchange rate or billing currency",
    columns: &[
        RUN,
        Column { meaning: "the Azure Stack Hub instance, named by its folder; null of an amount", ..STAMP }.nullable(),
        Column { meaning: "the day on which the usage happened; null of an amount", ..USAGE_DATE }.nullable(),
        BILLED_SUBSCRIPTION_ID,
        METER_ID,
        Column::new("quantity_before", Kind::Decimal, "what the day said before; null when nothing")
            .nullable()
            .unit("the meter's unit"),
        Column::new("quantity_after", Kind::Decimal, "what it says since; null when nothing")
            .nullable()
            .unit("the meter's unit"),
        Column::new("line_count_before", Kind::Integer, "how many lines were summed before").nullable().unit("lines"),
        Column::new("line_count_after", Kind::Integer, "how many lines are summed since").nullable().unit("lines"),
        CAUSE,
        Column { meaning: "the currency of the prices, by ISO 4217; null of a quantity", ..CURRENCY },
        Column::new("charge_before", Kind::Charge, "what was charged before; null when nothing in this currency")
            .nullable()
            .unit("the currency"),
        Column::new("charge_after", Kind::Charge, "what is charged since; null when nothing in this currency")
            .nullable()
            .unit("the currency"),
        Column::new("figure", Kind::Text, "what changed; null in rows of versions before 5, which knew no amounts")
            .nullable()
            .one_of(&FIGURES),
        Column { meaning: "the month of the figure, as its first day; null in rows of versions before 5", ..MONTH }
            .nullable(),
        Column::new("amount_before", Kind::Amount, "what the statement lines asked for before, each rounded")
            .nullable()
            .unit("the currency"),
        Column::new("amount_after", Kind::Amount, "what they ask for since").nullable().unit("the currency"),
        Column::new("billing_currency_before", Kind::Text, "the currency of the bill before, by ISO 4217").nullable(),
        Column::new("billing_currency_after", Kind::Text, "the currency of the bill since").nullable(),
        Column::new("billing_amount_before", Kind::Amount, "the amount in the billing currency before")
            .nullable()
            .unit("the billing currency"),
        Column::new("billing_amount_after", Kind::Amount, "the amount in the billing currency since")
            .nullable()
            .unit("the billing currency"),
    ],
    sorted_by: 5,
};
