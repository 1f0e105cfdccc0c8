//! Charges, statements and the prices that they rest on → table columns and flat rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::ArrayRef;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::dimensions::Names;
use crate::domain::price::Price;
use crate::domain::totals::Checksum;
use crate::domain::{Charge, Currency, MeterId, Month, PriceEntry, PriceStatus, Quantity};
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::layout::{charges_path, csv_path, statements_path};
use crate::rate::{OwnerTexts, PriceBook, PricedLine, Rated, StampMonth, StatementLine, Tenants};
use crate::store::Fingerprint;
use crate::table::arrays::{
    Dictionary, booleans, constant, dates, integers, maybe_amounts, maybe_charges, maybe_dates, maybe_integers,
    maybe_quantities, quantities, texts,
};
use crate::table::column::{Column, Table};
use crate::table::contract;
use crate::table::contract::columns::{AMOUNT, BILLING_AMOUNT, ROUNDING_DIFFERENCE};
use crate::table::csv::{CsvCell, CsvTable};
use crate::table::flat::CSV_STATEMENTS;

/// Texts that repeat, as a dictionary, and the place of each of some others in it.
struct DictionaryPlaces {
    dictionary: Dictionary,
    places: Vec<Option<u32>>,
}

impl DictionaryPlaces {
    fn of<'a>(all: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let mut distinct = Vec::new();
        let place = |text: &'a str| {
            *known.entry(text).or_insert_with(|| {
                distinct.push(text);
                distinct.len() as u32 - 1
            })
        };
        let mut place = place;
        let places = all.map(|own| own.map(&mut place)).collect();
        Self { dictionary: Dictionary::new(distinct), places }
    }

    fn column(&self, rows: impl Iterator<Item = u32>) -> Result<ArrayRef> {
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
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let owner = |of: fn(&OwnerTexts) -> Option<&str>| DictionaryPlaces::of(usage.owners.iter().map(of));
    let owners = [
        owner(|own| Some(&own.billed_subscription)),
        owner(|own| Some(&own.attribution)),
        owner(|own| own.tenant.as_deref()),
        owner(|own| Some(&own.user_subscription)),
    ];
    let meters = DictionaryPlaces::of(usage.meters.iter().map(|own| Some(own.as_str())));
    let statuses = Dictionary::new(PriceStatus::ALL.map(PriceStatus::as_str));
    let prices = Priced::of(book);
    let columns_of = |rows: Range<usize>| {
        let cells = || rated.cell[rows.clone()].iter().map(|&cell| cell as usize);
        let entries = || rows.clone().map(|row| rated.entry(row));
        let terms =
            |of: fn([Quantity; 3]) -> Quantity| maybe_quantities(entries().map(|own| prices.of[own? as usize].map(of)));
        let [billed, attribution, tenant, user] =
            [0, 1, 2, 3].map(|at: usize| owners[at].column(cells().map(|cell| usage.owner[cell])));
        Ok(vec![
            constant(usage.stamp.as_str(), rows.len())?,
            dates(cells().map(|cell| usage.days[cell])),
            billed?,
            attribution?,
            tenant?,
            user?,
            meters.column(cells().map(|cell| usage.meter[cell]))?,
            integers(cells().map(|cell| usage.resource[cell])),
            maybe_quantities(entries().map(|own| own.map(|own| book.entry(own).tier_from)))?,
            quantities(rated.quantity[rows.clone()].iter().copied())?,
            statuses.column(rows.clone().map(|row| Some(rated.status(row) as u32)))?,
            maybe_integers(entries().map(|own| own.map(|own| book.key(own)))),
            terms(|[price, ..]| price)?,
            terms(|[_, per, _]| per)?,
            terms(|[.., discount]| discount)?,
            prices.currencies.dictionary.column(entries().map(|own| prices.currencies.places[own? as usize]))?,
            maybe_charges(rows.clone().map(|row| rated.charge(row)))?,
        ])
    };
    let charge_place = place_of(&contract::CHARGES, &contract::CHARGE);
    let mut sum = Checksum::of_lines(rated.len());
    rated.quantity.iter().for_each(|&quantity| sum.add(quantity));
    (0..rated.len())
        .filter_map(|row| rated.charge(row))
        .for_each(|charge| sum.add_money(charge_place, charge.scaled()));
    publisher.table_by_parts(charges_path(&usage.stamp, month), &contract::CHARGES, rated.len(), columns_of, Some(sum))
}

