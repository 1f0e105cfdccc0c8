//! Charges, statements and the prices that they use → table columns and flat rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::dimensions::Names;
use crate::domain::price::Price;
use crate::domain::totals::Checksum;
use crate::domain::{Currency, MeterId, Month, PriceEntry, PriceStatus, Quantity};
use crate::error::Result;
use crate::normalise::Meter;
use crate::publication::Publisher;
use crate::publication::layout::{
    charges_path, csv_path, statement_csv_folder, statements_path, table_path, vendor_charges_path,
};
use crate::rate::{OwnerTexts, PriceBook, PricedLine, Rated, StampMonth, StatementLine, Tenants};
use crate::store::Fingerprint;
use crate::table::arrays::{
    Dictionary, TypedArray, constant, dates, integers, maybe_charges, maybe_integers, maybe_quantities, quantities,
};
use crate::table::column::{CellType, Table, Typed};
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    AMOUNT, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, BILLING_AMOUNT, BILLING_CURRENCY, CLOSED,
    CURRENCY, DISCOUNT_PERCENT, EFFECTIVE_FROM, EXCHANGE_RATE, METER_ID, METER_NAME, MONTH,
    PARTNER_EARNED_CREDIT_PERCENT, PER, PRICE, PRICE_FILE, PRICE_KEY, PRICE_NOTE, PRICE_ROW, PRICE_STATUS, QUANTITY,
    RESOURCE_KEY, ROUNDING_DIFFERENCE, SERVICE, STAMP, TENANT_ID, TENANT_NAME, TIER_FROM, UNIT, USAGE_DATE,
    USER_SUBSCRIPTION_ID,
};
use crate::table::contract::prices::{EFFECTIVE_TO, SCOPE, SCOPE_ID};
use crate::table::flat::CSV_STATEMENTS;
use crate::table::rows::{ByName, RowSet};

/// A dictionary of distinct texts, and the place of each given text in it.
struct DictionaryPlaces {
    dictionary: Dictionary,
    places: Vec<Option<u32>>,
}

impl DictionaryPlaces {
    fn new<'a>(all: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let mut distinct = Vec::new();
        let place = |text: &'a str| {
            *known.entry(text).or_insert_with(|| {
                distinct.push(text);
                distinct.len() as u32 - 1
            })
        };
        let mut place = place;
        let places = all.map(|text| text.map(&mut place)).collect();
        Self { dictionary: Dictionary::new(distinct), places }
    }

    fn column(&self, rows: impl Iterator<Item = u32>) -> Result<TypedArray<str>> {
        self.dictionary.column(rows.map(|row| self.places[row as usize]))
    }
}

/// Stages the charges of a stamp's month.
///
/// # Errors
/// The table cannot be staged.
pub fn publish_charges(
    month: Month,
    usage: &StampMonth,
    rated: &Rated,
    book: &PriceBook,
    publisher: &Publisher,
) -> Result<()> {
    publish_rated((&contract::CHARGES, charges_path(&usage.stamp, month)), usage, rated, book, publisher)
}

/// The same of what Microsoft charges.
///
/// # Errors
/// As [`publish_charges`].
pub fn publish_vendor_charges(
    month: Month,
    usage: &StampMonth,
    rated: &Rated,
    book: &PriceBook,
    publisher: &Publisher,
) -> Result<()> {
    publish_rated((&contract::VENDOR_CHARGES, vendor_charges_path(&usage.stamp, month)), usage, rated, book, publisher)
}

