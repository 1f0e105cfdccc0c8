#!/usr/bin/env python3
"""Writes the usage of a root of REST pages as other tools save it.

    shapes.py ROOT OUT concatenated|powershell

concatenated  all pages of a stamp, one after the other, in one file of one window over all of its days
powershell    the rows of each window as ConvertTo-Json of PowerShell 7 writes them: one indented array, PascalCase
"""
import glob, json, os, re, shutil, sys
from datetime import date, timedelta

root, out, shape = sys.argv[1:4]
SNAPSHOTS = ("registration", "customer-subscriptions", "user-subscriptions")
# Quantities stay as they are written.
QUANTITY = re.compile(r'"quantity":([^,"]+),')
WRITTEN = re.compile(r'"@([^@"]+)@"')


def pages_of(window):
    return sorted(glob.glob(f"{window}/*.json"))


def row(element):
    line = element["properties"]
    return {
        "Id": element["id"], "InstanceData": line["instanceData"], "Location": None, "MeterId": line["meterId"],
        "Name": element["name"], "Quantity": line["quantity"], "SubscriptionId": line["subscriptionId"], "Tags": None,
        "Type": element["type"], "UsageEndTime": line["usageEndTime"], "UsageStartTime": line["usageStartTime"],
    }


def concatenated(windows, usage):
    first, last = (date.fromisoformat(os.path.basename(windows[at])) for at in (0, -1))
    folder = f"{usage}/{first}--{last + timedelta(days=1)}"
    os.makedirs(folder)
    with open(f"{folder}/usage.json", "w") as file:
        for page in (page for window in windows for page in pages_of(window)):
            # A link asks for a window of its own day, and this file has another one.
            file.write(re.sub(r',"nextLink":"[^"]*"', "", open(page).read()) + "\n")


def powershell(windows, usage):
    for window in windows:
        folder = f"{usage}/{os.path.basename(window)}"
        os.makedirs(folder)
        with open(f"{folder}/usage.json", "w") as file:
            before = "[\n"
            for page in pages_of(window):
                for element in json.loads(QUANTITY.sub(r'"quantity":"@\1@",', open(page).read()))["value"]:
                    text = json.dumps(row(element), indent=2, ensure_ascii=False)
                    file.write(before + WRITTEN.sub(r"\1", "\n".join("  " + line for line in text.split("\n"))))
                    before = ",\n"
            file.write("\n]\n")


for stamp in sorted(os.listdir(root)):
    for folder in SNAPSHOTS:
        shutil.copytree(f"{root}/{stamp}/{folder}", f"{out}/{stamp}/{folder}")
    windows = sorted(glob.glob(f"{root}/{stamp}/usage/*"))
    {"concatenated": concatenated, "powershell": powershell}[shape](windows, f"{out}/{stamp}/usage")
