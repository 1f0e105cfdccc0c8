#!/usr/bin/env python3
"""Checks a published folder from outside, with readers that share no code with stacktally.

    check_published.py OUT [--read-only]

Every Parquet file is opened with DuckDB and with pyarrow, the flat CSV with Python's own reader. Totals must agree table by table and
reader by reader, every key must be found in its dimension, every file must keep the Parquet profile, and the receipt must
describe exactly the files that lie there. `--read-only` needs pyarrow alone, of any version: it reads every file fully and compares rows
and totals, for a reader too old for the rest. The last line is `N passed, N failed`; the exit code is 1 when something failed.
"""
import sys

sys.dont_write_bytecode = True  # a check leaves nothing behind in the checkout

import argparse
import csv
import json
import re
import tempfile
from collections import Counter, namedtuple
from decimal import Decimal, getcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checklist import Checklist
from parquet_pages import column_chunks

getcontext().prec = 100  # sums of 38-digit decimals stay exact
csv.field_size_limit(1 << 30)

CSV_ROWS_MAX = 1_048_575
UNITS_MAX = 10**38  # the range of DECIMAL(38,18), in units of the 18th place
UTF8_BOM = b"\xef\xbb\xbf"
UNSAFE_STARTS = tuple("=+-@\t\r\n")
PLAIN_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
CSV_FORMS = {"quantity": PLAIN_DECIMAL, "line_count": re.compile("[1-9][0-9]*"),
             "usage_date": re.compile(r"\d{4}-\d\d-\d\d"), "month": re.compile(r"\d{4}-\d\d")}
ATTRIBUTIONS = {"registered", "default_operator", "default_user_subscription_unknown",
                "default_no_customer_subscriptions", "default_tenant_not_registered"}

# The order of a fact's columns is the contract, and all but the two measures are its key, in that order.
OWNER = ["billed_subscription_id", "attribution", "tenant_id", "user_subscription_id"]
MEASURES = ["quantity", "line_count"]
LINE_COLUMNS = ["stamp", "usage_start", "granularity", "user_subscription_id", "meter_id", "resource_key", "quantity",
                "window_start", "window_end", "file", "row"]
COLUMNS = {
    "lines": LINE_COLUMNS,
    "hourly": ["stamp", "usage_hour", *OWNER, "meter_id", "resource_key", *MEASURES],
    "daily": ["stamp", "usage_date", *OWNER, "meter_id", "resource_key", *MEASURES],
    "monthly": ["stamp", "month", *OWNER, "meter_id", *MEASURES],
    "default_usage": ["stamp", "usage_date", *OWNER, "meter_id", *MEASURES, "first_seen", "last_seen"],
    "resources": ["resource_key", "stamp", "resource_uri", "resource_group", "resource_provider", "resource_type", "resource_name",
                  "location", "tags", "additional_info", "service_type"],
    "meters": ["meter_id", "meter_name", "service", "unit", "quantity_kind", "known", "azure_meter_id"],
    "tenants": ["tenant_id", "tenant_name"],
    "user_subscriptions": ["user_subscription_id", "stamp", "display_name", "owner", "tenant_id", "offer_id", "state"],
    "billed_subscriptions": ["billed_subscription_id", "billed_subscription_name", "kind", "tenant_id"],
    "charges": ["stamp", "usage_date", *OWNER, "meter_id", "resource_key", "tier_from", "quantity", "price_status", "price_key", "price",
                "per", "discount_percent", "currency", "charge"],
    "statements": ["month", "billed_subscription_id", "meter_id", "currency", "price_status", "effective_from", "tier_from", "price_key",
                   "tenant_id", "quantity", "price", "per", "discount_percent", "charge", "amount", "rounding_difference",
                   "exchange_rate", "billing_currency", "billing_amount", "closed"],
    "prices": ["price_key", "meter_id", "scope", "scope_id", "effective_from", "effective_to", "tier_from", "price", "per",
               "discount_percent", "currency", "unit", "price_note", "price_file", "price_row"],
}
# What was charged is written where there is a price book.
CHARGED = ("charges", "statements", "prices")
FACTS = ("hourly", "daily", "monthly")
KEYS = {"lines": LINE_COLUMNS, **{fact: COLUMNS[fact][:-2] for fact in FACTS}, "default_usage": COLUMNS["default_usage"][:-4],
        "resources": ["resource_key"], "meters": ["meter_id"], "tenants": ["tenant_id"],
        "snapshots": ["stamp", "snapshot_kind", "as_of", "file"], "mappings": ["stamp", "snapshot_kind", "subject_id", "first_snapshot"],
        "user_subscriptions": ["user_subscription_id", "stamp"], "billed_subscriptions": ["billed_subscription_id"],
        "charges": COLUMNS["charges"][:9], "statements": COLUMNS["statements"][:8], "prices": ["price_key"]}
