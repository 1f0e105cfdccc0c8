//! Columns that several tables share: the same name, type and meaning everywhere.

use crate::domain::{Amount, Attribution, Charge, Day, Hour, Month, PriceStatus, Quantity, SnapshotKind};
use crate::table::column::{Typed, texts_of};

pub const STAMP: Typed<str> = Typed::new("stamp", "the Azure Stack Hub instance, named by its folder");
pub const USAGE_HOUR: Typed<Hour> =
    Typed::new("usage_hour", "start of the hour in which the usage happened").unit("UTC");
pub const USAGE_DATE: Typed<Day> = Typed::new("usage_date", "the day on which the usage happened").unit("UTC");
pub const MONTH: Typed<Month> =
    Typed::new("month", "the month in which the usage happened, as its first day").unit("UTC");
pub const BILLED_SUBSCRIPTION_ID: Typed<str> = Typed::new("billed_subscription_id", "the Azure subscription that pays");
pub const ATTRIBUTION: Typed<str> =
    Typed::new("attribution", "why that subscription pays").one_of(texts_of!(Attribution));
pub const TENANT_ID: Typed<str> = Typed::new("tenant_id", "the customer's Entra directory").nullable();
pub const USER_SUBSCRIPTION_ID: Typed<str> =
    Typed::new("user_subscription_id", "the local subscription on the stamp that the line names");
pub const METER_ID: Typed<str> = Typed::new("meter_id", "what is counted; meters do not add up");
pub const RESOURCE_KEY: Typed<i64> = Typed::new("resource_key", "key into resources, of content alone");
pub const QUANTITY: Typed<Quantity> =
    Typed::new("quantity", "sum of the quantities of the lines").unit("the meter's unit");
pub const LINE_COUNT: Typed<i64> = Typed::new("line_count", "how many lines were summed").unit("lines");
pub const FILE: Typed<str> = Typed::new("file", "the input file, relative to the root");
pub const ROW: Typed<i64> = Typed::new("row", "place in the file, from 1: the element of its value list");

pub const FIRST_SEEN: Typed<Day> = Typed::new(
    "first_seen",
    "the first day on which usage of that tenant, user subscription and meter fell there for that reason on the stamp",
)
.unit("UTC");
pub const LAST_SEEN: Typed<Day> = Typed::new("last_seen", "the last such day").unit("UTC");
pub const SNAPSHOT_KIND: Typed<str> =
    Typed::new("snapshot_kind", "what the snapshot is of").one_of(texts_of!(SnapshotKind));
pub const SUBJECT_ID: Typed<str> = Typed::new(
    "subject_id",
    "who is mapped: of customer_subscriptions a tenant, of user_subscriptions a user subscription; null of \
     registration, which maps the stamp",
)
.nullable();

pub const TENANT_NAME: Typed<str> = Typed::new("tenant_name", "the tenant's name in names.csv").nullable();
pub const BILLED_SUBSCRIPTION_NAME: Typed<str> =
    Typed::new("billed_subscription_name", "the billed subscription's name in names.csv").nullable();
pub const DISPLAY_NAME: Typed<str> = Typed::new(
    "display_name",
    "the user subscription's name in the latest listing that holds it, empty with --no-owners",
)
.nullable();
pub const OWNER: Typed<str> = Typed::new("owner", "its owner's account, empty with --no-owners").nullable();
pub const OFFER_ID: Typed<str> = Typed::new("offer_id", "the offer it was made from").nullable();
pub const STATE: Typed<str> = Typed::new("state", "its state, such as Enabled").nullable();

pub const METER_NAME: Typed<str> = Typed::new("meter_name", "the meter's name").nullable();
pub const SERVICE: Typed<str> = Typed::new("service", "the service that the meter belongs to").nullable();
pub const UNIT: Typed<str> = Typed::new("unit", "the unit of its quantities, as documented").nullable();
pub const QUANTITY_KIND: Typed<str> = Typed::new(
    "quantity_kind",
    "what its quantities count: vm_hours and core_hours describe the same hours; of the built-in catalogue one of \
     these, and meters.csv may name others",
)
.nullable()
.one_of(&QUANTITY_KINDS);

/// The kinds of quantities in the built-in catalogue, sorted.
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
pub const AZURE_METER_ID: Typed<str> =
    Typed::new("azure_meter_id", "the meters of Azure's rate cards that price it, with a blank between them")
        .nullable();

