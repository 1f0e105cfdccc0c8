//! The margins of a month, as they were published.

use std::collections::BTreeSet;

use crate::domain::{Charge, ChargeStatus, Currency, Month, Quantity};
use crate::error::{Error, Result};
use crate::publication::Publication;
use crate::publication::layout::margins_path;
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, QUANTITY, TENANT_ID, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::margins::{CHARGE_STATUS, MARGIN, VENDOR_CHARGE, VENDOR_CHARGE_STATUS};
use crate::table::reader::{Keep, contradiction, text};

/// A row of `margins`.
#[derive(Clone, Debug)]
pub struct PublishedMargin {
    pub billed_subscription: String,
    pub tenant: Option<String>,
    pub user_subscription: String,
    pub meter: String,
    pub currency: Option<Currency>,
    pub charge_status: ChargeStatus,
    pub vendor_charge_status: ChargeStatus,
    pub quantity: Quantity,
    pub charge: Option<Charge>,
    pub vendor_charge: Option<Charge>,
    /// `None`: it is not known.
    pub margin: Option<Charge>,
}

/// The margins of a month on some billed subscriptions.
///
/// # Errors
/// The month has none, or the table cannot be read.
pub(super) fn margins(
    publication: &Publication,
    month: Month,
    billed: &BTreeSet<String>,
) -> Result<Vec<PublishedMargin>> {
    let path = margins_path(month);
    if !publication.has(&path) {
        return Err(no_margins(&month.to_string()));
    }
    let mut margins = Vec::new();
    let keep = [Keep::Texts(BILLED_SUBSCRIPTION_ID, billed.iter().cloned().collect())];
    for rows in publication.read(&path, &contract::MARGINS, &contract::MARGINS.all(), &keep)? {
        let (billed, tenants) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(TENANT_ID)?);
        let (users, meters) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (currencies, quantities) = (rows.texts(CURRENCY)?, rows.quantities(QUANTITY)?);
        let statuses = [rows.texts(CHARGE_STATUS)?, rows.texts(VENDOR_CHARGE_STATUS)?];
        let [charges, vendor_charges, left] =
            [rows.charges(CHARGE)?, rows.charges(VENDOR_CHARGE)?, rows.charges(MARGIN)?];
        for row in 0..rows.len() {
            let status = |side: usize| {
                let said = statuses[side].value(row);
                ChargeStatus::parse(said).ok_or_else(|| contradiction(&path, format!("{said:?} is no status")))
            };
            margins.push(PublishedMargin {
                billed_subscription: billed.value(row).to_owned(),
                tenant: text(tenants, row).map(str::to_owned),
                user_subscription: users.value(row).to_owned(),
                meter: meters.value(row).to_owned(),
                currency: text(currencies, row).and_then(Currency::parse),
                charge_status: status(0)?,
                vendor_charge_status: status(1)?,
                quantity: quantities.value(row),
                charge: charges.maybe(row),
                vendor_charge: vendor_charges.maybe(row),
                margin: left.maybe(row),
            });
        }
    }
    Ok(margins)
}

/// A refusal to show margins of usage that has none.
pub(super) fn no_margins(of: &str) -> Error {
    Error::usage(format!("--margin: no margins of {of} were published"))
        .hint("put what Microsoft charges (vendor-prices.csv) into the root, and run")
}
