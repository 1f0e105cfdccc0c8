#!/usr/bin/env python3
"""Holds docs/operate/alerts.yml against the metrics of real runs.

    check_alerts.py STACKTALLY [WORK]

For each situation a night job can be in, a root is laid out whose windows end last midnight, the binary runs over it with --metrics, and
`promtool test rules` says which alerts fire on what it wrote: exactly those that should. `promtool check metrics` reads each textfile.
Prometheus' rule tests begin at 1970, so the times in the metrics are moved there: what an alert compares is how long ago something was.
"""
import sys

sys.dont_write_bytecode = True  # a check leaves nothing behind in the checkout

import json
import re
import shutil
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from checklist import Checklist

RULES = Path(__file__).parent.parent / "docs" / "operate" / "alerts.yml"
DAY = 86400
# Where the rule tests put the present: late enough that everything in the metrics lies after 1970.
PRESENT = 30 * DAY
# promtool would have seconds. These are read by people, and never added to seconds; `stacktally_days` counts days of usage.
UNITS_ARE_MEANT = {"stacktally_coverage_lag_hours", "stacktally_missing_hours", "stacktally_days"}

BILLED = "b111ed00-0000-4000-8000-00000000000a"
TENANT = "7e4a4700-0000-4000-8000-00000000000a"
STAMPS = ["north", "south"]
METER = "6dab500f-a4fd-49c4-956d-229bb9c8c793"
OTHER_METER = "9cd92d4c-bafd-4492-b278-bedc2de8232a"
PRICES = "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note\n"


def user(stamp):
    """The one user subscription of a stamp: no two stamps share one, a provider or a default."""
    return f"5ab00000-0000-4000-8000-{STAMPS.index(stamp) + 1:012}"


def provider(stamp):
    return f"0be4a700-0000-4000-8000-{STAMPS.index(stamp) + 1:012}"


def default(stamp):
    return f"b111ed00-0000-4000-8000-{STAMPS.index(stamp) + 1:012}"


MIDNIGHT = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def day(ago):
    """The name of the day so many days ago."""
    return (MIDNIGHT - timedelta(days=ago)).strftime("%Y-%m-%d")


class Night:
    """A root that is complete up to last midnight, and an OUT."""

    def __init__(self, stacktally, folder):
        self.stacktally, self.folder = stacktally, folder
        self.root, self.metrics = folder / "root", folder / "stacktally.prom"
        for stamp in STAMPS:
            self.snapshots(stamp)
            for ago in range(1, 6):
                self.window(stamp, day(ago), [self.line(stamp, day(ago))])

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def snapshots(self, stamp):
        registration = f"/subscriptions/{default(stamp)}/resourceGroups/azurestack/providers/Microsoft.AzureStack/registrations/{stamp}"
        customer = {"id": f"{registration}/customerSubscriptions/{BILLED}", "name": f"{stamp}/{BILLED}",
                    "properties": {"tenantId": TENANT}}
        listed = {"id": f"/subscriptions/{provider(stamp)}/providers/Microsoft.Subscriptions.Admin/subscriptions/{user(stamp)}",
                  "subscriptionId": user(stamp), "displayName": "vms", "owner": "someone@tenant.example", "tenantId": TENANT,
                  "offerId": "/offer", "state": "Enabled"}
        self.write(f"{stamp}/registration/{day(6)}.json",
                   json.dumps({"id": registration, "name": stamp, "properties": {"billingModel": "PayAsYouUse"}}))
        self.write(f"{stamp}/customer-subscriptions/{day(6)}.json", json.dumps({"value": [customer]}))
        self.write(f"{stamp}/user-subscriptions/{day(6)}.json", json.dumps({"value": [listed]}))

    def line(self, stamp, date, quantity=1, meter=METER):
        return {"id": f"/subscriptions/{provider(stamp)}/providers/Microsoft.Commerce/UsageAggregate/{user(stamp)}-{meter}",
                "properties": {"subscriptionId": user(stamp), "usageStartTime": f"{date}T01:00:00+00:00",
                               "usageEndTime": f"{date}T02:00:00+00:00", "instanceData": None, "quantity": quantity,
                               "meterId": meter}}

    def window(self, stamp, name, lines):
        # The page says whose it is: no two stamps or windows have the same bytes.
        self.write(f"{stamp}/usage/{name}/page.json", json.dumps({"page": f"{stamp} {name}", "value": lines}))

    def remove(self, name):
        shutil.rmtree(self.root / name)

    def price(self, meter):
        self.write("prices.csv", PRICES + f"{meter},0.01,1,{UNITS[meter]},USD,,,,all,,,\n")

    def run(self, *flags):
        """Runs over the root as it stands, and returns the exit code."""
        arguments = [self.stacktally, "run", "--root", self.root, "--out", self.folder / "out", "--metrics", self.metrics,
                     *flags]
        return subprocess.run(arguments, capture_output=True, check=False).returncode

    def samples(self):
        """The series of the textfile, its times moved so that now is `PRESENT`."""
        moved = int(time.time()) - PRESENT
        samples = []
        for text in self.metrics.read_text().splitlines():
            if not text.startswith("#"):
                series, value = text.rsplit(" ", 1)
                if series.split("{")[0].endswith("_timestamp_seconds") and float(value) > 0:
                    value = str(float(value) - moved)
                samples.append((series, value))
        return samples


