//! Columns that several tables share: the same name, type and meaning everywhere.

use crate::domain::{Attribution, PriceStatus, SnapshotKind};
use crate::table::column::{Column, Kind, texts_of};

pub const STAMP: Column = Column::new("stamp", Kind::Text, "the Azure Stack Hub instance, named by its folder");
pub const USAGE_HOUR: Column =
    Column::new("usage_hour", Kind::Timestamp, "start of the hour in which the usage happened").unit("UTC");
pub const USAGE_DATE: Column = Column::new("usage_date", Kind::Date, "the day on which the usage happened").unit("UTC");
pub const MONTH: Column =
    Column::new("month", Kind::Month, "the month in which the usage happened, as its first day").unit("UTC");
pub const BILLED_SUBSCRIPTION_ID: Column =
    Column::new("billed_subscription_id", Kind::Text, "the Azure subscription that pays");
pub const ATTRIBUTION: Column =
    Column::new("attribution", Kind::Text, "why that subscription pays").one_of(texts_of!(Attribution));
pub const TENANT_ID: Column = Column::new("tenant_id", Kind::Text, "the customer's Entra directory").nullable();
pub const USER_SUBSCRIPTION_ID: Column =
    Column::new("user_subscription_id", Kind::Text, "the local subscription on the stamp that the line names");
pub const METER_ID: Column = Column::new("meter_id", Kind::Text, "what is counted; meters do not add up");
pub const RESOURCE_KEY: Column = Column::new("resource_key", Kind::Integer, "key into resources, of content alone");
pub const QUANTITY: Column =
    Column::new("quantity", Kind::Decimal, "sum of the quantities of the lines").unit("the meter's unit");
pub const LINE_COUNT: Column = Column::new("line_count", Kind::Integer, "how many lines were summed").unit("lines");
pub const FILE: Column = Column::new("file", Kind::Text, "the input file, relative to the root");
pub const ROW: Column = Column::new("row", Kind::Integer, "place in the file, from 1: the element of its value list");

pub const FIRST_SEEN: Column = Column::new(
    "first_seen",
    Kind::Date,
    "the first day on which usage of that tenant, user subscription and meter fell there for that reason on the stamp",
)
.unit("UTC");
pub const LAST_SEEN: Column = Column::new("last_seen", Kind::Date, "the last such day").unit("UTC");
pub const SNAPSHOT_KIND: Column =
    Column::new("snapshot_kind", Kind::Text, "what the snapshot is of").one_of(texts_of!(SnapshotKind));
pub const SUBJECT_ID: Column = Column::new(
    "subject_id",
    Kind::Text,
    "who is mapped: of customer_subscriptions a tenant, of user_subscriptions a user subscription; null of \
     registration, which maps the stamp",
)
.nullable();

pub const TENANT_NAME: Column = Column::new("tenant_name", Kind::Text, "the tenant's name in names.csv").nullable();
pub const BILLED_SUBSCRIPTION_NAME: Column =
    Column::new("billed_subscription_name", Kind::Text, "the billed subscription's name in names.csv").nullable();
pub const DISPLAY_NAME: Column = Column::new(
    "display_name",
    Kind::Text,
    "the user subscription's name in the latest listing that holds it, empty with --no-owners",
)
.nullable();
pub const OWNER: Column = Column::new("owner", Kind::Text, "its owner's account, empty with --no-owners").nullable();
pub const OFFER_ID: Column = Column::new("offer_id", Kind::Text, "the offer it was made from").nullable();
pub const STATE: Column = Column::new("state", Kind::Text, "its state, such as Enabled").nullable();

pub const METER_NAME: Column = Column::new("meter_name", Kind::Text, "the meter's name").nullable();
pub const SERVICE: Column = Column::new("service", Kind::Text, "the service that the meter belongs to").nullable();
pub const UNIT: Column = Column::new("unit", Kind::Text, "the unit of its quantities, as documented").nullable();
pub const QUANTITY_KIND: Column = Column::new(
    "quantity_kind",
    Kind::Text,
    "what its quantities count: vm_hours and core_hours describe the same hours; of the built-in catalogue one of \
     these, and meters.csv may name others",
)
.nullable()
.one_of(&QUANTITY_KINDS);

/// What the quantities of the built-in catalogue count, sorted.
pub const QUANTITY_KINDS: [&str; 15] = [
    "bindings",
    "byte_hours",
    "core_hours",
    "disk_hours",
    "disk_months",
    "gigabyte_hours",
    "gigabyte_months",
    "gigabyte_seconds",
    "gigabytes",
    "instance_hours",
    "ip_address_hours",
    "megabyte_hours",
    "requests_10",
    "requests_10000",
    "vm_hours",
];

