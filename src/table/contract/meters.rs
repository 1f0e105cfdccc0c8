//! `meters`: the meter catalogue, and every meter seen.

use super::columns::{AZURE_METER_ID, METER_ID, METER_NAME, QUANTITY_KIND, SERVICE, UNIT};
use crate::table::column::{Table, Typed};

pub const KNOWN: Typed<bool> = Typed::new("known", "whether the catalogue or the root's meters.csv has it");

pub const METERS: Table = Table {
    name: "meters",
    row: "meter",
    columns: &[
        METER_ID.column(),
        METER_NAME.column(),
        SERVICE.column(),
        UNIT.column(),
        QUANTITY_KIND.column(),
        KNOWN.column(),
        AZURE_METER_ID.column(),
    ],
    sorted_by: 1,
};
