//! `billed_subscriptions`: every subscription that can pay.

use super::columns::{BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, TENANT_ID};
use crate::table::column::{Column, Kind, Table};

/// The kinds of billed subscriptions.
pub const BILLED_KINDS: [&str; 3] = ["customer", "default", "both"];

pub const BILLED_SUBSCRIPTIONS: Table = Table {
    name: "billed_subscriptions",
    row: "billed subscription",
    columns: &[
        BILLED_SUBSCRIPTION_ID,
        BILLED_SUBSCRIPTION_NAME,
        Column::new("kind", Kind::Text, "whose subscription it is: a customer's, a stamp's default, or both")
            .one_of(&BILLED_KINDS),
        Column { meaning: "the tenant mapped to it, null when there are none or several", ..TENANT_ID },
    ],
    sorted_by: 1,
};
