#!/usr/bin/env python3
"""Writes a random price book into a root folder, to hold charges against an independent reckoning.

    random_book.py ROOT SEED --meters METERS.csv [--entries N] [--rates CURRENCY]

ROOT/prices.csv is valid and unpleasant: several scopes for one meter, stretches of days with gaps between them, up to four tiers with odd
borders that the usage of days crosses, prices of up to 28 digits, discounts, several currencies, meters that are never charged and meters
without a price. `--rates` also writes ROOT/exchange-rates.csv, which leads every other currency to that one; without it an older one is
taken away. Files are the same for the same root and arguments.
"""
import sys

sys.dont_write_bytecode = True  # a check leaves nothing behind in the checkout

import argparse
import csv
import gzip
import json
import random
import re
from collections import namedtuple
from datetime import date, timedelta
from pathlib import Path

COLUMNS = ["meter_id", "price", "per", "unit", "currency", "effective_from", "effective_to", "tier_from", "scope", "scope_id",
           "discount_percent", "note"]
SCOPES = ["all", "stamp", "billed_subscription", "tenant", "user_subscription"]
SCOPE_WEIGHTS = [4, 3, 4, 4, 5]
CURRENCIES = ["USD", "EUR", "JPY", "KWD"]
PERS = ["1", "720", "730.5", "0.001", "10000", "744", "730.0000000001"]
NOTES = ["", "", "", "list price", 'agreed, see "annex 2"', "Größe 2 – ab Oktober", "ends with a quote\"", "a,b,,c", "two\nlines"]
REASONS = ["included in the base fee", 'not charged, "as agreed"', "double of another meter"]
GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
TIERS_MAX = 4
TRIES_PER_ENTRY = 20  # a small root may not hold as many (meter, scope) pairs as were asked for

Meter = namedtuple("Meter", "id unit")


def main():
    """Parses the arguments and writes the book."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("--meters", type=Path, required=True, help="the meter catalogue: a CSV with meter_id and unit")
    parser.add_argument("--entries", type=int, default=200, help="about how many rows the book has (default: %(default)s)")
    parser.add_argument("--rates", nargs="?", const="EUR", choices=CURRENCIES, help="also exchange rates to this currency")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    days = usage_days(arguments.root)
    rows = book(chance, days, meters_of(arguments.meters, arguments.root), ids_of(arguments.root), arguments.entries)
    write(arguments.root / "prices.csv", shuffled(chance, COLUMNS), rows)
    rates = arguments.root / "exchange-rates.csv"
    if arguments.rates:
        write(rates, ["month", "from", "to", "rate"], exchange_rates(chance, days, arguments.rates))
    else:
        rates.unlink(missing_ok=True)
    print(f"{len(rows)} entries for {len({dashed(row['meter_id']) for row in rows})} meters, {days[0]} to {days[-1]}"
          + (f", rates to {arguments.rates}" if arguments.rates else ""))


# ── what the root holds ──────────────────────────────────────────────────────────────────────────────────────────────

def usage_days(root):
    """Returns the days on which usage may lie: those of the reported windows, and the day before, whose last hour is reported late."""
    starts = sorted(date.fromisoformat(path.name[:10]) for path in root.glob("*/usage/[0-9]*"))
    if not starts:
        sys.exit(f"no usage under {root}")
    first = starts[0] - timedelta(days=1)
    return [first + timedelta(days=place) for place in range((starts[-1] - first).days + 1)]


def meters_of(catalogue, root):
    """Returns the meters of the catalogue that have a unit: first those that the root uses, then the others."""
    with open(catalogue, newline="", encoding="utf-8-sig") as file:
        meters = [Meter(dashed(row["meter_id"]), row["unit"]) for row in csv.DictReader(file) if row["unit"].strip()]
    seen = set()
    for usage in sorted(root.glob("*/usage")):
        sample = min((path for path in usage.rglob("*") if path.is_file()), default=None)
        if sample is not None:
            data = gzip.decompress(sample.read_bytes()) if sample.suffix == ".gz" else sample.read_bytes()
            seen |= {dashed(found) for found in GUID.findall(data.decode("utf-8", "replace"))}
    return [meter for meter in meters if meter.id in seen], [meter for meter in meters if meter.id not in seen]


def dashed(text):
    """Writes a GUID in lower case with dashes."""
    digits = text.strip().lower().replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def ids_of(root):
    """Returns {scope: the ids that the snapshots name}."""
    ids = {scope: set() for scope in SCOPES[1:]}
    for stamp in sorted(path.parent for path in root.glob("*/usage")):
        ids["stamp"].add(stamp.name)
        for path in sorted(stamp.glob("registration/*.json")):
            for entry in entries(path):
                ids["billed_subscription"].add(GUID.search(entry["id"]).group().lower())
        for path in sorted(stamp.glob("customer-subscriptions/*.json")):
            for entry in entries(path):
                ids["billed_subscription"].add(entry["name"].rsplit("/", 1)[-1].lower())
                ids["tenant"].add(entry["properties"]["tenantId"].lower())
        for path in sorted(stamp.glob("user-subscriptions/*.json")):
            for entry in entries(path):
                ids["user_subscription"].add(entry["subscriptionId"].lower())
                ids["tenant"].add(entry["tenantId"].lower())
    return {scope: sorted(found) for scope, found in ids.items()}


def entries(path):
    """Returns the objects of a snapshot: one, a list of them, or a page with them."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if isinstance(content, dict):
        content = content.get("value", [content])
    return content


