//! `billed_subscriptions`: every subscription that can pay.

use super::column::{BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, TENANT_ID};
use super::{Column, Kind, Table};

pub const BILLED_SUBSCRIPTIONS: Table = Table {
    name: "billed_subscriptions",
    row: "billed subscription",
    columns: &[
        BILLED_SUBSCRIPTION_ID,
        BILLED_SUBSCRIPTION_NAME,
        Column::new("kind", Kind::Text, "customer, default, or both"),
        Column { meaning: "the tenant mapped to it, null when there are none or several", ..TENANT_ID },
    ],
    sorted_by: 1,
};
