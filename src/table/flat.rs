//! The flat CSV of a fact: its columns with the text of its dimensions beside each key, for people and spreadsheets.
//!
//! `resource_key` is not in it: a spreadsheet keeps 15 digits.

use super::column::{Column, Kind, Table};
use crate::table::contract::columns::{
    ADDITIONAL_INFO, AMOUNT, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, BILLING_AMOUNT,
    BILLING_CURRENCY, CURRENCY, DISCOUNT_PERCENT, DISPLAY_NAME, EFFECTIVE_FROM, EXCHANGE_RATE, FILE, FIRST_SEEN,
    LAST_SEEN, LINE_COUNT, LOCATION, METER_ID, METER_NAME, MONTH, OWNER, PER, PRICE, PRICE_FILE, PRICE_NOTE, PRICE_ROW,
    PRICE_STATUS, QUANTITY, QUANTITY_KIND, RESOURCE_GROUP, RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE,
    RESOURCE_URI, ROUNDING_DIFFERENCE, SERVICE, SERVICE_TYPE, SNAPSHOT_KIND, STAMP, SUBJECT_ID, TAGS, TENANT_ID,
    TENANT_NAME, TIER_FROM, UNIT, USAGE_DATE, USAGE_HOUR, USER_SUBSCRIPTION_ID,
};

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
    ($name:literal, $time:expr $(, $resource:expr)* $(; $($last:expr),*)?) => {
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
                $($($last,)*)?
            ],
        }
    };
}

pub const CSV_HOURLY: FlatTable = flat!("csv_hourly", USAGE_HOUR, with resources);
pub const CSV_DAILY: FlatTable = flat!("csv_daily", USAGE_DATE, with resources);
pub const CSV_MONTHLY: FlatTable = flat!("csv_monthly", MONTH);
pub const CSV_DEFAULT_USAGE: FlatTable = flat!("csv_default_usage", USAGE_DATE; FIRST_SEEN, LAST_SEEN);

/// What `stacktally history --csv` prints: one row for each change of a mapping and meter.
pub const CSV_HISTORY: FlatTable = FlatTable {
    name: "csv_history",
    columns: &[
        STAMP,
        SNAPSHOT_KIND,
        SUBJECT_ID,
        Column::new("change", Kind::Text, "began, changed, ended, unlisted or listed_again"),
        Column::new("changed_at", Kind::Timestamp, "date of the snapshot that first says so").unit("UTC"),
        Column::new("from_id", Kind::Text, "where the mapping led before").nullable(),
        Column::new("to_id", Kind::Text, "where it leads since").nullable(),
        FILE,
        Column { nullable: true, ..METER_ID },
        METER_NAME,
        UNIT,
        Column::new("quantity_before", Kind::Decimal, "used in the period before the change, charged as from_id says")
            .nullable()
            .unit("the meter's unit"),
        Column::new("lines_before", Kind::Integer, "lines of that usage").nullable().unit("lines"),
        Column::new("quantity_after", Kind::Decimal, "used in the period after it, charged as to_id says")
            .nullable()
            .unit("the meter's unit"),
        Column::new("lines_after", Kind::Integer, "lines of that usage").nullable().unit("lines"),
    ],
};

/// What `stacktally unregistered --csv` prints: what of one user subscription and meter fell on a default subscription.
pub const CSV_UNREGISTERED: FlatTable = FlatTable {
    name: "csv_unregistered",
    columns: &[
        STAMP,
        BILLED_SUBSCRIPTION_ID,
        BILLED_SUBSCRIPTION_NAME,
        ATTRIBUTION,
        TENANT_ID,
        TENANT_NAME,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        METER_NAME,
        UNIT,
        QUANTITY,
        LINE_COUNT,
        FIRST_SEEN,
        LAST_SEEN,
        Column::new(
            "moved_to_tenant_id",
            Kind::Text,
            "the tenant that the latest listing gives the user subscription, where that is another",
        )
        .nullable(),
        Column::new(
            "registered_since",
            Kind::Timestamp,
            "date of the list since which the tenant is mapped, if the latest list maps it",
        )
        .nullable()
        .unit("UTC"),
    ],
};

/// What came to closed months, without the key of the resource.
pub const CSV_ADJUSTMENTS: FlatTable = FlatTable {
    name: "csv_adjustments",
    columns: &[
        super::contract::ADJUSTMENTS.columns[0],
        super::contract::ADJUSTMENTS.columns[1],
        super::contract::ADJUSTMENTS.columns[2],
        super::contract::ADJUSTMENTS.columns[3],
        super::contract::ADJUSTMENTS.columns[4],
        super::contract::ADJUSTMENTS.columns[5],
        super::contract::ADJUSTMENTS.columns[6],
        super::contract::ADJUSTMENTS.columns[7],
        super::contract::ADJUSTMENTS.columns[8],
        super::contract::ADJUSTMENTS.columns[10],
        super::contract::ADJUSTMENTS.columns[11],
        super::contract::ADJUSTMENTS.columns[12],
    ],
};

/// The lines of statements, each with its price entry and the text of its dimensions.
pub const CSV_STATEMENTS: FlatTable = FlatTable {
    name: "csv_statements",
    columns: &[
        MONTH,
        BILLED_SUBSCRIPTION_ID,
        BILLED_SUBSCRIPTION_NAME,
        super::contract::STATEMENTS.columns[8],
        TENANT_NAME,
        METER_ID,
        METER_NAME,
        SERVICE,
        UNIT,
        PRICE_STATUS,
        EFFECTIVE_FROM,
        TIER_FROM,
        QUANTITY,
        PRICE,
        PER,
        DISCOUNT_PERCENT,
        CURRENCY,
        super::contract::STATEMENTS.columns[13],
        AMOUNT,
        ROUNDING_DIFFERENCE,
        EXCHANGE_RATE,
        BILLING_CURRENCY,
        BILLING_AMOUNT,
        PRICE_FILE,
        PRICE_ROW,
        PRICE_NOTE,
        super::contract::STATEMENTS.columns[19],
    ],
};

/// Every flat table of its own; `coverage`, `coverage_months` and `rejects` are the same in CSV as in Parquet.
pub const FLAT_TABLES: [&FlatTable; 8] = [
    &CSV_HOURLY,
    &CSV_DAILY,
    &CSV_MONTHLY,
    &CSV_DEFAULT_USAGE,
    &CSV_HISTORY,
    &CSV_UNREGISTERED,
    &CSV_ADJUSTMENTS,
    &CSV_STATEMENTS,
];

/// The tables whose CSV has the columns of their Parquet.
pub const SAME_IN_CSV: [&Table; 5] = [
    &super::contract::CHANGES,
    &super::contract::COVERAGE,
    &super::contract::COVERAGE_MONTHS,
    &super::contract::EXPORTS,
    &super::contract::REJECTS,
];
