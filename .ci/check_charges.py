#!/usr/bin/env python3
"""Calculates every charge and every statement line again from `daily` and the price book, and compares.

    check_charges.py OUT ROOT

OUT is what was published of ROOT. Shares no code with stacktally and rounds nothing but what is to be rounded: all figures are whole
numbers of their last decimal place, and prices are fractions. Price books as CSV only; months that were closed before the book changed
are not known here. Needs pyarrow. The last line is `N passed, N failed`; the exit code is 1 when something failed.

What it holds: the price of a cell is the most specific scope in force on its day; tiers count per billed subscription, meter, currency and
month over all stamps by day; a charge is quantity × price / per, less the discount, rounded once half-even to ten places; the amount of
a statement line is the sum of its charges, rounded once to the minor unit of its currency.
"""
import sys

sys.dont_write_bytecode = True  # a check leaves nothing behind in the checkout

import argparse
import csv
import json
import re
from collections import Counter, defaultdict, namedtuple
from datetime import date
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from checklist import Checklist

getcontext().prec = 100  # 38 digits and their sums stay exact
csv.field_size_limit(1 << 30)

UNITS = 10**18  # of quantities, prices and rates: DECIMAL(38,18)
CHARGE_UNITS = 10**10  # of charges: DECIMAL(38,10)
AMOUNT_UNITS = 10**4  # of amounts: DECIMAL(18,4)

CELL = ["stamp", "usage_date", "billed_subscription_id", "attribution", "tenant_id", "user_subscription_id", "meter_id", "resource_key"]
CHARGES = [*CELL, "tier_from", "quantity", "price_status", "price_key", "price", "per", "discount_percent", "currency", "charge"]
CHARGES_SORTED_BY = 9
STATEMENTS = ["month", "billed_subscription_id", "meter_id", "currency", "price_status", "effective_from", "tier_from", "price_key",
              "tenant_id", "quantity", "price", "per", "discount_percent", "charge", "amount", "rounding_difference", "exchange_rate",
              "billing_currency", "billing_amount"]
STATEMENTS_SORTED_BY = 8
PRICES = ["price_key", "meter_id", "scope", "scope_id", "effective_from", "effective_to", "tier_from", "price", "per", "discount_percent",
          "currency", "unit", "price_note", "price_file", "price_row"]
STATEMENT_CSV = ["month", "billed_subscription_id", "tenant_id", "meter_id", "price_status", "effective_from", "tier_from", "quantity",
                 "price", "per", "discount_percent", "currency", "charge", "amount", "rounding_difference", "exchange_rate",
                 "billing_currency", "billing_amount", "price_file", "price_row", "price_note"]
# What is a number exactly where there is a price; the exchange rate only where amounts were converted.
CHARGE_NUMBERS = ["price", "per", "discount_percent", "currency", "charge"]
STATEMENT_NUMBERS = [*CHARGE_NUMBERS, "amount", "rounding_difference", "billing_currency", "billing_amount"]

MINOR_UNITS = {**dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
               **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3), "CLF": 4, "UYW": 4}
PLAIN_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
UNSAFE_STARTS = tuple("=+-@\t\r\n")

Cell = namedtuple("Cell", CELL + ["quantity"])
Charge = namedtuple("Charge", CELL + ["tier_from", "quantity", "entry"])
# What a line of the book says. `factor` is what a unit costs after the discount; None where it is never charged.
Entry = namedtuple("Entry", "meter scope scope_id start end tier factor price per discount currency unit note file row")


