//! `tenants`: every tenant that a listing or a customer list names.

use super::columns::{TENANT_ID, TENANT_NAME};
use crate::table::column::{Column, Table};

pub const TENANTS: Table = Table {
    name: "tenants",
    row: "tenant",
    columns: &[Column { nullable: false, ..TENANT_ID }, TENANT_NAME],
    sorted_by: 1,
};
