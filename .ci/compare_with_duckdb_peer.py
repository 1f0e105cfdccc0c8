#!/usr/bin/env python3
"""Compares what stacktally published with an analyst's own DuckDB query over the same root, cell by cell.

    compare_with_duckdb_peer.py ROOT OUT PEER_OUT

OUT is what stacktally published for ROOT; PEER_OUT holds the `hourly.parquet` and `daily.parquet` of the DuckDB peer for the same ROOT.
The peer knows no resource keys and writes meters without dashes, so both sides are brought to (stamp, time, billed subscription, attribution,
tenant, user subscription, meter, URI); resources that differ in tags only fold into one cell. The peer rounds the 19th decimal
half up and stacktally half to even, so a cell may differ by one unit of the 18th place per line, and no more.
The peer cuts days in its session's time zone: run it with `TZ=UTC`, which is checked here.
The last line is `N passed, N failed`; the exit code is 1 when something failed.
"""
import sys

sys.dont_write_bytecode = True  # a check leaves nothing behind in the checkout

import argparse
import tempfile
from decimal import Decimal, getcontext
from pathlib import Path

import duckdb

from checklist import Checklist

getcontext().prec = 100
UNIT = Decimal("1e-18")
KEY = "stamp, moment, billed, attribution, tenant, sub, meter, uri"
# Both sides name a time by its microseconds or its UTC day, so that no session's time zone has a say.
OURS = {"hourly": "epoch_us(usage_hour)", "daily": "usage_date"}
PEER = {"hourly": "epoch_us(usage_hour)", "daily": "make_timestamp(epoch_us(usage_date))::date"}


def main():
    """Parses the arguments, compares both tables and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("root", "out", "peer_out"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    checks = Checklist()
    with tempfile.TemporaryDirectory() as spill, duckdb.connect(config={"temp_directory": spill}) as connection:
        stamps = stamps_of_root(arguments.root)
        checks.attempt("daily: the peer's days are UTC days", days_not_utc, connection, arguments.peer_out)
        for table in ("hourly", "daily"):
            try:
                compare(connection, table, arguments, stamps, checks)
            except (duckdb.Error, OSError) as error:
                checks.note(f"{table}: comparable", "could not be read", [str(error)])
    return checks.finish()


def stamps_of_root(root):
    """Returns the stamps of the root that have usage: each must stand on both sides."""
    return {path.parent.name for path in root.glob("*/usage") if path.is_dir() and path.parent.name[0] not in "._"}


def days_not_utc(connection, peer_out):
    """Finds days that begin at another moment than 00:00 UTC: every difference in `daily` would come from that alone."""
    days, astray = connection.execute(f"""
        select count(distinct usage_date), count(distinct usage_date) filter (epoch_us(usage_date) % 86400000000 <> 0)
        from read_parquet({as_list([str(peer_out / 'daily.parquet')])})""").fetchone()
    return f"{days} days", [f"{astray} days do not begin at 00:00 UTC; run the peer with TZ=UTC"] if astray else []


def ours(out, table):
    """Returns the query that brings our table to the peer's columns."""
    files = sorted(str(path) for path in (out / table).rglob("*.parquet"))
    return f"""
        select fact.stamp, {OURS[table]} as moment, billed_subscription_id billed, attribution, tenant_id tenant, user_subscription_id sub,
               replace(meter_id, '-', '') meter, nullif(resource_uri, '') uri, quantity, line_count
        from read_parquet({as_list(files)}, hive_partitioning = false) fact
        left join read_parquet({as_list([str(out / 'resources.parquet')])}) resource
               on resource.resource_key = fact.resource_key and resource.stamp = fact.stamp"""


def peers(peer_out, table):
    """Returns the query over the peer's table, in the same columns; its daily line count is a sum of sums, stored as a double."""
    return f"""
        select stamp, {PEER[table]} as moment, billed, attribution, tenant, sub, meter, nullif(uri, '') uri, quantity, line_count::bigint
        from read_parquet({as_list([str(peer_out / f'{table}.parquet')])})"""


def as_list(paths):
    """Writes paths as a SQL list of literals."""
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def compare(connection, table, arguments, stamps, checks):
    """Compares one table: which cells there are, how many lines each has, how far the quantities lie apart."""
    connection.execute(f"""
        create or replace temp table cell as
        select {KEY}, count(*) filter (side = 'ours') ours, count(*) filter (side = 'peer') peer,
               (sum(line_count) filter (side = 'ours'))::bigint our_lines, (sum(line_count) filter (side = 'peer'))::bigint peer_lines,
               sum(quantity) filter (side = 'ours') our_quantity, sum(quantity) filter (side = 'peer') peer_quantity
        from (select *, 'ours' side from ({ours(arguments.out, table)}) union all select *, 'peer' from ({peers(arguments.peer_out, table)}))
        group by {KEY}""")
    cells, our_rows, peer_rows, lines = connection.execute("select count(*), sum(ours), sum(peer), sum(peer_lines) from cell").fetchone()
    counted = f"{cells} cells (ours {our_rows} rows, peer {peer_rows} rows)"
    found = {name for name, in connection.execute("select distinct stamp from cell").fetchall()}
    checks.note(f"{table}: stamps of the root", f"{len(stamps)} stamps",
                [f"{name} is in the root or in the tables, not in both" for name in sorted(found ^ stamps)])
    checks.note(f"{table}: every cell on both sides", counted, one_sided(connection))
    checks.note(f"{table}: lines of each cell", f"{lines} lines", unlike_lines(connection))
    largest, problems = quantities_apart(connection)
    checks.note(f"{table}: quantity of each cell", f"largest difference {largest:f}", problems)


def one_sided(connection):
    """Lists the cells that one side lacks."""
    rows = connection.execute(f"select if(peer = 0, 'ours', 'peer'), {KEY} from cell where ours = 0 or peer = 0 order by all").fetchall()
    return [f"only {side}: {' '.join(map(str, key))}" for side, *key in rows]


def unlike_lines(connection):
    """Lists the cells whose number of lines differs."""
    rows = connection.execute(f"select our_lines, peer_lines, {KEY} from cell where our_lines <> peer_lines order by all").fetchall()
    return [f"ours {our_lines}, peer {peer_lines}: {' '.join(map(str, key))}" for our_lines, peer_lines, *key in rows]


def quantities_apart(connection):
    """Returns the largest difference, and the cells that lie further apart than rounding each line once explains.

    The bound is taken per number of lines, in Python: a product of decimals in SQL could leave the range.
    """
    rows = connection.execute("""
        select peer_lines, max(abs(our_quantity - peer_quantity)), count(*) from cell where ours > 0 and peer > 0 group by peer_lines""").fetchall()
    problems = [f"cells of {lines} lines: up to {apart:f} apart, {lines * UNIT:f} allowed" for lines, apart, _ in rows if apart > lines * UNIT]
    return max((apart for _, apart, _ in rows), default=Decimal(0)), problems


if __name__ == "__main__":
    sys.exit(main())