DIMENSIONS = ("resources", "meters", "tenants", "user_subscriptions", "billed_subscriptions", "dates")
PERSONAL = {"display_name", "owner"}  # left out by --no-owners
CALENDAR_TYPES = {"usage_start": "timestamp", "window_start": "timestamp", "window_end": "timestamp", "usage_hour": "timestamp",
                  "usage_date": "date", "month": "date", "first_seen": "date", "last_seen": "date",
                  "effective_from": "date", "effective_to": "date"}
DECIMALS = {**{name: (38, 18) for name in ("quantity", "tier_from", "price", "per", "discount_percent", "exchange_rate")},
            **{name: (38, 10) for name in ("charge", "rounding_difference")}, **{name: (18, 4) for name in ("amount", "billing_amount")}}
EMPTY_TYPES = {"quantity": "DECIMAL(38,18)", "line_count": "BIGINT", "row": "BIGINT", "resource_key": "BIGINT", "known": "BOOLEAN",
               "usage_date": "DATE", "month": "DATE", "first_seen": "DATE", "last_seen": "DATE", **{name: "TIMESTAMPTZ" for name in CALENDAR_TYPES if name not in ("usage_date", "month", "first_seen", "last_seen")}}
# Columns whose values are mostly distinct.
PLAIN_COLUMNS = ("quantity", "charge")
# In UTC, whatever the session's time zone.
LINE_DAY = "make_timestamp(epoch_us(usage_start))::date"
HOUR_DAY = "make_timestamp(epoch_us(usage_hour))::date"

Total = namedtuple("Total", "quantity line_count")


def main():
    """Parses the arguments, runs the checks and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--read-only", action="store_true", help="pyarrow alone: rows and totals of every file")
    arguments = parser.parse_args()
    out, checks = arguments.out.resolve(), Checklist()
    tables, receipt = tables_under(out), receipt_of(out, checks)
    print(f"pyarrow {pa.__version__}, {sum(len(files) for files in tables.values())} Parquet files under {arguments.out}")
    checks.attempt("Parquet files read fully", rows_as_receipted, out, tables, receipt)
    checks.attempt("receipt: lines balance", lines_balance, tables, receipt)
    totals = arrow_totals(tables, checks)
    check_totals_agree(totals, checks)
    if not arguments.read_only:
        check_with_duckdb(tables, totals, checks)
        check_csv(out, tables, totals, checks)
        check_profile(out, tables, checks)
        checks.attempt("receipt: every file, nothing else", receipt_covers_folder, out, receipt)
    return checks.finish()


# ── what lies there ──────────────────────────────────────────────────────────────────────────────────────────────────

def filenames(out):
    """Returns every file of the published folder, without the command's own working folder."""
    return sorted(path for path in out.rglob("*")
                  if (path.is_file() or path.is_symlink()) and path.relative_to(out).parts[0] != ".stacktally")


def tables_under(out):
    """Returns {table: its Parquet files}: a table is named by its top folder, or by its file where it has one file only."""
    tables = {}
    for path in filenames(out):
        if path.suffix == ".parquet":
            place = path.relative_to(out).parts
            tables.setdefault(place[0] if len(place) > 1 else path.stem, []).append(path)
    return tables


def receipt_of(out, checks):
    """Returns the receipt, or an empty one after noting that it cannot be read."""
    try:
        receipt = json.loads((out / "receipt.json").read_text(encoding="utf-8"))
        missing = [name for name in ("published", "lines") if name not in receipt]
    except (OSError, ValueError) as error:
        receipt, missing = {}, [str(error)]
    checks.note("receipt: readable", "receipt.json", missing)
    return receipt


def read_whole(path, columns=None):
    """Reads one file as it is: not as a data set, so that no folder name turns into a column."""
    return pq.ParquetFile(str(path)).read(columns=columns)


def rows_of(tables, name):
    """Returns the rows of a table by its footers; a table without files has none."""
    return sum(pq.ParquetFile(str(path)).metadata.num_rows for path in tables.get(name, []))


