//! The flat CSV of a fact: its columns with the text of its dimensions beside each key, for people and spreadsheets.
//!
//! `resource_key` is not in it: a spreadsheet keeps 15 digits.

use super::column::{
    ADDITIONAL_INFO, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, DISPLAY_NAME, LINE_COUNT, LOCATION,
    METER_ID, METER_NAME, MONTH, OWNER, QUANTITY, QUANTITY_KIND, RESOURCE_GROUP, RESOURCE_NAME, RESOURCE_PROVIDER,
    RESOURCE_TYPE, RESOURCE_URI, SERVICE, SERVICE_TYPE, STAMP, TAGS, TENANT_ID, TENANT_NAME, UNIT, USAGE_DATE,
    USAGE_HOUR, USER_SUBSCRIPTION_ID,
};
use super::{Column, Table};

/// A fact as flat CSV.
#[derive(Clone, Copy, Debug)]
pub struct FlatTable {
    pub name: &'static str,
    pub columns: &'static [Column],
}

macro_rules! flat {
    ($name:literal, $time:expr, with resources) => {
        flat!(
            $name, $time, RESOURCE_URI, RESOURCE_GROUP, RESOURCE_PROVIDER, RESOURCE_TYPE, RESOURCE_NAME, LOCATION, TAGS,
            ADDITIONAL_INFO, SERVICE_TYPE
        )
    };
    ($name:literal, $time:expr $(, $resource:expr)*) => {
        FlatTable {
            name: $name,
            columns: &[
                STAMP,
                $time,
                BILLED_SUBSCRIPTION_ID,
                BILLED_SUBSCRIPTION_NAME,
                ATTRIBUTION,
                TENANT_ID,
                TENANT_NAME,
                USER_SUBSCRIPTION_ID,
                DISPLAY_NAME,
                OWNER,
                METER_ID,
                METER_NAME,
                SERVICE,
                UNIT,
                QUANTITY_KIND,
                $($resource,)*
                QUANTITY,
                LINE_COUNT,
            ],
        }
    };
}

pub const CSV_HOURLY: FlatTable = flat!("csv_hourly", USAGE_HOUR, with resources);
pub const CSV_DAILY: FlatTable = flat!("csv_daily", USAGE_DATE, with resources);
pub const CSV_MONTHLY: FlatTable = flat!("csv_monthly", MONTH);

/// Every flat table of its own; `coverage`, `coverage_months` and `rejects` are the same in CSV as in Parquet.
pub const FLAT_TABLES: [&FlatTable; 3] = [&CSV_HOURLY, &CSV_DAILY, &CSV_MONTHLY];

/// The tables whose CSV has the columns of their Parquet.
pub const SAME_IN_CSV: [&Table; 3] = [&super::COVERAGE, &super::COVERAGE_MONTHS, &super::REJECTS];