/// Stages rated usage as one of the two tables, whose columns are the same but for the partner earned credit.
fn publish_rated(
    (table, path): (&'static Table, String),
    usage: &StampMonth,
    rated: &Rated,
    book: &PriceBook,
    publisher: &Publisher,
) -> Result<()> {
    if !publisher.takes(table) {
        return Ok(());
    }
    let owner_texts = |text: fn(&OwnerTexts) -> Option<&str>| DictionaryPlaces::new(usage.owners.iter().map(text));
    let owners = [
        owner_texts(|owner| Some(&owner.billed_subscription)),
        owner_texts(|owner| Some(&owner.attribution)),
        owner_texts(|owner| owner.tenant.as_deref()),
        owner_texts(|owner| Some(&owner.user_subscription)),
    ];
    let meters = DictionaryPlaces::new(usage.meters.iter().map(|meter| Some(meter.as_str())));
    let statuses = Dictionary::new(PriceStatus::ALL.map(PriceStatus::as_str));
    let prices = PriceColumns::new(book);
    let columns_of = |rows: Range<usize>| {
        let cells = || rated.cell[rows.clone()].iter().map(|&cell| cell as usize);
        let entries = || rows.clone().map(|row| rated.entry(row));
        let terms = |part: fn([Quantity; 4]) -> Quantity| {
            maybe_quantities(entries().map(|entry| prices.terms[entry? as usize].map(part)))
        };
        let [billed, attribution, tenant, user] =
            [0, 1, 2, 3].map(|at: usize| owners[at].column(cells().map(|cell| usage.owner[cell])));
        let columns = ByName::of(table)
            .array(STAMP, constant(usage.stamp.as_str(), rows.len())?)
            .array(USAGE_DATE, dates(cells().map(|cell| usage.days[cell])))
            .array(BILLED_SUBSCRIPTION_ID, billed?)
            .array(ATTRIBUTION, attribution?)
            .array(TENANT_ID, tenant?)
            .array(USER_SUBSCRIPTION_ID, user?)
            .array(METER_ID, meters.column(cells().map(|cell| usage.meter[cell]))?)
            .array(RESOURCE_KEY, integers(cells().map(|cell| usage.resource[cell])))
            .array(TIER_FROM, maybe_quantities(entries().map(|entry| entry.map(|entry| book.entry(entry).tier_from)))?)
            .array(QUANTITY, quantities(rated.quantity[rows.clone()].iter().copied())?)
            .array(PRICE_STATUS, statuses.column(rows.clone().map(|row| Some(rated.status(row) as u32)))?)
            .array(PRICE_KEY, maybe_integers(entries().map(|entry| entry.map(|entry| book.key(entry)))))
            .array(PRICE, terms(|[price, ..]| price)?)
            .array(PER, terms(|[_, per, ..]| per)?)
            .array(DISCOUNT_PERCENT, terms(|[_, _, discount, _]| discount)?)
            .array(
                CURRENCY,
                prices
                    .currencies
                    .dictionary
                    .column(entries().map(|entry| prices.currencies.places[entry? as usize]))?,
            )
            .array(CHARGE, maybe_charges(rows.clone().map(|row| rated.charge(row)))?);
        if !table.has(PARTNER_EARNED_CREDIT_PERCENT) {
            return columns.finish();
        }
        columns.array(PARTNER_EARNED_CREDIT_PERCENT, terms(|[.., credit]| credit)?).finish()
    };
    let charge_place = place_of(table, CHARGE);
    let mut sum = Checksum::of_lines(rated.len());
    rated.quantity.iter().for_each(|&quantity| sum.add(quantity));
    (0..rated.len())
        .filter_map(|row| rated.charge(row))
        .for_each(|charge| sum.add_money(charge_place, charge.scaled()));
    publisher.table_by_parts(path, table, rated.len(), columns_of, Some(sum))
}

/// The price entries of a book, as table columns hold them.
struct PriceColumns {
    /// Price, `per`, discount and partner earned credit of each entry.
    terms: Vec<Option<[Quantity; 4]>>,
    currencies: DictionaryPlaces,
}

impl PriceColumns {
    fn new(book: &PriceBook) -> Self {
        let entries = || book.entries().iter().map(PriceEntry::price);
        Self {
            terms: entries().map(|price| price.map(Price::scaled)).collect(),
            currencies: DictionaryPlaces::new(entries().map(|price| price.map(|price| price.currency.code()))),
        }
    }
}

/// Stages the price entries that charges use, sorted by their keys.
///
/// # Errors
/// The table cannot be staged.
pub fn publish_prices(prices: &BTreeMap<i64, PriceEntry>, publisher: &Publisher) -> Result<()> {
    publish_entries(&contract::PRICES, prices, publisher)
}

/// The same of vendor prices.
///
/// # Errors
/// As [`publish_prices`].
pub fn publish_vendor_prices(prices: &BTreeMap<i64, PriceEntry>, publisher: &Publisher) -> Result<()> {
    publish_entries(&contract::VENDOR_PRICES, prices, publisher)
}

fn publish_entries(table: &'static Table, prices: &BTreeMap<i64, PriceEntry>, publisher: &Publisher) -> Result<()> {
    let entries: Vec<(&i64, &PriceEntry)> = prices.iter().collect();
    let scaled = |entry: &PriceEntry, place: usize| entry.price().map(|price| price.scaled()[place]);
    let rows = RowSet::of(&entries)
        .with(PRICE_KEY, |(key, _)| **key)
        .with(METER_ID, |(_, entry)| entry.meter.as_str())
        .with(SCOPE, |(_, entry)| entry.scope.name())
        .with(SCOPE_ID, |(_, entry)| entry.scope.id())
        .with(EFFECTIVE_FROM, |(_, entry)| entry.from)
        .with(EFFECTIVE_TO, |(_, entry)| entry.to)
        .with(TIER_FROM, |(_, entry)| entry.tier_from)
        .with(PRICE, move |(_, entry)| scaled(entry, 0))
        .with(PER, move |(_, entry)| scaled(entry, 1))
        .with(DISCOUNT_PERCENT, move |(_, entry)| scaled(entry, 2))
        .with(PARTNER_EARNED_CREDIT_PERCENT, move |(_, entry)| scaled(entry, 3))
        .with(CURRENCY, |(_, entry)| entry.price().map(|price| price.currency.code()))
        .with(UNIT, |(_, entry)| entry.unit.as_deref())
        .with(PRICE_NOTE, |(_, entry)| entry.note.as_deref())
        .with(PRICE_FILE, |(_, entry)| entry.file.as_str())
        .with(PRICE_ROW, |(_, entry)| entry.row);
    publisher.table(table_path(table), rows.columns(table)?, None)
}

/// The place of a column in its table.
pub(super) fn place_of<T: CellType>(table: &Table, column: Typed<T>) -> usize {
    table.columns.iter().position(|declared| declared.name == column.name()).expect("a column of the table")
}

/// The longest name that an id gives a file; a GUID has 36 characters.
const FILE_NAME_MAX: usize = 100;

/// The file name of a billed subscription: its id. An id with special characters is escaped; one that is too long is
/// cut and gets a fingerprint.
fn file_name(id: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if id.len() <= FILE_NAME_MAX && id.bytes().all(is_plain) {
        return id.into();
    }
    let escaped = utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
    if escaped.len() <= FILE_NAME_MAX {
        return escaped.into();
    }
    format!("{}-{}", &escaped[..FILE_NAME_MAX / 2], &Fingerprint::of(id.as_bytes()).to_string()[..32]).into()
}

/// The path of the flat CSV of a month's statements, without the extension: of all billed subscriptions, or of one.
pub fn statement_csv(month: Month, billed_subscription: Option<&str>) -> String {
    match billed_subscription {
        None => csv_path("statements", None, Some(&month)),
        Some(id) => format!("{}statement-{}-{month}", statement_csv_folder(month), file_name(id)),
    }
}

/// Stages the statements of a month and whether it is closed: the table, the flat CSV of all lines, and a flat CSV for
/// each billed subscription.
///
/// # Errors
/// A table cannot be staged.
pub fn publish_statements(
    (month, is_closed): (Month, bool),
    lines: &[StatementLine],
    prices: &BTreeMap<i64, PriceEntry>,
    names: &Names,
    publisher: &Publisher,
) -> Result<()> {
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let rows: Vec<StatementRow<'_>> = lines
        .iter()
        .map(|line| {
            let entry = line.key.price_key.and_then(|key| prices.get(&key));
            let id = MeterId::new(&line.key.meter);
            let meter = id.as_ref().and_then(|id| names.meter(id));
            StatementRow { line, entry, meter, tenant: tenant_of(line) }
        })
        .collect();
    let mut sum = Checksum::of_lines(lines.len());
    let table = &contract::STATEMENTS;
    let places = [
        place_of(table, CHARGE),
        place_of(table, AMOUNT),
        place_of(table, ROUNDING_DIFFERENCE),
        place_of(table, BILLING_AMOUNT),
    ];
    for line in lines {
        sum.add(line.quantity);
        if let Some(priced) = &line.priced {
            let PricedLine { charge, amount, rounding_difference, billing_amount, .. } = priced;
            let money = [charge.scaled(), amount.scaled(), rounding_difference.scaled(), billing_amount.scaled()];
            places.iter().zip(money).for_each(|(&place, scaled)| sum.add_money(place, scaled));
        }
    }
    let said = said_of((month, is_closed), &rows, names);
    publisher.table(statements_path(month), said.columns(table)?, Some(sum))?;
    let csv_of = |rows: &RowSet<'_, StatementRow<'_>>| {
        rows.csv(CSV_STATEMENTS.name, CSV_STATEMENTS.columns, |row| (1, row.line.quantity))
    };
    let sum_of = |rows: &[StatementRow<'_>]| {
        let mut sum = Checksum::default();
        rows.iter().for_each(|row| sum.add_line(row.line.quantity));
        sum
    };
    for of_payer in rows.chunk_by(|a, b| a.line.key.billed_subscription == b.line.key.billed_subscription) {
        let csv = csv_of(&said_of((month, is_closed), of_payer, names))?;
        let path = statement_csv(month, Some(&of_payer[0].line.key.billed_subscription));
        publisher.csv(&path, CSV_STATEMENTS.columns, csv, Some(sum_of(of_payer)))?;
    }
    publisher.csv(&statement_csv(month, None), CSV_STATEMENTS.columns, csv_of(&said)?, Some(sum_of(&rows)))
}

/// A line of a statement, with what is known of its price and meter.
struct StatementRow<'a> {
    line: &'a StatementLine,
    entry: Option<&'a PriceEntry>,
    meter: Option<&'a Meter>,
    tenant: Option<&'a str>,
}