def rows_as_receipted(out, tables, receipt):
    """Decodes every column of every file, and compares the rows with the footer and with the receipt."""
    receipted = {entry["path"]: entry["rows"] for entry in receipt.get("published", [])}
    problems, files, rows = [], 0, 0
    for path in (path for paths in tables.values() for path in paths):
        name = path.relative_to(out).as_posix()
        try:
            table = read_whole(path)
            table.validate(full=True)
            found = (table.num_rows, pq.ParquetFile(str(path)).metadata.num_rows, receipted.get(name))
        except (pa.ArrowException, OSError) as error:
            problems.append(f"{name}: {error}")
            continue
        if len(set(found)) > 1:
            problems.append(f"{name}: {found[0]} rows decoded, {found[1]} in the footer, {found[2]} in the receipt")
        files, rows = files + 1, rows + table.num_rows
    return f"{files} files, {rows} rows", problems


def lines_balance(tables, receipt):
    """read = used + rejected + dropped; used and rejected are the rows of their tables."""
    lines = receipt["lines"]
    read, used, rejected, dropped = (lines[name] for name in ("read", "used", "rejected", "dropped"))
    problems = []
    if read != used + rejected + dropped:
        problems.append(f"read {read}, but used {used} + rejected {rejected} + dropped {dropped}")
    for name, told in (("lines", used), ("rejects", rejected)):
        if rows_of(tables, name) != told:
            problems.append(f"`{name}` has {rows_of(tables, name)} rows, the receipt says {told}")
    return f"{read} read = {used} used + {rejected} rejected + {dropped} dropped", problems


# ── totals per stamp and meter ───────────────────────────────────────────────────────────────────────────────────────

def add_total(totals, key, quantity, line_count):
    """Adds to the total of one (stamp, meter), exactly."""
    before = totals.get(key, Total(Decimal(0), 0))
    totals[key] = Total(before.quantity + quantity, before.line_count + line_count)


def sum_table(totals, table):
    """Adds the quantity and lines of one Arrow table per (stamp, meter); without a line_count a row counts as one.

    Arrow's decimal sum wraps past its range without a word, so it is used only where the bound says that it cannot.
    """
    if table.num_rows == 0:
        return
    counted = "line_count" in table.column_names
    ends = pc.min_max(table["quantity"]).as_py()
    if max(abs(ends["min"]), abs(ends["max"])).scaleb(18) * table.num_rows >= UNITS_MAX:
        for row in table.to_pylist():
            add_total(totals, (row["stamp"], row["meter_id"]), row["quantity"], row["line_count"] if counted else 1)
        return
    count = "line_count_sum" if counted else "quantity_count"
    sums = table.group_by(["stamp", "meter_id"]).aggregate([("quantity", "sum"), tuple(count.rsplit("_", 1))])
    for row in sums.to_pylist():
        add_total(totals, (row["stamp"], row["meter_id"]), row["quantity_sum"], row[count])


def arrow_totals(tables, checks):
    """Returns {table: {(stamp, meter): total}} as pyarrow reads them; `lines (Hourly)` is the hourly part of `lines`."""
    totals = {name: {} for name in ("lines", "lines (Hourly)", *FACTS)}

    def read_totals():
        nulls = 0
        for name in ("lines", *FACTS):
            extra = "granularity" if name == "lines" else "line_count"
            for path in tables.get(name, []):
                table = read_whole(path, ["stamp", "meter_id", "quantity", extra])
                nulls += table["quantity"].null_count + table[extra].null_count
                sum_table(totals[name], table)
                if name == "lines":
                    sum_table(totals["lines (Hourly)"], table.filter(pc.equal(table["granularity"], "Hourly")))
        return "lines, hourly, daily, monthly", [f"{nulls} nulls among quantities and counts"] if nulls else []

    checks.attempt("pyarrow: totals read", read_totals)
    return totals


def differences(left_name, left, right_name, right):
    """Returns one sentence per (stamp, meter) whose totals differ."""
    return [f"{stamp} {meter}: {left_name} {told(left.get((stamp, meter)))}, {right_name} {told(right.get((stamp, meter)))}"
            for stamp, meter in sorted(left.keys() | right.keys(), key=str)
            if left.get((stamp, meter)) != right.get((stamp, meter))]


def told(total):
    """Words a total, so that absent does not look like zero."""
    return "has none" if total is None else f"{total.quantity:f} in {total.line_count} lines"


def summary(totals):
    """Words what a comparison covered. Quantities of unlike meters are never added, so only lines are."""
    return f"{len(totals)} (stamp, meter) pairs, {sum(total.line_count for total in totals.values())} lines"


def check_totals_agree(totals, checks, reader="pyarrow"):
    """Holds the facts against `lines`, within one reader."""
    for left, right in (("daily", "lines"), ("monthly", "lines"), ("hourly", "lines (Hourly)")):
        checks.note(f"{reader}: {left} = {right}", summary(totals[right]), differences(left, totals[left], right, totals[right]))