/// What the entries of a book say, as tables hold it.
struct Priced {
    /// Price, `per` and discount of each entry.
    of: Vec<Option<[Quantity; 3]>>,
    currencies: DictionaryPlaces,
}

impl Priced {
    fn of(book: &PriceBook) -> Self {
        let entries = || book.entries().iter().map(PriceEntry::price);
        Self {
            of: entries().map(|own| own.map(Price::scaled)).collect(),
            currencies: DictionaryPlaces::of(entries().map(|own| own.map(|own| own.currency.code()))),
        }
    }
}

/// Stages the price entries that some charge rests on, by their keys.
///
/// # Errors
/// The table cannot be staged.
pub fn publish_prices(prices: &BTreeMap<i64, PriceEntry>, publisher: &Publisher) -> Result<()> {
    let each = || prices.values();
    let scaled = |place: usize| maybe_quantities(each().map(|own| own.price().map(|price| price.scaled()[place])));
    let columns = vec![
        integers(prices.keys().copied()),
        texts(each().map(|own| Some(own.meter.as_str()))),
        texts(each().map(|own| Some(own.scope.name()))),
        texts(each().map(|own| own.scope.id())),
        maybe_dates(each().map(|own| own.from)),
        maybe_dates(each().map(|own| own.to)),
        quantities(each().map(|own| own.tier_from))?,
        scaled(0)?,
        scaled(1)?,
        scaled(2)?,
        texts(each().map(|own| own.price().map(|price| price.currency.code()))),
        texts(each().map(|own| own.unit.as_deref())),
        texts(each().map(|own| own.note.as_deref())),
        texts(each().map(|own| Some(own.file.as_str()))),
        integers(each().map(|own| own.row)),
    ];
    publisher.table("prices.parquet".to_owned(), &contract::PRICES, columns, None)
}

/// The place of a column in its table.
fn place_of(table: &Table, column: &Column) -> usize {
    table.columns.iter().position(|own| own.name == column.name).expect("a column of the table")
}

/// The longest name that an id gives a file; a GUID has 36 characters.
const FILE_NAME_MAX: usize = 100;

/// The name of a billed subscription's file: its id; of what is no plain name its escaped form, and of what is too long
/// for a name its beginning with a fingerprint.
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

/// Where the flat CSV of a month's statements lies, less its end: of all, or of one billed subscription.
pub fn statement_csv(month: Month, billed_subscription: Option<&str>) -> String {
    match billed_subscription {
        None => csv_path("statements", None, Some(&month)),
        Some(id) => format!("{}statement-{}-{month}", statement_csv_folder(month), file_name(id)),
    }
}

/// Where the flat CSV of each billed subscription's statement lies.
pub fn statement_csv_folder(month: Month) -> String {
    format!("csv/statements/{month}/")
}