def main():
    """Parses the arguments, runs the checks and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("root", type=Path)
    arguments = parser.parse_args()
    checks = Checklist()
    try:
        receipt = json.loads((arguments.out / "receipt.json").read_text(encoding="utf-8"))
        settings = receipt["settings"]
        entries, rates = read_book(arguments.root), read_rates(arguments.root)
        published = Published(arguments.out)
    except Exception as error:  # without these there is nothing to compare
        checks.note("read", f"{arguments.out} and {arguments.root}", [f"{type(error).__name__}: {error}"])
        return checks.finish()
    print(f"pyarrow {pa.__version__}, {len(entries)} price entries, {len(rates)} exchange rates, "
          f"tiering {settings['tiering']}, rounding {settings['rounding']}, billing currency {settings['billing-currency']}")
    charges, census = reckon_charges(published.cells, Book(entries), settings["tiering"])
    lines = reckon_statements(charges, Bill(settings, rates))
    checks.note("daily: cells reckoned", census, [] if published.cells else ["there are none"])
    checks.attempt("prices = the entries used", prices_hold, published, entries, charges)
    checks.attempt("charges = daily at the book's prices", charges_hold, published, charges)
    checks.attempt("charges: sorted, in their files", charges_sorted, published)
    checks.attempt("charges: quantity per day = daily", quantities_hold, published)
    checks.attempt("charges: a number exactly where priced", nulls_hold, published.charges, CHARGES, CHARGE_NUMBERS)
    checks.attempt("statements = sums of charges", statements_hold, published, lines)
    checks.attempt("statements: sorted, in their files", statements_sorted, published)
    checks.attempt("statements: a number exactly where priced", nulls_hold, published.statements, STATEMENTS, STATEMENT_NUMBERS)
    checks.attempt("csv/statements = statements", statement_csv_holds, published)
    checks.attempt("csv/statements per billed subscription", bills_hold, published)
    checks.attempt("receipt: totals of statements", receipt_holds, receipt, lines)
    return checks.finish()


# ── the book and the rates ───────────────────────────────────────────────────────────────────────────────────────────

def read_book(root):
    """Returns the entries of prices.csv, or of every CSV in prices/."""
    folder = root / "prices"
    if any(path.suffix != ".csv" for path in folder.glob("*")):
        raise ValueError(f"{folder} holds more than CSV")
    return [entry for path in [root / "prices.csv", *sorted(folder.glob("*.csv"))] if path.exists()
            for entry in entries_of(path, path.relative_to(root).as_posix())]


def table_rows(path):
    """Yields (line, {column: text or None}) for every row that says anything."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader)]
        line = reader.line_num + 1
        for row in reader:
            cells = {name: cell.strip() or None for name, cell in zip(header, row)}
            if any(cells.values()):
                yield line, defaultdict(lambda: None, cells)
            line = reader.line_num + 1


def entries_of(path, name):
    """Yields the entries of one file."""
    for line, cell in table_rows(path):
        price = fraction(cell["price"])
        own = dict(price=None, per=None, discount=None, currency=None, factor=None)
        if price is not None:
            per, discount = fraction(cell["per"]), fraction(cell["discount_percent"]) or Fraction(0)
            own = dict(price=price, per=per, discount=discount, currency=cell["currency"].upper(),
                       factor=price / per * (100 - discount) / 100)
        scope_id = cell["scope_id"]
        yield Entry(meter=guid(cell["meter_id"]), scope=(cell["scope"] or "all").lower(), scope_id=scope_id and scope_id.lower(),
                    start=day(cell["effective_from"]), end=day(cell["effective_to"]), tier=units(fraction(cell["tier_from"]) or 0),
                    unit=cell["unit"], note=cell["note"], file=name, row=line, **own)


def guid(text):
    """Writes a meter's id as the published tables do."""
    digits = text.lower().replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def fraction(text):
    """Returns an exact number, or None for no text."""
    return None if text is None else Fraction(text)


def day(text):
    """Returns a day, or None for no text."""
    return None if text is None else date.fromisoformat(text)


def units(number, scale=UNITS):
    """Returns a number that has no more places than the scale as a whole number of its last place."""
    scaled = Fraction(number) * scale
    if scaled.denominator != 1:
        raise ValueError(f"{number} has more places than 1/{scale}")
    return scaled.numerator


def read_rates(root):
    """Returns {(month, from, to): rate}."""
    path = root / "exchange-rates.csv"
    return {(cell["month"], cell["from"].upper(), cell["to"].upper()): Fraction(cell["rate"])
            for _, cell in (table_rows(path) if path.exists() else ())}