# ── the same with DuckDB, and what only a join can tell ──────────────────────────────────────────────────────────────

def check_with_duckdb(tables, arrow, checks):
    """Repeats the totals with DuckDB, then compares cells, keys and places."""
    import duckdb
    with tempfile.TemporaryDirectory() as spill, duckdb.connect(config={"temp_directory": spill}) as connection:
        print(f"DuckDB {duckdb.__version__}")
        try:
            for name in dict.fromkeys((*(own for own in COLUMNS if own not in CHARGED), "dates", *tables)):
                view_of(connection, name, tables.get(name, []))
            totals = duckdb_totals(connection)
        except duckdb.Error as error:
            checks.note("DuckDB: tables open", "could not be read", [str(error)])
            return
        unlike = [f"`{name}`: {problem}" for name in totals for problem in differences("DuckDB", totals[name], "pyarrow", arrow[name])]
        checks.note("DuckDB = pyarrow", ", ".join(totals), unlike)
        check_totals_agree(totals, checks, "DuckDB")
        checks.attempt("DuckDB: every table read fully", duckdb_reads_fully, connection, tables)
        check_cells(connection, checks)
        check_keys(connection, checks)
        checks.attempt("files hold what their path says", misplaced_rows, connection)


def view_of(connection, name, files):
    """Names a table's files as one view; a table without files becomes an empty one, as the contract allows."""
    if files:
        connection.read_parquet([str(path) for path in files], filename=True, hive_partitioning=False).create_view(name)
        return
    columns = COLUMNS.get(name, ["usage_date"])
    empty = ", ".join(f'null::{EMPTY_TYPES.get(column, "VARCHAR")} "{column}"' for column in columns)
    connection.execute(f"create view {name} as select {empty}, null::varchar filename where false")


def duckdb_totals(connection):
    """Returns the same as `arrow_totals`, as DuckDB reads and sums them; it raises where a sum leaves the decimal's range."""
    sources = {"lines": "count(*) from lines", "lines (Hourly)": "count(*) from lines where granularity = 'Hourly'",
               **{fact: f"sum(line_count)::bigint from {fact}" for fact in FACTS}}
    totals = {}
    for name, counted in sources.items():
        rows = connection.execute(f"select stamp, meter_id, sum(quantity), {counted} group by all").fetchall()
        totals[name] = {(stamp, meter): Total(quantity, line_count) for stamp, meter, quantity, line_count in rows}
    return totals


def duckdb_reads_fully(connection, tables):
    """Decodes every column of every table: a hash of each row touches each value."""
    problems, rows = [], 0
    for name in tables:
        decoded, _ = connection.execute(f"select count(*), bit_xor(hash(columns_of)) from {name} columns_of").fetchone()
        if decoded != rows_of(tables, name):
            problems.append(f"`{name}`: DuckDB reads {decoded} rows, pyarrow {rows_of(tables, name)}")
        rows += decoded
    return f"{len(tables)} tables, {rows} rows", problems


def check_cells(connection, checks):
    """Compares the facts with each other at the finest grain they share, which totals per meter cannot see."""
    by_line = "user_subscription_id, meter_id, resource_key"
    by_owner = ", ".join((*OWNER, "meter_id"))
    pairs = {
        "cells: hourly = lines (Hourly)": (f"select stamp, usage_hour, {by_line}, {', '.join(MEASURES)} from hourly",
                                           f"select stamp, usage_start, {by_line}, quantity, 1 from lines where granularity = 'Hourly'"),
        "cells: daily = lines": (f"select stamp, usage_date, {by_line}, {', '.join(MEASURES)} from daily",
                                 f"select stamp, {LINE_DAY}, {by_line}, quantity, 1 from lines"),
        "cells: monthly = daily": (f"select stamp, month, {by_owner}, {', '.join(MEASURES)} from monthly",
                                   f"select stamp, date_trunc('month', usage_date)::date, {by_owner}, {', '.join(MEASURES)} from daily"),
        "cells: default_usage = daily, not registered": (
            f"select stamp, usage_date, {by_owner}, {', '.join(MEASURES)} from default_usage",
            f"select stamp, usage_date, {by_owner}, {', '.join(MEASURES)} from daily where attribution <> 'registered'"),
    }
    for name, (left, right) in pairs.items():
        checks.attempt(name, differing_cells, connection, left, right)