UNITS = {METER: "VM hours", OTHER_METER: "Virtual core hours"}

ALERTS = sorted(set(re.findall(r"alert: (\w+)", RULES.read_text())))


# The situations: what happens to a night, how it ends, which alerts fire, how many hours after the run one looks.
def good(night):
    return night.run(), {}, 0


def good_with_prices(night):
    night.price(METER)
    return night.run(), {}, 0


def no_run(night):
    night.run()
    # Nothing comes any more, so the stamps are overdue as well.
    return None, {"StacktallyNightDidNotCome": 1, "StacktallyStampOverdue": 2}, 48


def never_a_run(night):
    return None, {"StacktallyNightDidNotCome": 1}, 0


def a_failing_run(night):
    night.run()
    night.write(f"north/usage/{day(1)}/page.json", '{"value":[')
    return night.run(), {"StacktallyRunFails": 1}, 0


def failing_runs(night):
    night.run()
    night.write(f"north/usage/{day(1)}/page.json", '{"value":[')
    code = night.run()
    return code, {"StacktallyRunFails": 1, "StacktallyNightDidNotCome": 1, "StacktallyStampOverdue": 2}, 48


def never_a_good_run(night):
    night.write(f"north/usage/{day(1)}/page.json", '{"value":[')
    return night.run(), {"StacktallyRunFails": 1, "StacktallyNightDidNotCome": 1}, 0


def a_gap(night):
    night.remove(f"north/usage/{day(3)}")
    return night.run(), {"StacktallyReportedTimeMissing": 1}, 0


def a_folder_without_files(night):
    (night.root / "north" / "usage" / day(3) / "page.json").unlink()
    return night.run(), {"StacktallyReportedTimeMissing": 1}, 0


def a_gap_that_is_accepted(night):
    night.remove(f"north/usage/{day(3)}")
    return night.run("--accept", "window_missing"), {}, 0


def with_vanished(night, expected):
    """A run over a root from which something vanished; where it is refused, that is an alert of its own."""
    code = night.run()
    return code, {**expected, **({"StacktallyRunFails": 1} if code == 3 else {})}, 0


def a_vanished_stamp(night):
    night.run()
    night.remove("south")
    return with_vanished(night, {"StacktallyExportsVanished": 1})


def a_vanished_export(night):
    night.run()
    night.remove(f"north/usage/{day(5)}")
    return with_vanished(night, {"StacktallyExportsVanished": 1})


def a_kept_export(night):
    night.run()
    night.remove(f"north/usage/{day(5)}")
    return night.run("--keep-missing"), {}, 0


def a_stamp_that_lags(night):
    for ago in [1, 2]:
        night.remove(f"south/usage/{day(ago)}")
    return night.run(), {"StacktallyStampOverdue": 1}, 0


def a_stamp_that_may_lag(night):
    for ago in [1, 2]:
        night.remove(f"south/usage/{day(ago)}")
    return night.run("--overdue-after", "96"), {}, 0