class Book:
    """Finds the entries in force."""

    def __init__(self, entries):
        self.entries = defaultdict(list)
        for entry in entries:
            self.entries[entry.meter, entry.scope, entry.scope_id].append(entry)
        self.known = {}

    def tiers(self, cell):
        """Returns the tiers of the most specific scope in force on the cell's day; none where it is unpriced."""
        for scope, scope_id in (("user_subscription", cell.user_subscription_id), ("tenant", cell.tenant_id),
                                ("billed_subscription", cell.billed_subscription_id), ("stamp", cell.stamp), ("all", None)):
            if scope != "all" and scope_id is None:
                continue
            found = self.of_scope((cell.meter_id, scope, scope_id and scope_id.lower()), cell.usage_date)
            if found:
                return found
        return ()

    def of_scope(self, key, usage_date):
        """Returns the tiers of one scope on one day, the lowest first."""
        if (key, usage_date) not in self.known:
            self.known[key, usage_date] = tuple(sorted(
                (entry for entry in self.entries.get(key, ()) if (entry.start is None or entry.start <= usage_date)
                 and (entry.end is None or usage_date < entry.end)), key=lambda entry: entry.tier))
        return self.known[key, usage_date]


# ── what is published ────────────────────────────────────────────────────────────────────────────────────────────────

class Published:
    """The tables under OUT, their decimals as whole numbers of the last place."""

    def __init__(self, out):
        self.out = out
        self.cells = [Cell(*row) for _, rows in files_of(out, "daily/*/*.parquet", Cell._fields) for row in rows]
        self.charges = dict(files_of(out, "charges/*/*.parquet", CHARGES))
        self.statements = dict(files_of(out, "statements/*.parquet", STATEMENTS))
        self.prices = [row for _, rows in files_of(out, "prices.parquet", PRICES) for row in rows]
        place = [PRICES.index(name) for name in ("meter_id", "scope", "scope_id", "effective_from", "tier_from")]
        self.identity_of = {row[0]: tuple(row[at] for at in place) for row in self.prices}
        self.identity_of[None] = None


def files_of(out, pattern, columns):
    """Yields (path below OUT, rows) of every such file, each column read on its own."""
    for path in sorted(out.glob(pattern)):
        table = pq.ParquetFile(str(path)).read(columns=list(columns))
        yield path.relative_to(out).as_posix(), list(zip(*(values_of(table[name]) for name in columns)))


def values_of(column):
    """Returns a column as Python's values, decimals as whole numbers of their last place."""
    values = column.to_pylist()
    if not pa.types.is_decimal(column.type):
        return values
    places = column.type.scale
    return [None if value is None else int(value.scaleb(places)) for value in values]


# ── charges ──────────────────────────────────────────────────────────────────────────────────────────────────────────

def identity(entry):
    """What tells the entries of a book apart."""
    return entry and (entry.meter, entry.scope, entry.scope_id, entry.start, entry.tier)


def counting_order(cell):
    """The order in which cells use up a month's tiers; a cell without a tenant comes before those with one."""
    return (cell.usage_date, cell.stamp, cell.billed_subscription_id, cell.attribution, cell.tenant_id is not None, cell.tenant_id or "",
            cell.user_subscription_id, cell.meter_id, cell.resource_key)


def reckon_charges(cells, book, tiering):
    """Returns the charges of all cells, and what they were, in words."""
    cells = sorted(cells, key=counting_order)
    priced = [(cell, book.tiers(cell)) for cell in cells]
    parts_of = {"graduated": graduated, "volume": volume}[tiering]
    charges, census = [], Counter()
    for cell, parts in parts_of(priced):
        census["unpriced" if parts[0][0] is None else "not billable" if parts[0][0].factor is None else "priced"] += 1
        census["split"] += len(parts) > 1
        charges += [Charge(*cell[:-1], entry and entry.tier, quantity, entry) for entry, quantity in parts]
    tiered = sum(1 for _, tiers in priced if len(tiers) > 1)
    return charges, (f"{len(cells)} cells: {census['priced']} priced ({tiered} of them tiered, {census['split']} split at a border), "
                     f"{census['not billable']} not billable, {census['unpriced']} unpriced")


