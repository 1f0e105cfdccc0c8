//! The flat CSV of a fact, with the text of its dimensions beside each key, for people and spreadsheets.
//!
//! It has no `resource_key`: a spreadsheet keeps only 15 digits.

use super::column::{Column, Table, Typed};
use crate::domain::{Hour, Quantity};
use crate::table::contract::columns::{
    ADDITIONAL_INFO, AMOUNT, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, BILLING_AMOUNT,
    BILLING_CURRENCY, CURRENCY, DISCOUNT_PERCENT, DISPLAY_NAME, EFFECTIVE_FROM, EXCHANGE_RATE, FILE, FIRST_SEEN,
    LAST_SEEN, LINE_COUNT, LOCATION, METER_ID, METER_NAME, MONTH, OWNER, PER, PRICE, PRICE_FILE, PRICE_NOTE, PRICE_ROW,
    PRICE_STATUS, QUANTITY, QUANTITY_KIND, RESOURCE_GROUP, RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE,
    RESOURCE_URI, ROUNDING_DIFFERENCE, SERVICE, SERVICE_TYPE, SNAPSHOT_KIND, STAMP, SUBJECT_ID, TAGS, TENANT_ID,
    TENANT_NAME, TIER_FROM, UNIT, USAGE_DATE, USAGE_HOUR, USER_SUBSCRIPTION_ID,
};

pub const CHANGE: Typed<str> = Typed::new("change", "began, changed, ended, unlisted or listed_again");
pub const CHANGED_AT: Typed<Hour> = Typed::new("changed_at", "date of the snapshot that first says so").unit("UTC");
pub const FROM_ID: Typed<str> = Typed::new("from_id", "where the mapping led before").nullable();
pub const TO_ID: Typed<str> = Typed::new("to_id", "where it leads since").nullable();
pub const QUANTITY_BEFORE: Typed<Quantity> =
    Typed::new("quantity_before", "used in the period before the change, charged as from_id says")
        .nullable()
        .unit("the meter's unit");
pub const LINES_BEFORE: Typed<i64> = Typed::new("lines_before", "lines of that usage").nullable().unit("lines");
pub const QUANTITY_AFTER: Typed<Quantity> =
    Typed::new("quantity_after", "used in the period after it, charged as to_id says")
        .nullable()
        .unit("the meter's unit");
pub const LINES_AFTER: Typed<i64> = Typed::new("lines_after", "lines of that usage").nullable().unit("lines");
pub const MOVED_TO_TENANT_ID: Typed<str> = Typed::new(
    "moved_to_tenant_id",
    "the tenant that the latest listing gives the user subscription, where that is another",
)
.nullable();
pub const REGISTERED_SINCE: Typed<Hour> =
    Typed::new("registered_since", "date of the list since which the tenant is mapped, if the latest list maps it")
        .nullable()
        .unit("UTC");

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
                STAMP.column(),
                $time.column(),
                BILLED_SUBSCRIPTION_ID.column(),
                BILLED_SUBSCRIPTION_NAME.column(),
                ATTRIBUTION.column(),
                TENANT_ID.column(),
                TENANT_NAME.column(),
                USER_SUBSCRIPTION_ID.column(),
                DISPLAY_NAME.column(),
                OWNER.column(),
                METER_ID.column(),
                METER_NAME.column(),
                SERVICE.column(),
                UNIT.column(),
                QUANTITY_KIND.column(),
                $($resource.column(),)*
                QUANTITY.column(),
                LINE_COUNT.column(),
                $($($last.column(),)*)?
            ],
        }
    };
}

pub const CSV_HOURLY: FlatTable = flat!("csv_hourly", USAGE_HOUR, with resources);
pub const CSV_DAILY: FlatTable = flat!("csv_daily", USAGE_DATE, with resources);
pub const CSV_MONTHLY: FlatTable = flat!("csv_monthly", MONTH);
pub const CSV_DEFAULT_USAGE: FlatTable = flat!("csv_default_usage", USAGE_DATE; FIRST_SEEN, LAST_SEEN);