/// Stages the statements of a month, and whether it is closed: the table, the flat CSV of all of them, and one of each
/// billed subscription.
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
    let entry = |line: &StatementLine| line.key.price_key.and_then(|key| prices.get(&key));
    let keys = || lines.iter().map(|line| &line.key);
    let scaled = |place: usize| {
        maybe_quantities(lines.iter().map(|line| entry(line)?.price().map(|price| price.scaled()[place])))
    };
    let priced = || lines.iter().map(|line| line.priced);
    let charges = |of: fn(PricedLine) -> Charge| maybe_charges(priced().map(|own| own.map(of)));
    let code = |own: Option<Currency>| own.map(Currency::code);
    let columns = vec![
        dates(lines.iter().map(|_| month.first_day())),
        texts(keys().map(|own| Some(own.billed_subscription.as_str()))),
        texts(keys().map(|own| Some(own.meter.as_str()))),
        texts(keys().map(|own| code(own.currency))),
        texts(keys().map(|own| Some(own.status.as_str()))),
        maybe_dates(keys().map(|own| own.from)),
        maybe_quantities(keys().map(|own| own.tier_from))?,
        maybe_integers(keys().map(|own| own.price_key)),
        texts(lines.iter().map(tenant_of)),
        quantities(lines.iter().map(|own| own.quantity))?,
        scaled(0)?,
        scaled(1)?,
        scaled(2)?,
        charges(|own| own.charge)?,
        maybe_amounts(priced().map(|own| own.map(|own| own.amount)))?,
        charges(|own| own.rounding_difference)?,
        maybe_quantities(priced().map(|own| own?.exchange_rate?.as_quantity()))?,
        texts(priced().map(|own| code(own.map(|own| own.billing_currency)))),
        maybe_amounts(priced().map(|own| own.map(|own| own.billing_amount)))?,
        booleans(lines.iter().map(|_| is_closed)),
    ];
    let mut sum = Checksum::of_lines(lines.len());
    let places = [contract::CHARGE, AMOUNT, ROUNDING_DIFFERENCE, BILLING_AMOUNT]
        .map(|own| place_of(&contract::STATEMENTS, &own));
    for line in lines {
        sum.add(line.quantity);
        if let Some(own) = &line.priced {
            let PricedLine { charge, amount, rounding_difference, billing_amount, .. } = own;
            let money = [charge.scaled(), amount.scaled(), rounding_difference.scaled(), billing_amount.scaled()];
            places.iter().zip(money).for_each(|(&place, own)| sum.add_money(place, own));
        }
    }
    publisher.table(statements_path(month), &contract::STATEMENTS, columns, Some(sum))?;
    let (mut all, mut all_sum) = (CsvTable::new(CSV_STATEMENTS.columns), Checksum::default());
    for own in lines.chunk_by(|a, b| a.key.billed_subscription == b.key.billed_subscription) {
        let mut table = CsvTable::new(CSV_STATEMENTS.columns);
        let mut sum = Checksum::default();
        for line in own {
            let cells = flat((month, is_closed), line, entry(line), names);
            all.row(&cells, 1, line.quantity)?;
            table.row(&cells, 1, line.quantity)?;
            sum.add_line(line.quantity);
        }
        all_sum.merge(sum);
        let path = statement_csv(month, Some(&own[0].key.billed_subscription));
        publisher.csv(&path, CSV_STATEMENTS.columns, table, Some(sum))?;
    }
    publisher.csv(&statement_csv(month, None), CSV_STATEMENTS.columns, all, Some(all_sum))
}

fn tenant_of(line: &StatementLine) -> Option<&str> {
    match &line.tenants {
        Tenants::One(tenant) => tenant.as_deref(),
        Tenants::Several => None,
    }
}

fn flat<'a>(
    (month, is_closed): (Month, bool),
    line: &'a StatementLine,
    entry: Option<&'a PriceEntry>,
    names: &'a Names,
) -> Vec<CsvCell<'a>> {
    let id = MeterId::new(&line.key.meter);
    let meter = id.as_ref().and_then(|id| names.meter(id));
    let nothing = CsvCell::Text(None);
    let quantity = |own: Option<Quantity>| own.map_or(nothing, CsvCell::Quantity);
    let money = |of: &dyn Fn(PricedLine) -> CsvCell<'a>| line.priced.map_or(nothing, of);
    let price = entry.and_then(PriceEntry::price).map(Price::scaled);
    let tenant = tenant_of(line);
    vec![
        CsvCell::Month(month),
        CsvCell::Text(Some(&line.key.billed_subscription)),
        CsvCell::Text(names.name(&line.key.billed_subscription)),
        CsvCell::Text(tenant),
        CsvCell::Text(tenant.and_then(|tenant| names.name(tenant))),
        CsvCell::Text(Some(&line.key.meter)),
        CsvCell::Text(meter.and_then(|own| own.meter_name.as_deref())),
        CsvCell::Text(meter.and_then(|own| own.service.as_deref())),
        CsvCell::Text(meter.and_then(|own| own.unit.as_deref())),
        CsvCell::Text(Some(line.key.status.as_str())),
        line.key.from.map_or(nothing, CsvCell::Day),
        quantity(line.key.tier_from),
        CsvCell::Quantity(line.quantity),
        quantity(price.map(|[price, ..]| price)),
        quantity(price.map(|[_, per, _]| per)),
        quantity(price.map(|[.., discount]| discount)),
        CsvCell::Text(line.key.currency.map(Currency::code)),
        money(&|own| CsvCell::Charge(own.charge)),
        money(&|own| CsvCell::Amount(own.amount)),
        money(&|own| CsvCell::Charge(own.rounding_difference)),
        quantity(line.priced.and_then(|own| own.exchange_rate?.as_quantity())),
        money(&|own| CsvCell::Text(Some(own.billing_currency.code()))),
        money(&|own| CsvCell::Amount(own.billing_amount)),
        CsvCell::Text(entry.map(|own| own.file.as_str())),
        entry.map_or(nothing, |own| CsvCell::Integer(own.row)),
        CsvCell::Text(entry.and_then(|own| own.note.as_deref())),
        CsvCell::Boolean(is_closed),
    ]
}