def differing_cells(connection, left, right):
    """Counts the cells of `left` whose quantity or lines differ in `right`, or that stand on one side only."""
    columns = [column[0] for column in connection.execute(f"{left} limit 0").description]
    keys, names = ", ".join(columns[:-2]), ", ".join(columns)
    cells, different = connection.execute(f"""
        select count(*), count(*) filter (quantity_left is distinct from quantity_right or lines_left is distinct from lines_right)
        from (select {keys}, sum(quantity) filter (side = 1) quantity_left, sum(quantity) filter (side = 2) quantity_right,
                     sum(line_count) filter (side = 1) lines_left, sum(line_count) filter (side = 2) lines_right
              from (select *, 1 from ({left}) union all select *, 2 from ({right})) cell({names}, side) group by {keys})""").fetchone()
    return f"{cells} cells", [f"{different} cells differ"] if different else []


def check_keys(connection, checks):
    """A dimension and a fact hold each key once, without nulls but for a tenant's; every fact key is found in its dimension."""
    date_key = connection.execute("select * from dates limit 0").description[0][0]
    unique = {**{name: KEYS[name] for name in (*FACTS, *DIMENSIONS[:-1])}, "dates": [date_key]}
    checks.attempt("keys: each once, none null", repeated_keys, connection, unique)
    for name in ("lines", *FACTS, "default_usage"):
        checks.attempt(f"keys: {name} in their dimensions", unknown_keys, connection, name, date_key)
    checks.attempt("attributions from the closed list", unknown_attributions, connection)


def repeated_keys(connection, keys):
    """Counts, table by table, the keys that stand in several rows and the rows whose key has a null where none may be."""
    problems, rows = [], 0
    for name, key in keys.items():
        listed = ", ".join(f'"{column}"' for column in key)
        holed = " or ".join(f'"{column}" is null' for column in key if name not in FACTS or column != "tenant_id")
        held, nulls = connection.execute(f"select count(*), count(*) filter ({holed}) from {name}").fetchone()
        repeated, = connection.execute(f"select count(*) from (select 1 from {name} group by {listed} having count(*) > 1)").fetchone()
        problems += [f"`{name}`: {repeated} keys stand in several rows"] if repeated else []
        problems += [f"`{name}`: {nulls} rows have a null in their key"] if nulls else []
        rows += held
    return f"{len(keys)} tables, {rows} rows", problems


def references_of(name, date_key):
    """Returns a fact's foreign keys as (its expressions, dimension, the dimension's columns)."""
    day = {"lines": LINE_DAY, "hourly": HOUR_DAY, "daily": "usage_date", "monthly": "month", "default_usage": "usage_date"}[name]
    references = [(["stamp", "user_subscription_id"], "user_subscriptions", ["stamp", "user_subscription_id"]),
                  (["meter_id"], "meters", ["meter_id"]), ([day], "dates", [f'"{date_key}"'])]
    for key, dimension in ((["stamp", "resource_key"], "resources"), (["tenant_id"], "tenants"),
                           (["billed_subscription_id"], "billed_subscriptions")):
        if key[-1] in COLUMNS[name]:
            references.append((key, dimension, key))
    return references


def unknown_keys(connection, name, date_key):
    """Lists the keys of a fact that its dimensions lack. A null is not looked up but refused, save for a tenant, who may be unknown by right."""
    problems, counted = [], []
    for expressions, dimension, columns in references_of(name, date_key):
        known = " and ".join(f"{expression} is not null" for expression in expressions)
        wanted = f"select distinct {', '.join(expressions)} from {name} where {known}"
        missing = connection.execute(f"({wanted}) except (select {', '.join(columns)} from {dimension}) order by all").fetchall()
        nulls, = connection.execute(f"select count(*) filter (not ({known})) from {name}").fetchone()
        count, = connection.execute(f"select count(*) from ({wanted})").fetchone()
        problems += [f"{' '.join(map(str, key))} is not in `{dimension}`" for key in missing]
        problems += [f"{nulls} rows have no {expressions[-1]}"] if nulls and expressions != ["tenant_id"] else []
        counted.append(f"{count} {dimension}")
    return ", ".join(counted), problems


def unknown_attributions(connection):
    """Lists attributions outside the closed list, and registered cells that name no tenant."""
    found = {name for fact in FACTS for name, in connection.execute(f"select distinct attribution from {fact}").fetchall()}
    problems = [f"{name} is not in the closed list" for name in sorted(found - ATTRIBUTIONS, key=str)]
    for fact in FACTS:
        nameless, = connection.execute(f"select count(*) from {fact} where attribution = 'registered' and tenant_id is null").fetchone()
        problems += [f"{nameless} rows of `{fact}` are registered without a tenant"] if nameless else []
    return ", ".join(sorted(map(str, found))) or "no facts", problems