def counter_of(cell, tiers):
    """Returns which month's count a priced cell adds to."""
    return cell.billed_subscription_id, cell.meter_id, tiers[0].currency, cell.usage_date.year, cell.usage_date.month


def whole(tiers):
    """Tells whether there is nothing to count: no price, or an entry that says that there is none."""
    return not tiers or tiers[0].factor is None


def graduated(priced):
    """Yields each cell with its parts, cut where the month's count crosses a border of its day's tiers."""
    counts = Counter()
    for cell, tiers in priced:
        if whole(tiers):
            yield cell, [(tiers[0] if tiers else None, cell.quantity)]
            continue
        counter = counter_of(cell, tiers)
        start = counts[counter]
        end = counts[counter] = start + cell.quantity
        parts = []
        for place, entry in enumerate(tiers):
            border = tiers[place + 1].tier if place + 1 < len(tiers) else None
            if border is not None and border <= start:
                continue  # a cell that begins at a border lies above it
            stop = end if border is None else min(end, border)
            parts.append((entry, stop - start))
            start = stop
            if stop == end:
                break
        yield cell, parts


def volume(priced):
    """Yields each cell as one part, at the tier that the month's total reaches."""
    totals = Counter()
    for cell, tiers in priced:
        if not whole(tiers):
            totals[counter_of(cell, tiers)] += cell.quantity
    for cell, tiers in priced:
        entry = tiers[0] if tiers else None
        if not whole(tiers):
            total = totals[counter_of(cell, tiers)]
            entry = max((own for own in tiers[1:] if total > own.tier), key=lambda own: own.tier, default=tiers[0])
        yield cell, [(entry, cell.quantity)]


def charge_of(quantity, entry):
    """Returns quantity × factor in units of the tenth place, half-even."""
    if entry is None or entry.factor is None:
        return None
    return divided(quantity * entry.factor.numerator * CHARGE_UNITS, entry.factor.denominator * UNITS, "half-even")


def divided(above, below, way):
    """Divides whole numbers and rounds to a whole one; `below` is above zero."""
    result, rest = divmod(abs(above), below)
    more = {"down": False, "half-up": 2 * rest >= below, "half-even": 2 * rest > below or (2 * rest == below and result % 2 == 1)}[way]
    return (result + more) * (-1 if above < 0 else 1)


def figures(entry):
    """Returns price, per and discount as the tables have them."""
    return (None,) * 3 if entry is None or entry.factor is None else (units(entry.price), units(entry.per), units(entry.discount))


def status_of(entry):
    """Returns price_status."""
    return "unpriced" if entry is None else "not_billable" if entry.factor is None else "priced"


def charges_hold(published, charges):
    """Compares every row of charges, its price entry by what identifies it."""
    at = CHARGES.index("price_key")
    found = Counter((*row[:at], published.identity_of.get(row[at], f"price_key {row[at]} is not in prices"), *row[at + 1:])
                    for rows in published.charges.values() for row in rows)
    told = {entry: (status_of(entry), identity(entry), *figures(entry), entry and entry.currency)
            for entry in {row.entry for row in charges}}
    expected = Counter((*row[:-1], *told[row.entry], charge_of(row.quantity, row.entry)) for row in charges)
    return f"{sum(found.values())} rows of {len({row[:len(CELL)] for row in found})} cells", differences(CHARGES, found, expected)


def differences(columns, found, expected):
    """Returns one sentence per row that only one side has; a row and its counterpart lie side by side."""
    sides = [(row, "published") for row in (found - expected).elements()] + [(row, "reckoned") for row in (expected - found).elements()]
    return [f"{side} only: " + ", ".join(f"{name} {value}" for name, value in zip(columns, row))
            for row, side in sorted(sides, key=lambda pair: (nulls_first(pair[0][:CHARGES_SORTED_BY]), pair[1]))]


def nulls_first(values):
    """A key that sorts nulls before everything."""
    return [(value is not None, 0 if value is None else value) for value in values]


