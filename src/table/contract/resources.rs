//! `resources`: the used resources, as the lines describe them.

use super::columns::{
    ADDITIONAL_INFO, LOCATION, RESOURCE_GROUP, RESOURCE_KEY, RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE,
    RESOURCE_URI, SERVICE_TYPE, STAMP, TAGS,
};
use crate::table::column::Table;

pub const RESOURCES: Table = Table {
    name: "resources",
    row: "distinct instance as the lines describe it",
    columns: &[
        RESOURCE_KEY.column(),
        STAMP.column(),
        RESOURCE_URI.column(),
        RESOURCE_GROUP.column(),
        RESOURCE_PROVIDER.column(),
        RESOURCE_TYPE.column(),
        RESOURCE_NAME.column(),
        LOCATION.column(),
        TAGS.column(),
        ADDITIONAL_INFO.column(),
        SERVICE_TYPE.column(),
    ],
    sorted_by: 1,
};