def misplaced_rows(connection):
    """Finds files whose path names another stamp, day or month than their rows do."""
    places = {"lines": f"'/lines/' || stamp || '/' || {LINE_DAY} || '/'",
              "hourly": f"'/hourly/' || stamp || '/' || {HOUR_DAY} || '.parquet'",
              "daily": "'/daily/' || stamp || '/' || strftime(usage_date, '%Y-%m') || '.parquet'",
              "monthly": "'/monthly/' || stamp || '.parquet'", "default_usage": "'/default_usage/' || stamp || '.parquet'"}
    problems, files = [], 0
    for name, place in places.items():
        rows = connection.execute(f"select filename, contains(replace(filename, '\\', '/'), place) "
                                  f"from (select distinct filename, {place} place from {name})").fetchall()
        files += len({path for path, _ in rows})
        problems += [f"{path}: a row belongs elsewhere" for path, right in rows if not right]
    return f"{files} files", problems


# ── flat CSV ─────────────────────────────────────────────────────────────────────────────────────────────────────────

def check_csv(out, tables, totals, checks):
    """Every CSV file keeps its form; the flat facts have the totals of `lines`, and as many rows as their Parquet table."""
    for name in ("hourly", "daily", "monthly"):
        files = sorted((out / "csv" / name).rglob("*.csv"))
        if files or name != "hourly":  # hourly CSV is written on request only
            read, rows = {}, []
            checks.attempt(f"csv/{name}: form", csv_form, out, files, read, rows)
            wanted = "lines (Hourly)" if name == "hourly" else "lines"
            checks.note(f"csv/{name} = {wanted}", summary(read), differences("CSV", read, wanted, totals[wanted]))
            checks.attempt(f"csv/{name}: rows as in Parquet", same_rows, tables, name, rows)
    if "statements" in tables:
        rows = []
        files = sorted((out / "csv" / "statements").glob("*.csv"))
        checks.attempt("csv/statements: form", csv_form, out, files, None, rows)
        checks.attempt("csv/statements: rows as in Parquet", same_rows, tables, "statements", rows)
    rows = []
    checks.attempt("csv/default_usage: form", csv_form, out, sorted((out / "csv" / "default_usage").rglob("*.csv")), {}, rows)
    checks.attempt("csv/default_usage: rows as in Parquet", same_rows, tables, "default_usage", rows)
    for name in ("coverage", "coverage_months", "rejects"):
        files = sorted(path for path in (out / "csv").glob("*.csv") if re.fullmatch(rf"{name}(-\d+)?", path.stem))
        rows = []
        checks.attempt(f"csv/{name}: form", csv_form, out, files, None, rows)
        checks.attempt(f"csv/{name}: rows as in Parquet", same_rows, tables, name, rows)


def same_rows(tables, name, rows):
    """Compares the rows of all parts with the rows of the Parquet table."""
    wanted = rows_of(tables, name)
    return f"{sum(rows)} rows", [] if sum(rows) == wanted else [f"{sum(rows)} rows in CSV, {wanted} in Parquet"]


def csv_form(out, files, totals, rows):
    """Checks bytes and cells of a table's CSV files; adds to `totals` (of a fact) and to `rows`, one number per file."""
    problems, headers = [], set()
    for path in files:
        name = path.relative_to(out).as_posix()
        problems += [f"{name}: {problem}" for problem in csv_bytes(path)]
        header, count, wrong = csv_cells(path, totals)
        problems += [f"{name}: {problem}" for problem in wrong]
        if count > CSV_ROWS_MAX:
            problems.append(f"{name}: {count} rows, a spreadsheet takes {CSV_ROWS_MAX}")
        headers.add(header)
        rows.append(count)
    if len(headers) > 1:
        problems.append(f"{len(headers)} different headers in one table")
    return f"{len(files)} files, {sum(rows)} rows", problems


def csv_bytes(path):
    """Byte-order mark first, CRLF after every row; a line break inside quotes may be any."""
    with path.open("rb") as file:
        if file.read(3) != UTF8_BOM:
            return ["no UTF-8 byte-order mark"]
        quoted = False
        for number, line in enumerate(file, 1):
            quoted ^= line.count(b'"') % 2 == 1
            if not quoted and not line.endswith(b"\r\n"):
                return [f"line {number} does not end with CRLF"]
    return ["a quote is never closed"] if quoted else []


