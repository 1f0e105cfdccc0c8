//! `meters`: the meter catalogue, and every meter seen.

use super::columns::{AZURE_METER_ID, METER_ID, METER_NAME, QUANTITY_KIND, SERVICE, UNIT};
use crate::table::column::{Column, Kind, Table};

pub const METERS: Table = Table {
    name: "meters",
    row: "meter",
    columns: &[
        METER_ID,
        METER_NAME,
        SERVICE,
        UNIT,
        QUANTITY_KIND,
        Column::new("known", Kind::Boolean, "whether the catalogue or the root's meters.csv has it"),
        AZURE_METER_ID,
    ],
    sorted_by: 1,
};
