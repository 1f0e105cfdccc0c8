//! Margins below a statement, for the operator alone.
//!
//! ```text
//!   margin, which no customer sees:
//!     Windows VM Size Hours  charge 9.6269 USD  vendor charge 6.902 USD  margin 2.7249 USD
//! ```

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::layout::{Page, TextColumn, TextTable};
use super::meter_name;
use crate::audit::{PublishedMargin, Statements};
use crate::domain::{Charge, ChargeStatus, Currency};

/// A side of a margin: how it is charged, and what it comes to. `None`: past the range of a charge.
type Side = (ChargeStatus, Option<Charge>);

/// The margins of a billed subscription by meter and currency, over its tenants and user subscriptions.
pub(super) fn text(page: &mut Page, statements: &Statements, margins: &[&PublishedMargin]) {
    type Key<'m> = (String, &'m str, Option<Currency>, [ChargeStatus; 2]);
    let mut sums: BTreeMap<Key<'_>, [Option<Charge>; 3]> = BTreeMap::new();
    let mut totals: BTreeMap<Currency, Option<Charge>> = BTreeMap::new();
    for row in margins {
        let statuses = [row.charge_status, row.vendor_charge_status];
        let key = (meter_name(&row.meter, &statements.meters), row.meter.as_str(), row.currency, statuses);
        let sum = sums.entry(key).or_insert([Some(Charge::ZERO); 3]);
        for (sum, more) in sum.iter_mut().zip([row.charge, row.vendor_charge, row.margin]) {
            *sum = sum.and_then(|sum| sum.checked_add(more.unwrap_or_default()));
        }
        if let Some((currency, margin)) = row.currency.zip(row.margin) {
            let total = totals.entry(currency).or_insert(Some(Charge::ZERO));
            *total = total.and_then(|total| total.checked_add(margin));
        }
    }
    let rows =
        sums.into_iter().map(|((meter, _, currency, [status, vendor_status]), [charge, vendor_charge, margin])| {
            let code = currency.map_or("", Currency::code);
            let is_margin = currency.is_some() && status.is_known() && vendor_status.is_known();
            let margin =
                if is_margin { side_text((ChargeStatus::Priced, margin), code) } else { "not known".to_owned() };
            let margin = if currency.is_none() { String::new() } else { margin };
            [meter, side_text((status, charge), code), side_text((vendor_status, vendor_charge), code), margin]
        });
    let rows: Vec<[String; 4]> = rows.collect();
    let columns = [
        TextColumn::text("meter"),
        TextColumn::figure("charge"),
        TextColumn::figure("vendor charge"),
        TextColumn::figure("margin"),
    ];
    page.gap();
    page.paragraph(2, "margin, exact, which no customer sees:");
    page.table(4, &TextTable::new(columns, rows));
    for (currency, total) in totals {
        let total = side_text((ChargeStatus::Priced, total), currency.code());
        page.paragraph(4, &format!("total of the margins that are known: {total}"));
    }
}

fn side_text((status, charge): Side, code: &str) -> String {
    match (status, charge) {
        (ChargeStatus::Priced, Some(charge)) => format!("{charge} {code}"),
        (ChargeStatus::Priced, None) => "out of range".to_owned(),
        (ChargeStatus::NotBillable, _) => "not billable".to_owned(),
        (ChargeStatus::OtherCurrency, _) => "in another currency".to_owned(),
        (ChargeStatus::Unpriced, _) => "no price in force".to_owned(),
    }
}

/// A row as JSON, with the columns of `margins` and the names of its ids.
pub(super) fn json(statements: &Statements, row: &PublishedMargin) -> Value {
    let meter = statements.meters.get(&row.meter);
    json!({
        "month": statements.month.to_string(),
        "billed_subscription_id": row.billed_subscription,
        "tenant_id": row.tenant,
        "user_subscription_id": row.user_subscription,
        "meter_id": row.meter,
        "meter_name": meter.and_then(|meter| meter.name.as_deref()),
        "unit": meter.and_then(|meter| meter.unit.as_deref()),
        "currency": row.currency.map(Currency::code),
        "charge_status": row.charge_status.as_str(),
        "vendor_charge_status": row.vendor_charge_status.as_str(),
        "quantity": row.quantity.to_string(),
        "charge": row.charge.map(|charge| charge.to_string()),
        "vendor_charge": row.vendor_charge.map(|charge| charge.to_string()),
        "margin": row.margin.map(|margin| margin.to_string()),
    })
}