def csv_cells(path, totals):
    """Returns header, rows and problems of one file, and adds its quantities to `totals` where there are any to add."""
    wrong, count = {}, 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = tuple(next(reader, ()))
        forms = [(place, CSV_FORMS[column]) for place, column in enumerate(header) if totals is not None and column in CSV_FORMS]
        missing = [column for column in ("stamp", "meter_id", *MEASURES) if totals is not None and column not in header]
        if missing or not header:
            return header, 0, [f"the header lacks {', '.join(missing) or 'every column'}"]
        number = {column: place for place, column in enumerate(header)}
        for count, row in enumerate(reader, 1):
            if len(row) != len(header):
                wrong.setdefault(f"row {count}: {len(row)} cells under {len(header)} columns", count)
                continue
            for place, form in forms:
                if not form.fullmatch(row[place]):
                    wrong.setdefault(f"row {count}: {header[place]} is written {row[place]!r}", count)
            for place, cell in enumerate(row):
                if cell.startswith(UNSAFE_STARTS) and header[place] not in DECIMALS:
                    wrong.setdefault(f"row {count}: {header[place]} would start a formula", count)
            if totals is not None:
                key = (unguarded(row[number["stamp"]]), unguarded(row[number["meter_id"]]))
                add_total(totals, key, Decimal(row[number["quantity"]]), int(row[number["line_count"]]))
    return header, count, list(wrong)


def unguarded(cell):
    """Takes away the apostrophe that keeps a spreadsheet from running a text cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(UNSAFE_STARTS) else cell


# ── the Parquet profile ──────────────────────────────────────────────────────────────────────────────────────────────

def check_profile(out, tables, checks):
    """One row per promise about files: how they are written, their columns and types, how they are sorted."""
    for promise, check in (("written for old readers", written_for_old_readers), ("columns and types", columns_as_promised),
                           ("sorted by key", sorted_by_key)):
        checks.attempt(f"Parquet: {promise}", over_files, out, tables, check)


def over_files(out, tables, check):
    """Runs a check of one file over every file of every table."""
    problems, files = [], 0
    for name, path in ((name, path) for name, paths in tables.items() for path in paths):
        place = path.relative_to(out).as_posix()
        files += 1
        try:
            problems += [f"{place}: {problem}" for problem in check(path, name)]
        except Exception as error:  # a file that a reader cannot take is a finding about that file
            problems.append(f"{place}: {type(error).__name__}: {error}")
    return f"{files} files", problems


def key_columns(name, schema):
    """Returns a table's key columns in their order; where the contract names them in words only, they are found by place."""
    if name in KEYS:
        return KEYS[name]
    if name == "rejects":
        return [column for column in schema.names if column in ("stamp", "file", "row")]
    return schema.names[:2] if name.startswith("coverage") else schema.names[:1]


def written_for_old_readers(path, name):
    """Yields what in a file's bytes departs from the profile that old readers are known to open."""
    file = pq.ParquetFile(str(path))
    meta = file.metadata
    keys = key_columns(name, file.schema_arrow)
    codec = "ZSTD" if name == "lines" else "SNAPPY"
    if meta.format_version != "1.0":
        yield f"format version {meta.format_version}"
    if not (meta.created_by or "").startswith("stacktally"):
        yield f"created by {meta.created_by!r}"
    if b"ARROW:schema" in (meta.metadata or {}):
        yield "carries an Arrow schema, through which writer types leak"
    for group in range(meta.num_row_groups):
        for place in range(meta.num_columns):
            chunk = meta.row_group(group).column(place)
            column = f"row group {group}, {chunk.path_in_schema}"
            if chunk.compression != codec:
                yield f"{column}: {chunk.compression}, not {codec}"
            if any(encoding.startswith("DELTA") for encoding in chunk.encodings):
                yield f"{column}: encodings {', '.join(chunk.encodings)}"
            if chunk.path_in_schema in PLAIN_COLUMNS and chunk.has_dictionary_page:
                yield f"{column}: has a dictionary"
            if chunk.path_in_schema in keys and not bounded(chunk):
                yield f"{column}: no statistics"
    yield from wrong_pages(path)


def bounded(chunk):
    """Tells whether a chunk has its minimum and maximum; one of nulls only, or of nothing, has none to have."""
    return chunk.num_values == 0 or chunk.is_stats_set and (chunk.statistics.has_min_max or chunk.statistics.null_count == chunk.num_values)