def new_rejects(night):
    night.run()
    night.window("north", day(1), [night.line("north", day(1)), night.line("north", day(1), -1)])
    return night.run(), {"StacktallyNewRejects": 1}, 0


def old_rejects(night):
    night.window("north", day(1), [night.line("north", day(1)), night.line("north", day(1), -1)])
    night.run()
    return night.run(), {}, 0


def many_rejects(night):
    night.window("north", day(1), [night.line("north", day(1), -at - 1) for at in range(10)] + [night.line("north", day(1))])
    night.run()
    return night.run(), {"StacktallyManyRejects": 1}, 0


def unpriced_usage(night):
    night.price(METER)
    night.window("north", day(1), [night.line("north", day(1)), night.line("north", day(1), meter=OTHER_METER)])
    return night.run(), {"StacktallyUsageUnpriced": 1}, 0


# Each with the exit codes that its last run may have.
SITUATIONS = [
    (good, [0]), (good_with_prices, [0]), (no_run, [None]), (never_a_run, [None]), (a_failing_run, [3]), (failing_runs, [3]),
    (never_a_good_run, [3]), (a_gap, [0]), (a_folder_without_files, [0]), (a_gap_that_is_accepted, [0]), (a_vanished_stamp, [0, 3]),
    (a_vanished_export, [0, 3]), (a_kept_export, [0]), (a_stamp_that_lags, [0]), (a_stamp_that_may_lag, [0]), (new_rejects, [4]),
    (old_rejects, [0]), (many_rejects, [0]), (unpriced_usage, [0]),
]


def rule_test(name, samples, expected, hours):
    """A group of promtool's rule tests: these series from the run on, looked at so many hours later."""
    at = PRESENT // 3600 + hours
    return {
        "name": name,
        "interval": "1h",
        "input_series": [{"series": series, "values": f"{value}x{at}"} for series, value in samples],
        "promql_expr_test": [{
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": f"{at}h",
            "exp_samples": [{"labels": f'{{alertname="{own}"}}', "value": count} for own, count in sorted(expected.items())],
        }],
    }


def fires(work, name, samples, expected, hours):
    """Which alerts fire; the test file is JSON, which is YAML as well."""
    path = work / f"{name}.json"
    # Evaluated once an hour: none of the alerts waits (`for`).
    content = {"rule_files": [str(RULES.resolve())], "evaluation_interval": "1h", "tests": [rule_test(name, samples, expected, hours)]}
    path.write_text(json.dumps(content))
    ran = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    problems = [] if ran.returncode == 0 else [" ".join((ran.stdout + ran.stderr).split())]
    return ", ".join(sorted(expected)) or "no alert", problems


def lint(metrics):
    """What promtool has to say of a textfile."""
    ran = subprocess.run(["promtool", "check", "metrics"], stdin=metrics.open(), capture_output=True, text=True, check=False)
    said = [text for text in (ran.stdout + ran.stderr).splitlines() if text.strip()]
    return f"{len(metrics.read_text().splitlines())} lines", [text for text in said if text.split()[0] not in UNITS_ARE_MEANT]


def main():
    stacktally = Path(sys.argv[1]).resolve()
    checks = Checklist()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(sys.argv[2] if len(sys.argv) > 2 else folder)
        ran = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
        checks.expect("the rules", f"{len(ALERTS)} alerts", ran.returncode == 0, ran.stdout + ran.stderr)
        seen = set()
        for situation, codes in SITUATIONS:
            name = situation.__name__.replace("_", " ")
            night = Night(stacktally, work / situation.__name__)
            code, expected, hours = situation(night)
            checks.expect(f"{name}: exit code", code, code in codes, f"{code} instead of {codes}")
            samples = night.samples() if night.metrics.exists() else []
            checks.attempt(f"{name}: alerts", fires, work, situation.__name__, samples, expected, hours)
            if night.metrics.exists():
                checks.attempt(f"{name}: the textfile", lint, night.metrics)
            seen |= set(expected)
        checks.expect("every alert fires somewhere", len(seen), seen == set(ALERTS), f"never: {sorted(set(ALERTS) - seen)}")
        return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