# ── the book ─────────────────────────────────────────────────────────────────────────────────────────────────────────

def book(chance, days, meters, ids, count):
    """Returns the rows: one (meter, scope) after the other, each with its own stretches of days, so that none overlap."""
    used, others = meters
    # One used meter in six stays without any price, so that some usage is unpriced.
    priced = chance.sample(used, len(used) - len(used) // 6)
    home = {meter.id: chance.choice(CURRENCIES) for meter in used + others}
    rows, taken = [], set()
    for _ in range(count * TRIES_PER_ENTRY):
        if len(rows) >= count:
            break
        meter = chance.choice(priced if priced and (not others or chance.random() < .95) else others)
        scope = chance.choices(SCOPES, SCOPE_WEIGHTS)[0]
        scope_id = chance.choice(ids[scope]) if ids.get(scope) else ""
        if (scope != "all" and not scope_id) or (meter.id, scope, scope_id) in taken:
            continue
        taken.add((meter.id, scope, scope_id))
        for first, last in stretches(chance, days):
            rows += stretch_rows(chance, meter, home[meter.id], scope, scope_id, first, last)
    chance.shuffle(rows)
    return rows


def stretches(chance, days):
    """Returns disjoint half-open stretches, as texts: often all of time, else pieces of the root's days, some with gaps."""
    if chance.random() < .25:
        return [("", "")]
    inner = days[1:]
    cuts = sorted(chance.sample(inner, min(len(inner), chance.randint(1, 4))))
    bounds = ["", *(str(day) for day in cuts), ""]
    pieces = list(zip(bounds, bounds[1:]))
    return [piece for piece in pieces if chance.random() < .8] or [chance.choice(pieces)]


def stretch_rows(chance, meter, home, scope, scope_id, first, last):
    """Returns the rows of one stretch: a reason why it is never charged, or one to four tiers of one currency."""
    common = {"meter_id": spelled(chance, meter.id), "unit": meter.unit, "effective_from": first, "effective_to": last,
              "scope": "" if scope == "all" and chance.random() < .5 else scope,
              "scope_id": scope_id.upper() if scope != "stamp" and chance.random() < .3 else scope_id}
    if chance.random() < .1:
        return [{**common, "note": chance.choice(REASONS)}]
    currency = home if chance.random() < .75 else chance.choice(CURRENCIES)
    per = chance.choice(PERS)
    rows = []
    for border in borders(chance, meter):
        discount = number(chance, chance.randint(0, 2), chance.randint(0, 6)) if chance.random() < .5 else chance.choice(["", "0", "100"])
        own = per if chance.random() < .8 else chance.choice(PERS)
        rows.append({**common, "tier_from": border, "per": own, "currency": currency, "note": chance.choice(NOTES),
                     "price": price(chance, own, scope), "discount_percent": discount})
    return rows


def borders(chance, meter):
    """Returns the borders of tiers, from nothing on. Some are whole days of an hourly count, which cells then meet exactly."""
    tiers = chance.choice([1, 1, 2, 3, TIERS_MAX])
    found = [chance.choice(["", "0", "0.0"])]
    whole = chance.random() < .4
    border = chance.choice([1, 4, 12, 24]) if whole else 10 ** chance.uniform(-2, 0) * (.2 if "month" in meter.unit else 300)
    for _ in range(1, tiers):
        found.append(str(border) if whole else f"{border:.{chance.randint(3, 9)}f}{chance.randrange(1, 10**chance.randint(1, 9))}")
        border = border * chance.choice([2, 3, 4]) if whole else border * chance.uniform(1.5, 6)
    return found


def price(chance, per, scope):
    """Returns a price of 0 to 18 decimals, such that bills stay far below the largest amount that can be published."""
    whole = {"0.001": 1, "1": 2, "10000": 5}.get(per, 4)
    if per == "10000" and scope == "user_subscription":
        whole = 10  # the longest: 28 digits
    return "0" if chance.random() < .03 else number(chance, chance.randint(0, whole), chance.randint(0, 18))


def number(chance, whole, places):
    """Returns a number with up to so many digits before the point and behind it."""
    front = str(chance.randrange(10**whole)) if whole else "0"
    return front + ("." + "".join(chance.choice("0123456789") for _ in range(places)) if places else "")


def spelled(chance, meter):
    """Spells the meter's id as the exports do: with or without dashes, in either case."""
    text = meter.replace("-", "") if chance.random() < .2 else meter
    return text.upper() if chance.random() < .3 else text


def exchange_rates(chance, days, target):
    """Returns a rate to the target for every month and every other currency."""
    months = sorted({f"{day:%Y-%m}" for day in days})
    return [{"month": month, "from": currency, "to": target, "rate": f"{chance.uniform(.001, 200):.{chance.randint(1, 18)}f}"}
            for month in months for currency in CURRENCIES if currency != target]


def shuffled(chance, names):
    """Returns the names in another order: columns are found by their names."""
    return chance.sample(names, len(names))


def write(path, columns, rows):
    """Writes a CSV, quoted where need be."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
