//! `resources`: what the lines say of the resources that were used.

use super::columns::{
    ADDITIONAL_INFO, LOCATION, RESOURCE_GROUP, RESOURCE_KEY, RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE,
    RESOURCE_URI, SERVICE_TYPE, STAMP, TAGS,
};
use crate::table::column::Table;

pub const RESOURCES: Table = Table {
    name: "resources",
    row: "distinct instance as the lines describe it",
    columns: &[
        RESOURCE_KEY,
        STAMP,
        RESOURCE_URI,
        RESOURCE_GROUP,
        RESOURCE_PROVIDER,
        RESOURCE_TYPE,
        RESOURCE_NAME,
        LOCATION,
        TAGS,
        ADDITIONAL_INFO,
        SERVICE_TYPE,
    ],
    sorted_by: 1,
};