def charges_sorted(published):
    """Rows are sorted by key, each key stands there once, and rows lie in the file of their stamp and month."""
    problems, rows = [], 0
    for path, found in published.charges.items():
        problems += unsorted(path, found, CHARGES_SORTED_BY)
        strays = {(row[0], row[1]) for row in found if f"charges/{row[0]}/{row[1]:%Y-%m}.parquet" != path}
        problems += [f"{path} holds {stamp} {usage_date}" for stamp, usage_date in sorted(strays)]
        rows += len(found)
    return f"{len(published.charges)} files, {rows} rows", problems


def unsorted(path, rows, count):
    """Returns a sentence for every row that is not behind the one before it."""
    keys = [nulls_first(row[:count]) for row in rows]
    return [f"{path}: row {place + 2} is not behind the one before it" for place, (one, next_one) in enumerate(zip(keys, keys[1:]))
            if not one < next_one]


def quantities_hold(published):
    """Σ quantity per stamp, meter and day."""
    daily, charged = Counter(), Counter()
    for cell in published.cells:
        daily[cell.stamp, cell.meter_id, cell.usage_date] += cell.quantity
    stamp, meter, usage_date, quantity = (CHARGES.index(name) for name in ("stamp", "meter_id", "usage_date", "quantity"))
    for rows in published.charges.values():
        for row in rows:
            charged[row[stamp], row[meter], row[usage_date]] += row[quantity]
    problems = [f"{' '.join(map(str, key))}: daily {plain(daily.get(key), UNITS)}, charges {plain(charged.get(key), UNITS)}"
                for key in sorted(daily.keys() | charged.keys()) if daily.get(key) != charged.get(key)]
    return f"{len(daily)} stamps, meters and days", problems


def nulls_hold(files, columns, numbers):
    """Nothing priced is null, and nothing else has a price, a currency or a charge; only what is unpriced has no entry and tier."""
    status = columns.index("price_status")
    problems, seen = [], Counter()
    for path, rows in files.items():
        for place, row in enumerate(rows, 1):
            seen[row[status]] += 1
            wrong = [name for name in numbers if (row[columns.index(name)] is None) == (row[status] == "priced")]
            wrong += [name for name in ("price_key", "tier_from")
                      if (row[columns.index(name)] is None) != (row[status] == "unpriced")]
            if wrong or row[status] not in ("priced", "not_billable", "unpriced"):
                problems.append(f"{path}: row {place} is {row[status]}, and its {', '.join(wrong) or 'status'} is not")
    return ", ".join(f"{count} {name}" for name, count in sorted(seen.items())), problems


def prices_hold(published, entries, charges):
    """Holds the table of prices to the book, and to what charges use of it."""
    used = {row.entry for row in charges} - {None}
    expected = Counter((*identity(entry)[:4], entry.end, entry.tier, *figures(entry), entry.currency, entry.unit, entry.note, entry.file,
                        entry.row) for entry in used)
    found = Counter(row[1:] for row in published.prices)
    problems = differences(PRICES[1:], found, expected)
    keys = [row[0] for row in published.prices]
    problems += [f"price_key {key} stands there {count} times" for key, count in Counter(keys).items() if count > 1]
    problems += unsorted("prices.parquet", published.prices, 1)
    joined = {row[CHARGES.index("price_key")] for rows in published.charges.values() for row in rows} - {None}
    problems += [f"price_key {key} is in charges or in prices only" for key in sorted(joined ^ set(keys))]
    return f"{len(keys)} of {len(entries)} entries", problems


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────

