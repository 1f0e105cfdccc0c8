//! `billed_subscriptions`: every subscription that can pay.

use super::columns::{BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, TENANT_ID};
use crate::table::column::{Table, Typed};

/// The kinds of billed subscriptions.
pub const BILLED_KINDS: [&str; 3] = ["customer", "default", "both"];

pub const KIND: Typed<str> =
    Typed::new("kind", "whose subscription it is: a customer's, a stamp's default, or both").one_of(&BILLED_KINDS);

pub const BILLED_SUBSCRIPTIONS: Table = Table {
    name: "billed_subscriptions",
    row: "billed subscription",
    columns: &[
        BILLED_SUBSCRIPTION_ID.column(),
        BILLED_SUBSCRIPTION_NAME.column(),
        KIND.column(),
        TENANT_ID.meaning("the tenant mapped to it, null when there are none or several").column(),
    ],
    sorted_by: 1,
};
