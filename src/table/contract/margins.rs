//! `margins`: what is charged less what Microsoft charges.

use super::charges::CHARGE;
use super::columns::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, MONTH, QUANTITY, TENANT_ID, USER_SUBSCRIPTION_ID};
use crate::domain::{Charge, ChargeStatus};
use crate::table::column::{Table, Typed, texts_of};

pub const CHARGE_STATUS: Typed<str> = Typed::new(
    "charge_status",
    "whether the usage has a price in this currency; not_billable: it is never charged, and counts as 0; \
     other_currency: its price is in another one",
)
.one_of(texts_of!(ChargeStatus));
pub const VENDOR_CHARGE_STATUS: Typed<str> =
    Typed::new("vendor_charge_status", "the same of the vendor price").one_of(texts_of!(ChargeStatus));
pub const VENDOR_CHARGE: Typed<Charge> =
    Typed::new("vendor_charge", "the sum of its vendor charges; null: no vendor price in this currency")
        .nullable()
        .unit("the currency");
pub const MARGIN: Typed<Charge> =
    Typed::new("margin", "charge less vendor charge; null where either is unpriced, or is in another currency")
        .nullable()
        .unit("the currency");

pub const MARGINS: Table = Table {
    name: "margins",
    row: "month, billed subscription, tenant, user subscription, meter, currency, charge status, vendor charge status",
    columns: &[
        MONTH.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        CURRENCY.meaning("the currency of charge, vendor charge and margin, by ISO 4217; null: of neither").column(),
        CHARGE_STATUS.column(),
        VENDOR_CHARGE_STATUS.column(),
        QUANTITY
            .meaning("the usage that is charged so; usage that is priced in two currencies stands in two rows")
            .column(),
        CHARGE.meaning("the sum of its charges; null: no price in this currency").column(),
        VENDOR_CHARGE.column(),
        MARGIN.column(),
    ],
    sorted_by: 8,
};
