//! `changes`: the changes of a run to figures that were published before: to a quantity, a charge, or the amount of
//! statement lines.
//!
//! Columns are only ever added at the end: files of earlier versions stay, and remain readable.

use super::columns::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, MONTH, STAMP, USAGE_DATE};
use crate::domain::correction::FIGURES;
use crate::domain::{Amount, Cause, Charge, Quantity};
use crate::table::column::{Table, Typed, texts_of};

pub const RUN: Typed<i64> = Typed::new("run", "the number of the run that changed it: its receipt's name");
pub const CAUSE: Typed<str> = Typed::new(
    "cause",
    "why it changed; several are separated by blanks. Of a quantity: why its day was settled again (full_run: \
     everything was rebuilt; new_day: in receipts and adjustments only, the day was never published before; \
     window_added, window_changed, window_removed: an export with lines of the day came, was replaced, or is gone; \
     attribution_changed: the same lines are another subscription's or for another reason; month_reopened: its month \
     was closed, and was opened again). Of a charge: the same where its usage changed; price_changed: the price in \
     force on the day was added, changed or removed; tier_shifted: other usage of the month changed, so that the same \
     quantity lies in other tiers; tiering_changed: --tiering is another. Of an amount: rounding_changed: --rounding \
     is another; exchange_rate_changed: the month's exchange rate is another; billing_currency_changed: the bill is \
     in another currency",
)
.one_of(texts_of!(Cause));

pub const QUANTITY_BEFORE: Typed<Quantity> =
    Typed::new("quantity_before", "what the day said before; null when nothing").nullable().unit("the meter's unit");
pub const QUANTITY_AFTER: Typed<Quantity> =
    Typed::new("quantity_after", "what it says since; null when nothing").nullable().unit("the meter's unit");
pub const LINE_COUNT_BEFORE: Typed<i64> =
    Typed::new("line_count_before", "how many lines were summed before").nullable().unit("lines");
pub const LINE_COUNT_AFTER: Typed<i64> =
    Typed::new("line_count_after", "how many lines are summed since").nullable().unit("lines");
pub const CHARGE_BEFORE: Typed<Charge> =
    Typed::new("charge_before", "what was charged before; null when nothing in this currency")
        .nullable()
        .unit("the currency");
pub const CHARGE_AFTER: Typed<Charge> =
    Typed::new("charge_after", "what is charged since; null when nothing in this currency")
        .nullable()
        .unit("the currency");
pub const FIGURE: Typed<str> =
    Typed::new("figure", "what changed; null in rows of versions before 5, which knew no amounts")
        .nullable()
        .one_of(&FIGURES);
pub const AMOUNT_BEFORE: Typed<Amount> =
    Typed::new("amount_before", "what the statement lines asked for before, each rounded")
        .nullable()
        .unit("the currency");
pub const AMOUNT_AFTER: Typed<Amount> =
    Typed::new("amount_after", "what they ask for since").nullable().unit("the currency");
pub const BILLING_CURRENCY_BEFORE: Typed<str> =
    Typed::new("billing_currency_before", "the currency of the bill before, by ISO 4217").nullable();
pub const BILLING_CURRENCY_AFTER: Typed<str> =
    Typed::new("billing_currency_after", "the currency of the bill since").nullable();
pub const BILLING_AMOUNT_BEFORE: Typed<Amount> =
    Typed::new("billing_amount_before", "the amount in the billing currency before")
        .nullable()
        .unit("the billing currency");
pub const BILLING_AMOUNT_AFTER: Typed<Amount> =
    Typed::new("billing_amount_after", "the amount in the billing currency since")
        .nullable()
        .unit("the billing currency");

pub const CHANGES: Table = Table {
    name: "changes",
    row: "run, stamp, usage date, billed subscription, meter, currency whose published quantity or charge changed, of \
        days that `daily` had before (a day that comes has no row); and run, month, billed subscription, meter, \
        currency whose statement lines ask for another amount because of rounding, exchange rate or billing currency",
    columns: &[
        RUN.column(),
        STAMP.meaning("the Azure Stack Hub instance, named by its folder; null of an amount").nullable().column(),
        USAGE_DATE.meaning("the day on which the usage happened; null of an amount").nullable().column(),
        BILLED_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        QUANTITY_BEFORE.column(),
        QUANTITY_AFTER.column(),
        LINE_COUNT_BEFORE.column(),
        LINE_COUNT_AFTER.column(),
        CAUSE.column(),
        CURRENCY.meaning("the currency of the prices, by ISO 4217; null of a quantity").column(),
        CHARGE_BEFORE.column(),
        CHARGE_AFTER.column(),
        FIGURE.column(),
        MONTH
            .meaning("the month of the figure, as its first day; null in rows of versions before 5")
            .nullable()
            .column(),
        AMOUNT_BEFORE.column(),
        AMOUNT_AFTER.column(),
        BILLING_CURRENCY_BEFORE.column(),
        BILLING_CURRENCY_AFTER.column(),
        BILLING_AMOUNT_BEFORE.column(),
        BILLING_AMOUNT_AFTER.column(),
    ],
    sorted_by: 5,
};