def wrong_pages(path):
    """Yields pages of a version or an encoding of values that an old reader may not know, and chunks without encoding statistics."""
    for chunk in column_chunks(path):
        column = f"row group {chunk.row_group}, {chunk.column}"
        allowed = {"PLAIN"} if chunk.column in PLAIN_COLUMNS else {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
        for page in sorted(set(chunk.pages)):
            if page.kind not in ("data page v1", "dictionary page"):
                yield f"{column}: {page.kind}"
            if page.encoding not in allowed:
                yield f"{column}: values encoded as {page.encoding}"
        if not chunk.has_encoding_stats:
            yield f"{column}: no encoding_stats"


def columns_as_promised(path, name):
    """Yields columns that are missing, out of order, or of a type that the contract does not know."""
    file = pq.ParquetFile(str(path))
    schema = file.schema_arrow
    promised = COLUMNS.get(name)
    if promised and schema.names not in (promised, [column for column in promised if column not in PERSONAL],
                                         [column for column in promised if column != "owner"]):
        yield f"columns are {', '.join(schema.names)}"
    for place, field in enumerate(schema):
        if file.schema.column(place).max_repetition_level or "." in file.schema.column(place).path:
            yield f"{field.name}: nested"
        wanted = type_of(field.name)
        if wanted is not None and field.type != wanted:
            yield f"{field.name}: {field.type}, not {wanted}"
        if wanted is None and not known_type(field.type):
            yield f"{field.name}: {field.type}"


def type_of(column):
    """Returns the one type a column may have, or None where several serve."""
    if column in DECIMALS:
        return pa.decimal128(*DECIMALS[column])
    if column in ("resource_key", "line_count", "price_key", "price_row"):
        return pa.int64()
    return {"timestamp": pa.timestamp("us", tz="UTC"), "date": pa.date32()}.get(CALENDAR_TYPES.get(column))


def known_type(kind):
    """Text, signed whole numbers, truth, dates, microseconds in UTC: nothing else is published beside quantities and money."""
    return (kind in (pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us", tz="UTC"))
            or pa.types.is_signed_integer(kind))


def sorted_by_key(path, name):
    """Yields the first place where a file is not in the order of its key: nulls first, text by bytes."""
    file = pq.ParquetFile(str(path))
    table = read_whole(path, key_columns(name, file.schema_arrow)).combine_chunks()
    missing = [column for column in key_columns(name, file.schema_arrow) if column not in table.column_names]
    if missing:
        yield f"no column {', '.join(missing)} to sort by"
    if table.num_rows < 2 or missing:
        return
    tied = pa.scalar(True)
    for column in key_columns(name, file.schema_arrow):
        before, after = table[column].slice(0, table.num_rows - 1), table[column].slice(1)
        descends = pc.or_(pc.and_(pc.is_valid(before), pc.is_null(after)), pc.fill_null(pc.greater(before, after), False))
        same = pc.or_(pc.and_(pc.is_null(before), pc.is_null(after)), pc.fill_null(pc.equal(before, after), False))
        row = pc.index(pc.and_(tied, descends), True).as_py()
        if row >= 0:
            yield f"row {row + 1} comes before row {row} by {column}"
            return
        tied = pc.and_(tied, same)


# ── the receipt ──────────────────────────────────────────────────────────────────────────────────────────────────────

def receipt_covers_folder(out, receipt):
    """Every published file is there with its size, rows and fingerprint, and no other file is."""
    problems, entries = [], receipt["published"]
    fingerprint = fingerprinter()
    listed = Counter(entry["path"] for entry in entries)
    problems += [f"{path}: listed {times} times" for path, times in listed.items() if times > 1]
    for entry in entries:
        path = out / entry["path"]
        if not path.is_file():
            problems.append(f"{entry['path']}: not there")
            continue
        if path.stat().st_size != entry["bytes"]:
            problems.append(f"{entry['path']}: {path.stat().st_size} bytes, the receipt says {entry['bytes']}")
        if rows_in(path) != entry["rows"]:
            problems.append(f"{entry['path']}: {rows_in(path)} rows, the receipt says {entry['rows']}")
        if fingerprint and fingerprint(path) != entry["blake3"].removeprefix("blake3:"):
            problems.append(f"{entry['path']}: another fingerprint than in the receipt")
    for path in filenames(out):
        name = path.relative_to(out).as_posix()
        if name not in listed and name != "receipt.json" and not name.startswith("receipts/"):
            problems.append(f"{name}: not in the receipt")
    return f"{len(entries)} files{'' if fingerprint else ' (fingerprints not compared: no blake3 module)'}", problems


def rows_in(path):
    """Returns the rows of a published file, a CSV header not counted."""
    if path.suffix == ".parquet":
        return pq.ParquetFile(str(path)).metadata.num_rows
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def fingerprinter():
    """Returns a function from a path to its BLAKE3 in hex, or None: Python has no BLAKE3 of its own."""
    try:
        import blake3
    except ImportError:
        return None
    return lambda path: blake3.blake3(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
