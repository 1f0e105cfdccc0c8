"""Makes the views of docs/analyse/views.sql over published outputs, and compares what they say with the base tables.

    check_views.py VIEWS OUT OUT_OF_TWO_MONTHS

OUT is the publication of samples/prices-and-tiers, whose figures are worked by hand in its README; OUT_OF_TWO_MONTHS one without
prices, of October and November 2026 with the same usage, of which October is closed. The last line is `N passed, N failed`.
"""

import sys
from decimal import Decimal
from pathlib import Path

import duckdb

from checklist import Checklist

VIEWS = ("daily_named", "default_by_tenant", "not_final_days", "trend", "tenant_month_cost")


def main():
    views, out, months = sys.argv[1:]
    checks = Checklist()
    priced = opened(Path(views), out)
    checks.attempt("prices-and-tiers: all views are there", all_there, priced)
    checks.attempt("daily_named has the rows and sums of daily", same, priced, *both("meter_id", "quantity", "daily_named", "daily/*/*"))
    checks.attempt("daily_named has a name for each meter and tenant", named, priced)
    checks.attempt("default_by_tenant has the sums of default_usage", same, priced,
                   *both("stamp, attribution, meter_id", "quantity", "default_by_tenant", "default_usage/*"))
    checks.attempt("tenant_month_cost has the sums of charges", same, priced, *both("stamp, currency", "charge", "tenant_month_cost", "charges/*/*", "where currency is not null"))
    checks.attempt("tenant_month_cost has the charges of statements", same, priced,
                   *both("billed_subscription_id, currency", "charge", "tenant_month_cost", "statements/*", "where currency is not null"))
    checks.attempt("tenant_month_cost: figures worked by hand", by_hand, priced)
    checks.attempt("not_final_days are those of coverage", not_final, priced)
    checks.attempt("sums stay decimals", decimals, priced)
    checks.attempt("the queries of duckdb.md run", examples, priced, Path(views).with_name("duckdb.md"))
    checks.attempt("the query of the README gives what it shows", shown, Path("README.md"), out)
    monthly = opened(Path(views), months)
    checks.attempt("two months: trend has the sums of monthly", same, monthly, *both("month, meter_id", "quantity", "trend", "monthly/*"))
    checks.attempt("two months: each beside the one before", beside, monthly)
    checks.attempt("two months: days of the closed one are final", final, monthly)
    sys.exit(checks.finish())


def opened(views, out):
    """Opens a database with the views; that of money only where there are charges."""
    connection = duckdb.connect()
    connection.execute(f"set variable out = '{out}'")
    text = views.read_text()
    if not any(Path(out).glob("charges/*/*.parquet")):
        text = text[:text.index("CREATE OR REPLACE VIEW tenant_month_cost")]
    connection.execute(text)
    return connection


def all_there(connection):
    """Names the views that are missing."""
    found = {name for name, in connection.execute("select view_name from duckdb_views() where not internal").fetchall()}
    return f"{len(found)} views", [f"{name} is missing" for name in VIEWS if name not in found]


def both(keys, figure, view, table, where=""):
    """Two queries that must say the same: of a view, and of the table below it."""
    ask = f"select {keys}, sum({figure}), count(*) > 0 from {{}} {where} group by all order by all"
    return ask.format(view), ask.format(f"read_parquet(getvariable('out') || '/{table}.parquet')")


def same(connection, view, table):
    """Compares the answers of two queries."""
    found, wanted = (connection.execute(query).fetchall() for query in (view, table))
    problems = [f"the view only: {row}" for row in found if row not in wanted] + [f"the table only: {row}" for row in wanted if row not in found]
    return f"{len(wanted)} sums", problems or ([] if wanted else ["there is nothing to compare"])


def named(connection):
    """Each row of daily has one row, and what has a name in its dimension has it in the view."""
    rows, = connection.execute("select count(*) from daily_named").fetchone()
    wanted, = connection.execute("select count(*) from read_parquet(getvariable('out') || '/daily/*/*.parquet')").fetchone()
    nameless, = connection.execute("select count(*) from daily_named where meter_name is null or resource_key is null").fetchone()
    customers, = connection.execute("select count(distinct billed_subscription_name) from daily_named").fetchone()
    problems = [] if rows == wanted else [f"{rows} rows, and daily has {wanted}"]
    problems += [f"{nameless} rows name no meter"] if nameless else []
    problems += [] if customers else ["nobody who pays has a name"]
    return f"{rows} rows", problems


