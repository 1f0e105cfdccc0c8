//! Margins → table columns and flat rows.

use super::charges::place_of;
use super::dimensions::Names;
use crate::domain::totals::Checksum;
use crate::domain::{ChargeStatus, Currency, MeterId, Month};
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::layout::{csv_path, margins_path};
use crate::rate::{MarginKey, MarginSum, Margins};
use crate::table::contract;
use crate::table::contract::CHARGE;
use crate::table::contract::columns::{
    BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, CURRENCY, METER_ID, METER_NAME, MONTH, QUANTITY, TENANT_ID,
    TENANT_NAME, UNIT, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::margins::{CHARGE_STATUS, MARGIN, VENDOR_CHARGE, VENDOR_CHARGE_STATUS};
use crate::table::flat::CSV_MARGINS;
use crate::table::rows::RowSet;

/// The path of the flat CSV of a month's margins, without the extension.
pub fn margins_csv(month: Month) -> String {
    csv_path(contract::MARGINS.name, None, Some(&month))
}

/// Stages the margins of a month: the table and its flat CSV.
///
/// # Errors
/// A table cannot be staged.
pub fn publish_margins(month: Month, margins: &Margins, names: &Names, publisher: &Publisher) -> Result<()> {
    let table = &contract::MARGINS;
    let entries: Vec<(&MarginKey, &MarginSum)> = margins.0.iter().collect();
    let priced = |status| status == ChargeStatus::Priced;
    let rows = RowSet::of(&entries)
        .with(MONTH, move |_| month)
        .with(BILLED_SUBSCRIPTION_ID, |(key, _)| key.billed_subscription.as_str())
        .with(BILLED_SUBSCRIPTION_NAME, |(key, _)| names.name(&key.billed_subscription))
        .with(TENANT_ID, |(key, _)| key.tenant.as_deref())
        .with(TENANT_NAME, |(key, _)| names.name(key.tenant.as_deref()?))
        .with(USER_SUBSCRIPTION_ID, |(key, _)| key.user_subscription.as_str())
        .with(METER_ID, |(key, _)| key.meter.as_str())
        .with(METER_NAME, |(key, _)| names.meter(&MeterId::new(&key.meter)?)?.meter_name.as_deref())
        .with(UNIT, |(key, _)| names.meter(&MeterId::new(&key.meter)?)?.unit.as_deref())
        .with(CURRENCY, |(key, _)| key.currency.map(Currency::code))
        .with(CHARGE_STATUS, |(key, _)| key.charge_status.as_str())
        .with(VENDOR_CHARGE_STATUS, |(key, _)| key.vendor_charge_status.as_str())
        .with(QUANTITY, |(_, sum)| sum.quantity)
        .with(CHARGE, move |(key, sum)| priced(key.charge_status).then_some(sum.charge))
        .with(VENDOR_CHARGE, move |(key, sum)| priced(key.vendor_charge_status).then_some(sum.vendor_charge))
        .with(MARGIN, |(key, sum)| key.margin(sum));
    let places = [place_of(table, CHARGE), place_of(table, VENDOR_CHARGE), place_of(table, MARGIN)];
    let (mut sum, mut csv_sum) = (Checksum::of_lines(entries.len()), Checksum::default());
    for (key, of_key) in &entries {
        sum.add(of_key.quantity);
        csv_sum.add_line(of_key.quantity);
        let margin = key.margin(of_key).unwrap_or_default();
        let money = [of_key.charge, of_key.vendor_charge, margin];
        places.iter().zip(money).for_each(|(&place, charge)| sum.add_money(place, charge.scaled()));
    }
    publisher.table(margins_path(month), rows.columns(table)?, Some(sum))?;
    let csv = rows.csv(CSV_MARGINS.name, CSV_MARGINS.columns, |(_, sum)| (1, sum.quantity))?;
    publisher.csv(&margins_csv(month), CSV_MARGINS.columns, csv, Some(csv_sum))
}
