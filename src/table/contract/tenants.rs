//! `tenants`: every tenant that a listing or a customer list names.

use super::columns::{TENANT_ID, TENANT_NAME};
use crate::table::column::Table;

pub const TENANTS: Table = Table {
    name: "tenants",
    row: "tenant",
    columns: &[TENANT_ID.required().column(), TENANT_NAME.column()],
    sorted_by: 1,
};