pub const CURRENCY: Typed<str> = Typed::new("currency", "the currency of the price, by ISO 4217").nullable();
pub const PRICE_STATUS: Typed<str> = Typed::new(
    "price_status",
    "whether a price is in force; not_billable: a price entry says so; unpriced: none is in force",
)
.one_of(texts_of!(PriceStatus));
pub const PRICE_KEY: Typed<i64> =
    Typed::new("price_key", "key into prices, of content alone; null of what is unpriced").nullable();
pub const TIER_FROM: Typed<Quantity> =
    Typed::new("tier_from", "the quantity of the month beyond which the price holds")
        .nullable()
        .unit("the meter's unit");
pub const PRICE: Typed<Quantity> = Typed::new("price", "the price of `per` units").nullable().unit("the currency");
pub const PER: Typed<Quantity> =
    Typed::new("per", "how many units the price is for").nullable().unit("the meter's unit");
pub const DISCOUNT_PERCENT: Typed<Quantity> =
    Typed::new("discount_percent", "what is taken off the price").nullable().unit("percent");
pub const PARTNER_EARNED_CREDIT_PERCENT: Typed<Quantity> = Typed::new(
    "partner_earned_credit_percent",
    "what Microsoft takes off the discounted price for a partner with access rights",
)
.nullable()
.unit("percent");
pub const EFFECTIVE_FROM: Typed<Day> =
    Typed::new("effective_from", "the first day on which the price is in force; null: from ever")
        .nullable()
        .unit("UTC");
pub const PRICE_FILE: Typed<str> =
    Typed::new("price_file", "the file of the price book, relative to the root").nullable();
pub const PRICE_ROW: Typed<i64> = Typed::new(
    "price_row",
    "the line in that file, its header being 1; of a rate card the place in its list of meters",
)
.nullable();
pub const PRICE_NOTE: Typed<str> = Typed::new("price_note", "the note of the price entry").nullable();
pub const AMOUNT: Typed<Amount> =
    Typed::new("amount", "the charge rounded once to the minor unit of its currency; null: no price, so no amount")
        .nullable()
        .unit("the currency");
pub const ROUNDING_DIFFERENCE: Typed<Charge> =
    Typed::new("rounding_difference", "amount less charge: what rounding took or gave").nullable().unit("the currency");
pub const EXCHANGE_RATE: Typed<Quantity> = Typed::new(
    "exchange_rate",
    "what the amount was multiplied with to be the billing amount; null: it was not converted",
)
.nullable()
.unit("billing currency a unit of the currency");
pub const BILLING_CURRENCY: Typed<str> =
    Typed::new("billing_currency", "the currency of the bill, by ISO 4217").nullable();
pub const BILLING_AMOUNT: Typed<Amount> =
    Typed::new("billing_amount", "the amount in the billing currency, rounded once more where converted")
        .nullable()
        .unit("the billing currency");

/// Whether a stamp's month is closed.
pub const CLOSED: Typed<bool> = Typed::new(
    "closed",
    "whether the month is closed on that stamp, so that its figures do not change again; a closing shows from the \
     next run on",
);

pub const RESOURCE_URI: Typed<str> = Typed::new("resource_uri", "the resource, lower case").nullable();
pub const RESOURCE_GROUP: Typed<str> = Typed::new("resource_group", "from the URI").nullable();
pub const RESOURCE_PROVIDER: Typed<str> =
    Typed::new("resource_provider", "from the URI, such as microsoft.compute").nullable();
pub const RESOURCE_TYPE: Typed<str> = Typed::new("resource_type", "from the URI, such as virtualmachines").nullable();
pub const RESOURCE_NAME: Typed<str> = Typed::new("resource_name", "from the URI, its last segment").nullable();
pub const LOCATION: Typed<str> = Typed::new("location", "the stamp's region, lower case").nullable();
pub const TAGS: Typed<str> =
    Typed::new("tags", "tags as of the usage: JSON with sorted keys, or the text as it was; at most 32,000 bytes")
        .nullable();
pub const ADDITIONAL_INFO: Typed<str> =
    Typed::new("additional_info", "what the resource provider adds: JSON with sorted keys, or the text as it was")
        .nullable();
pub const SERVICE_TYPE: Typed<str> = Typed::new("service_type", "the VM size").nullable();