/// The columns of statements, for the table and for its flat CSV.
fn said_of<'r>(
    (month, is_closed): (Month, bool),
    rows: &'r [StatementRow<'r>],
    names: &'r Names,
) -> RowSet<'r, StatementRow<'r>> {
    let scaled = |row: &StatementRow<'_>, place: usize| row.entry?.price().map(|price| price.scaled()[place]);
    let priced = |row: &StatementRow<'_>| row.line.priced;
    RowSet::of(rows)
        .with(MONTH, move |_| month)
        .with(BILLED_SUBSCRIPTION_ID, |row| row.line.key.billed_subscription.as_str())
        .with(BILLED_SUBSCRIPTION_NAME, |row| names.name(&row.line.key.billed_subscription))
        .with(TENANT_ID, |row| row.tenant)
        .with(TENANT_NAME, |row| row.tenant.and_then(|tenant| names.name(tenant)))
        .with(METER_ID, |row| row.line.key.meter.as_str())
        .with(METER_NAME, |row| row.meter.and_then(|meter| meter.meter_name.as_deref()))
        .with(SERVICE, |row| row.meter.and_then(|meter| meter.service.as_deref()))
        .with(UNIT, |row| row.meter.and_then(|meter| meter.unit.as_deref()))
        .with(CURRENCY, |row| row.line.key.currency.map(Currency::code))
        .with(PRICE_STATUS, |row| row.line.key.status.as_str())
        .with(EFFECTIVE_FROM, |row| row.line.key.from)
        .with(TIER_FROM, |row| row.line.key.tier_from)
        .with(PRICE_KEY, |row| row.line.key.price_key)
        .with(QUANTITY, |row| row.line.quantity)
        .with(PRICE, move |row| scaled(row, 0))
        .with(PER, move |row| scaled(row, 1))
        .with(DISCOUNT_PERCENT, move |row| scaled(row, 2))
        .with(CHARGE, move |row| priced(row).map(|priced| priced.charge))
        .with(AMOUNT, move |row| priced(row).map(|priced| priced.amount))
        .with(ROUNDING_DIFFERENCE, move |row| priced(row).map(|priced| priced.rounding_difference))
        .with(EXCHANGE_RATE, move |row| priced(row).and_then(|priced| priced.exchange_rate?.as_quantity()))
        .with(BILLING_CURRENCY, move |row| priced(row).map(|priced| priced.billing_currency.code()))
        .with(BILLING_AMOUNT, move |row| priced(row).map(|priced| priced.billing_amount))
        .with(PRICE_FILE, |row| row.entry.map(|entry| entry.file.as_str()))
        .with(PRICE_ROW, |row| row.entry.map(|entry| entry.row))
        .with(PRICE_NOTE, |row| row.entry.and_then(|entry| entry.note.as_deref()))
        .with(CLOSED, move |_| is_closed)
}

fn tenant_of(line: &StatementLine) -> Option<&str> {
    match &line.tenants {
        Tenants::One(tenant) => tenant.as_deref(),
        Tenants::Several => None,
    }
}
