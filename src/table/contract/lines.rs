//! `lines`: the usage lines as read and normalised, before attribution: the base of all other tables.

use super::columns::{FILE, METER_ID, QUANTITY, RESOURCE_KEY, ROW, STAMP, USER_SUBSCRIPTION_ID};
use crate::domain::{Granularity, Hour};
use crate::table::column::{Table, Typed, texts_of};

pub const USAGE_START: Typed<Hour> =
    Typed::new("usage_start", "start of the hour or day in which the usage happened").unit("UTC");
pub const GRANULARITY: Typed<str> =
    Typed::new("granularity", "what the line counts: a full hour or a full day").one_of(texts_of!(Granularity));
pub const WINDOW_START: Typed<Hour> =
    Typed::new("window_start", "start of the reported window, null when undeclared").nullable().unit("UTC");
pub const WINDOW_END: Typed<Hour> =
    Typed::new("window_end", "end of the reported window, exclusive").nullable().unit("UTC");

pub const LINES: Table = Table {
    name: "lines",
    row: "usage line",
    columns: &[
        STAMP.column(),
        USAGE_START.column(),
        GRANULARITY.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        RESOURCE_KEY.column(),
        QUANTITY.meaning("the line's quantity").column(),
        WINDOW_START.column(),
        WINDOW_END.column(),
        FILE.column(),
        ROW.column(),
    ],
    sorted_by: 11,
};