/// Meters of Azure's rate cards.
pub const AZURE_METER_ID: Column = Column::new(
    "azure_meter_id",
    Kind::Text,
    "the meters of Azure's rate cards that price it, with a blank between them",
)
.nullable();

pub const CURRENCY: Column = Column::new("currency", Kind::Text, "the currency of the price, by ISO 4217").nullable();
pub const PRICE_STATUS: Column = Column::new(
    "price_status",
    Kind::Text,
    "whether a price is in force; not_billable: a price entry says so; unpriced: none is in force",
)
.one_of(texts_of!(PriceStatus));
pub const PRICE_KEY: Column =
    Column::new("price_key", Kind::Integer, "key into prices, of content alone; null of what is unpriced").nullable();
pub const TIER_FROM: Column =
    Column::new("tier_from", Kind::Decimal, "the quantity of the month beyond which the price holds")
        .nullable()
        .unit("the meter's unit");
pub const PRICE: Column =
    Column::new("price", Kind::Decimal, "the price of `per` units").nullable().unit("the currency");
pub const PER: Column =
    Column::new("per", Kind::Decimal, "how many units the price is for").nullable().unit("the meter's unit");
pub const DISCOUNT_PERCENT: Column =
    Column::new("discount_percent", Kind::Decimal, "what is taken off the price").nullable().unit("percent");
pub const EFFECTIVE_FROM: Column =
    Column::new("effective_from", Kind::Date, "the first day on which the price is in force; null: from ever")
        .nullable()
        .unit("UTC");
pub const PRICE_FILE: Column =
    Column::new("price_file", Kind::Text, "the file of the price book, relative to the root").nullable();
pub const PRICE_ROW: Column = Column::new(
    "price_row",
    Kind::Integer,
    "the line in that file, its header being 1; of a rate card the place in its list of meters",
)
.nullable();
pub const PRICE_NOTE: Column = Column::new("price_note", Kind::Text, "the note of the price entry").nullable();
pub const AMOUNT: Column = Column::new(
    "amount",
    Kind::Amount,
    "the charge rounded once to the minor unit of its currency; null: no price, so no amount",
)
.nullable()
.unit("the currency");
pub const ROUNDING_DIFFERENCE: Column =
    Column::new("rounding_difference", Kind::Charge, "amount less charge: what rounding took or gave")
        .nullable()
        .unit("the currency");
pub const EXCHANGE_RATE: Column = Column::new(
    "exchange_rate",
    Kind::Decimal,
    "what the amount was multiplied with to be the billing amount; null: it was not converted",
)
.nullable()
.unit("billing currency a unit of the currency");
pub const BILLING_CURRENCY: Column =
    Column::new("billing_currency", Kind::Text, "the currency of the bill, by ISO 4217").nullable();
pub const BILLING_AMOUNT: Column = Column::new(
    "billing_amount",
    Kind::Amount,
    "the amount in the billing currency, rounded once more where converted",
)
.nullable()
.unit("the billing currency");

/// Of a stamp's month.
pub const CLOSED: Column = Column::new(
    "closed",
    Kind::Boolean,
    "whether the month is closed on that stamp, so that its figures do not change again; a closing shows from the \
     next run on",
);

pub const RESOURCE_URI: Column = Column::new("resource_uri", Kind::Text, "the resource, lower case").nullable();
pub const RESOURCE_GROUP: Column = Column::new("resource_group", Kind::Text, "from the URI").nullable();
pub const RESOURCE_PROVIDER: Column =
    Column::new("resource_provider", Kind::Text, "from the URI, such as microsoft.compute").nullable();
pub const RESOURCE_TYPE: Column =
    Column::new("resource_type", Kind::Text, "from the URI, such as virtualmachines").nullable();
pub const RESOURCE_NAME: Column = Column::new("resource_name", Kind::Text, "from the URI, its last segment").nullable();
pub const LOCATION: Column = Column::new("location", Kind::Text, "the stamp's region, lower case").nullable();
pub const TAGS: Column = Column::new(
    "tags",
    Kind::Text,
    "tags as of the usage: JSON with sorted keys, or the text as it was; at most 32,000 bytes",
)
.nullable();
pub const ADDITIONAL_INFO: Column = Column::new(
    "additional_info",
    Kind::Text,
    "what the resource provider adds: JSON with sorted keys, or the text as it was",
)
.nullable();
pub const SERVICE_TYPE: Column = Column::new("service_type", Kind::Text, "the VM size").nullable();
