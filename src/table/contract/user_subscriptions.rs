//! `user_subscriptions`: every user subscription listed or seen in usage.

use super::columns::{DISPLAY_NAME, OFFER_ID, OWNER, STAMP, STATE, TENANT_ID, USER_SUBSCRIPTION_ID};
use crate::table::column::Table;

pub const USER_SUBSCRIPTIONS: Table = Table {
    name: "user_subscriptions",
    row: "user subscription of a stamp, listed or seen in usage; its columns are those of its row in the latest \
        listing that gives it a tenant, or where none does in the latest that has it; null where no listing has it",
    columns: &[
        USER_SUBSCRIPTION_ID.column(),
        STAMP.column(),
        DISPLAY_NAME.column(),
        OWNER.column(),
        TENANT_ID.column(),
        OFFER_ID.column(),
        STATE.column(),
    ],
    sorted_by: 2,
};