def by_hand(connection):
    """The exact charges of Contoso's statement, as the sample's README works them."""
    found = dict(connection.execute("select currency, sum(charge) from tenant_month_cost where billed_subscription_name = 'Contoso (CSP)' "
                                    "and month = date '2026-10-01' and currency is not null group by all").fetchall())
    wanted = {"JPY": Decimal("180.5225806452"), "USD": Decimal("20.8089940104")}
    return f"{len(wanted)} currencies", [f"{code}: {found.get(code)} instead of {own}" for code, own in wanted.items() if found.get(code) != own]


def not_final(connection):
    """Of open months, all days that are not settled."""
    found, = connection.execute("select count(*) from not_final_days").fetchone()
    wanted, = connection.execute("select count(*) from read_parquet(getvariable('out') || '/coverage.parquet') where state in ('open', 'partial')").fetchone()
    closed, = connection.execute("select count(*) from read_parquet(getvariable('out') || '/coverage_months.parquet') where closed").fetchone()
    problems = [] if found == wanted and wanted > 0 else [f"{found} days, and coverage has {wanted}"]
    return f"{found} days", problems + ([f"{closed} months are closed, so this compares nothing"] if closed else [])


def decimals(connection):
    """A sum that became a double would lose its last digits."""
    figures = {("daily_named", "quantity"), ("default_by_tenant", "quantity"), ("trend", "quantity"), ("trend", "difference"), ("tenant_month_cost", "charge")}
    kinds = {(view, column): kind for view in VIEWS for column, kind, *_ in connection.execute(f"describe {view}").fetchall()}
    return f"{len(figures)} columns", [f"{view}.{column} is {kinds[view, column]}" for view, column in sorted(figures) if not kinds[view, column].startswith("DECIMAL(38,")]


def examples(connection, page):
    """Runs what the page shows; each is a question that has an answer or none, and no error."""
    blocks = page.read_text().split("```sql\n")[1:]
    rows = [len(connection.execute(block.split("```")[0]).fetchall()) for block in blocks]
    return f"{len(rows)} queries, {sum(rows)} rows", [] if rows and sum(rows) else ["no query has a row"]


def shown(page, out):
    """Runs the query that the page hands to `duckdb -csv -c "…"`, and compares the rows with those below it."""
    command, answer = page.read_text().split('$ duckdb -csv -c "')[1].split('"\n', 1)
    expected = answer.split("\n$ ")[0].splitlines()
    answer = duckdb.connect().execute(command.replace("'out/", f"'{out}/"))
    found = [",".join(column[0] for column in answer.description)]
    found += [",".join(str(cell) for cell in row) for row in answer.fetchall()]
    return f"{len(found)} rows", [f"{one} is not {other}" for one, other in zip(found, expected) if one != other] + (
        [] if len(found) == len(expected) else [f"{len(found)} rows, shown are {len(expected)}"])


def beside(connection):
    """The quantity of the month before is what that month's own row says, and the difference is theirs."""
    rows = connection.execute("select stamp, month, billed_subscription_id, meter_id, quantity_before, quantity, difference from trend").fetchall()
    own = {row[:4]: row[5] for row in rows}
    problems = []
    for stamp, month, billed, meter, before, now, difference in rows:
        last = month.replace(year=month.year - (month.month == 1), month=(month.month - 2) % 12 + 1)
        wanted = own.get((stamp, last, billed, meter))
        if before != wanted or difference != (None if wanted is None else now - wanted):
            problems.append(f"{stamp} {month} {meter}: {before} and {difference}, but the month before had {wanted}")
    followed = sum(1 for row in rows if row[4] is not None)
    return f"{len(rows)} rows, {followed} with a month before", problems or ([] if followed else ["no month follows another"])


def final(connection):
    """A day of a closed month is not listed, whatever its state; one of an open month is."""
    found = [month for month, in connection.execute("select distinct strftime(usage_date, '%Y-%m') from not_final_days order by all").fetchall()]
    return f"days of {', '.join(found)}", [] if found == ["2026-11"] else ["it should be those of 2026-11 alone"]


if __name__ == "__main__":
    main()