class Bill:
    """Rounds and converts."""

    def __init__(self, settings, rates):
        self.way, self.rates = settings["rounding"], rates
        targets = {to for _, _, to in rates}
        self.currency = settings["billing-currency"] or (targets.pop() if len(targets) == 1 else None)

    def rounded(self, above, below, currency):
        """Rounds above / below to the currency's minor unit, and returns it in the units of amounts."""
        places = MINOR_UNITS.get(currency, 2)
        return divided(above * 10**places, below, self.way) * (AMOUNT_UNITS // 10**places)

    def figures(self, month, currency, charge):
        """Returns amount, rounding_difference, exchange_rate, billing_currency and billing_amount."""
        if charge is None:
            return (None,) * 5
        amount = self.rounded(charge, CHARGE_UNITS, currency)
        difference = amount * (CHARGE_UNITS // AMOUNT_UNITS) - charge
        if self.currency is None or self.currency == currency:
            return amount, difference, None, currency, amount
        rate = self.rates[f"{month:%Y-%m}", currency, self.currency]
        billed = self.rounded(amount * rate.numerator, AMOUNT_UNITS * rate.denominator, self.currency)
        return amount, difference, units(rate), self.currency, billed


def reckon_statements(charges, bill):
    """Returns the statement lines as the table has them, with what identifies an entry in the stead of its key."""
    quantities, sums, tenants = Counter(), Counter(), defaultdict(set)
    for row in charges:
        line = row.usage_date.replace(day=1), row.billed_subscription_id, row.meter_id, row.entry
        quantities[line] += row.quantity
        sums[line] += charge_of(row.quantity, row.entry) or 0
        tenants[line].add(row.tenant_id)
    lines = []
    for line, quantity in quantities.items():
        month, billed, meter, entry = line
        priced = status_of(entry) == "priced"
        charge = sums[line] if priced else None
        currency = entry.currency if priced else None
        tenant = next(iter(tenants[line])) if len(tenants[line]) == 1 else None
        lines.append((month, billed, meter, currency, status_of(entry), entry and entry.start, entry and entry.tier, identity(entry), tenant,
                      quantity, *figures(entry), charge, *bill.figures(month, currency, charge)))
    return lines


def statements_hold(published, lines):
    """Compares every line."""
    at = STATEMENTS.index("price_key")
    found = Counter((*row[:at], published.identity_of.get(row[at], f"price_key {row[at]} is not in prices"), *row[at + 1:])
                    for rows in published.statements.values() for row in rows)
    converted = sum(1 for line in lines if line[STATEMENTS.index("exchange_rate")] is not None)
    currencies = sorted({line[STATEMENTS.index("currency")] for line in lines} - {None})
    compared = f"{len(lines)} lines in {' '.join(currencies) or 'no currency'}, {converted} converted"
    return compared, differences(STATEMENTS, found, Counter(lines))


def statements_sorted(published):
    """Rows are sorted by key, and lie in the file of their month."""
    problems = []
    for path, rows in published.statements.items():
        problems += unsorted(path, rows, STATEMENTS_SORTED_BY)
        strays = {row[0] for row in rows if f"statements/{row[0]:%Y-%m}.parquet" != path}
        problems += [f"{path} holds {month}" for month in sorted(strays)]
    return f"{len(published.statements)} files", problems


def receipt_holds(receipt, lines):
    """Compares the totals per month, currency and billing currency, which are of priced lines only."""
    names = ("charge", "amount", "rounding_difference", "billing_amount")
    scales = dict(zip(names, (CHARGE_UNITS, AMOUNT_UNITS, CHARGE_UNITS, AMOUNT_UNITS)))
    expected = {}
    for line in lines:
        row = dict(zip(STATEMENTS, line))
        if row["price_status"] == "priced":
            total = expected.setdefault((f"{row['month']:%Y-%m}", row["currency"], row["billing_currency"]), Counter(lines=0))
            total["lines"] += 1
            for name in names:
                total[name] += row[name]
    told = {key: {"lines": total["lines"], **{name: plain(total[name], scales[name]) for name in names}} for key, total in expected.items()}
    found = {(row["month"], row["currency"], row["billing_currency"]): {name: row[name] for name in ("lines", *names)}
             for row in receipt["statements"]}
    problems = [f"{' '.join(map(str, key))}: receipt {found.get(key)}, reckoned {told.get(key)}"
                for key in sorted(found.keys() | told.keys(), key=str) if found.get(key) != told.get(key)]
    if len(found) != len(receipt["statements"]):
        problems.append("a total stands there twice")
    return f"{len(found)} totals, {sum(total['lines'] for total in told.values())} lines", problems


# ── statements as CSV ────────────────────────────────────────────────────────────────────────────────────────────────

def plain(number, scale):
    """Writes a whole number of units as a plain decimal: no exponent, no zeros behind."""
    if number is None:
        return ""
    text = f"{Decimal(number) / scale:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def statement_texts(published):
    """Returns {month: one tuple of texts per line, in the order of the table}, as the CSV is to have them."""
    texts = {}
    prices = {row[0]: dict(zip(PRICES, row)) for row in published.prices}
    scales = {"charge": CHARGE_UNITS, "amount": AMOUNT_UNITS, "rounding_difference": CHARGE_UNITS, "billing_amount": AMOUNT_UNITS,
              **dict.fromkeys(("quantity", "tier_from", "price", "per", "discount_percent", "exchange_rate"), UNITS)}
    for path, rows in published.statements.items():
        month = Path(path).stem
        texts[month] = []
        for line in rows:
            row = dict(zip(STATEMENTS, line))
            row |= {name: prices.get(row["price_key"], {}).get(name) for name in ("price_file", "price_row", "price_note")}
            row |= {name: plain(row[name], scale) for name, scale in scales.items()}
            row["month"] = month
            texts[month].append(tuple("" if row[name] is None else str(row[name]) for name in STATEMENT_CSV))
    return texts


def csv_texts(path):
    """Returns the columns of one CSV that are compared, and complaints about how its figures are written."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = [tuple(unguarded(row[header.index(name)]) for name in STATEMENT_CSV) for row in reader]
    figures_at = [STATEMENT_CSV.index(name) for name in ("tier_from", "quantity", "price", "per", "discount_percent", "charge", "amount",
                                                         "rounding_difference", "exchange_rate", "billing_amount")]
    wrong = [f"{path.name}: row {place}: {row[at]!r} is no plain decimal" for place, row in enumerate(rows, 1) for at in figures_at
             if row[at] and not PLAIN_DECIMAL.fullmatch(row[at])]
    return rows, wrong


def unguarded(cell):
    """Takes away the apostrophe that keeps a spreadsheet from running a text cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(UNSAFE_STARTS) else cell


def statement_csv_holds(published):
    """The CSV of a month has the lines of its Parquet."""
    texts, problems, rows = statement_texts(published), [], 0
    files = {path.stem.removeprefix("statements-"): path for path in published.out.glob("csv/statements/statements-*.csv")}
    problems += [f"{month} has a CSV or a Parquet only" for month in sorted(files.keys() ^ texts.keys())]
    for month in sorted(files.keys() & texts.keys()):
        found, wrong = csv_texts(files[month])
        problems += wrong + text_differences(f"csv/statements/statements-{month}.csv", found, texts[month])
        rows += len(found)
    return f"{len(files)} files, {rows} lines", problems


def text_differences(name, found, expected):
    """Returns one sentence per line that only one side has."""
    found, expected = Counter(found), Counter(expected)
    return ([f"{name} only: {','.join(row)}" for row in (found - expected).elements()]
            + [f"not in {name}: {','.join(row)}" for row in (expected - found).elements()])


def bills_hold(published):
    """Each billed subscription has a CSV of its own lines, and of nothing else."""
    texts, problems, rows = statement_texts(published), [], 0
    expected = defaultdict(list)
    billed_at = STATEMENT_CSV.index("billed_subscription_id")
    for month, lines in texts.items():
        for line in lines:
            expected[f"{month}/{line[billed_at]}"].append(line)
    files = {f"{path.parent.name}/{path.stem.removeprefix('statement-').removesuffix('-' + path.parent.name)}": path
             for path in published.out.glob("csv/statements/*/statement-*.csv")}
    problems += [f"{name} has no lines or no file" for name in sorted(files.keys() ^ expected.keys())]
    for name in sorted(files.keys() & expected.keys()):
        found, wrong = csv_texts(files[name])
        problems += wrong + text_differences(f"csv/statements/{name}.csv", found, expected[name])
        rows += len(found)
    return f"{len(files)} files, {rows} lines", problems


if __name__ == "__main__":
    sys.exit(main())