/// The output of `stacktally history --csv`: one row for each change of a mapping and meter.
pub const CSV_HISTORY: FlatTable = FlatTable {
    name: "csv_history",
    columns: &[
        STAMP.column(),
        SNAPSHOT_KIND.column(),
        SUBJECT_ID.column(),
        CHANGE.column(),
        CHANGED_AT.column(),
        FROM_ID.column(),
        TO_ID.column(),
        FILE.column(),
        METER_ID.nullable().column(),
        METER_NAME.column(),
        UNIT.column(),
        QUANTITY_BEFORE.column(),
        LINES_BEFORE.column(),
        QUANTITY_AFTER.column(),
        LINES_AFTER.column(),
    ],
};

/// The output of `stacktally unregistered --csv`: usage on a default subscription, by user subscription and meter.
pub const CSV_UNREGISTERED: FlatTable = FlatTable {
    name: "csv_unregistered",
    columns: &[
        STAMP.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        BILLED_SUBSCRIPTION_NAME.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        TENANT_NAME.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        METER_NAME.column(),
        UNIT.column(),
        QUANTITY.column(),
        LINE_COUNT.column(),
        FIRST_SEEN.column(),
        LAST_SEEN.column(),
        MOVED_TO_TENANT_ID.column(),
        REGISTERED_SINCE.column(),
    ],
};

/// Additions to closed months, without the resource key.
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
        MONTH.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        BILLED_SUBSCRIPTION_NAME.column(),
        super::contract::STATEMENTS.columns[8],
        TENANT_NAME.column(),
        METER_ID.column(),
        METER_NAME.column(),
        SERVICE.column(),
        UNIT.column(),
        PRICE_STATUS.column(),
        EFFECTIVE_FROM.column(),
        TIER_FROM.column(),
        QUANTITY.column(),
        PRICE.column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        CURRENCY.column(),
        super::contract::STATEMENTS.columns[13],
        AMOUNT.column(),
        ROUNDING_DIFFERENCE.column(),
        EXCHANGE_RATE.column(),
        BILLING_CURRENCY.column(),
        BILLING_AMOUNT.column(),
        PRICE_FILE.column(),
        PRICE_ROW.column(),
        PRICE_NOTE.column(),
        super::contract::STATEMENTS.columns[19],
    ],
};

/// Margins, with the text of their dimensions.
pub const CSV_MARGINS: FlatTable = FlatTable {
    name: "csv_margins",
    columns: &[
        MONTH.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        BILLED_SUBSCRIPTION_NAME.column(),
        TENANT_ID.column(),
        TENANT_NAME.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        METER_NAME.column(),
        UNIT.column(),
        super::contract::MARGINS.columns[5],
        super::contract::MARGINS.columns[6],
        super::contract::MARGINS.columns[7],
        super::contract::MARGINS.columns[8],
        super::contract::MARGINS.columns[9],
        super::contract::MARGINS.columns[10],
        super::contract::MARGINS.columns[11],
    ],
};

/// Every table that has a flat form; `coverage`, `coverage_months` and `rejects` are the same in CSV as in Parquet.
pub const FLAT_TABLES: [&FlatTable; 9] = [
    &CSV_HOURLY,
    &CSV_DAILY,
    &CSV_MONTHLY,
    &CSV_DEFAULT_USAGE,
    &CSV_HISTORY,
    &CSV_UNREGISTERED,
    &CSV_ADJUSTMENTS,
    &CSV_STATEMENTS,
    &CSV_MARGINS,
];

/// The tables whose CSV has the same columns as their Parquet.
pub const SAME_IN_CSV: [&Table; 5] = [
    &super::contract::CHANGES,
    &super::contract::COVERAGE,
    &super::contract::COVERAGE_MONTHS,
    &super::contract::EXPORTS,
    &super::contract::REJECTS,
];
