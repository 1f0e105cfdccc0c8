-- Views over the Parquet of a publication, for DuckDB. They read the files each time, so they show the last run.
--
--     duckdb -cmd "SET VARIABLE out = '/srv/chargeback'" -cmd ".read docs/analyse/views.sql"
--
-- The variable `out` names the folder that `stacktally run` published to. A view reads it when it is used, so a database file that
-- keeps the views needs the variable set again in each session. Every sum stays a DECIMAL: nothing is rounded here.
-- Never sum quantities over meters: their units differ, and VM hours describe the same hours as core hours.

SET VARIABLE out = coalesce(getvariable('out'), 'chargeback');

-- Usage by day with the name of everything that an id stands for. One row for each row of `daily`.
CREATE OR REPLACE VIEW daily_named AS
SELECT
    daily.stamp,
    daily.usage_date,
    daily.billed_subscription_id,
    billed.billed_subscription_name,
    daily.attribution,
    daily.tenant_id,
    tenants.tenant_name,
    daily.user_subscription_id,
    users.display_name AS user_subscription_name,
    daily.meter_id,
    meters.meter_name,
    meters.service,
    meters.unit,
    meters.quantity_kind,
    daily.resource_key,
    resources.resource_name,
    resources.resource_group,
    resources.resource_type,
    resources.service_type,
    daily.quantity,
    daily.line_count
FROM read_parquet(getvariable('out') || '/daily/*/*.parquet') AS daily
LEFT JOIN read_parquet(getvariable('out') || '/billed_subscriptions.parquet') AS billed USING (billed_subscription_id)
LEFT JOIN read_parquet(getvariable('out') || '/tenants.parquet') AS tenants ON tenants.tenant_id = daily.tenant_id
-- A user subscription belongs to a stamp.
LEFT JOIN read_parquet(getvariable('out') || '/user_subscriptions.parquet') AS users
    ON users.user_subscription_id = daily.user_subscription_id AND users.stamp = daily.stamp
LEFT JOIN read_parquet(getvariable('out') || '/meters.parquet') AS meters USING (meter_id)
LEFT JOIN read_parquet(getvariable('out') || '/resources.parquet') AS resources USING (resource_key);

-- What fell on the default subscriptions, by stamp, month, reason, tenant and meter. A tenant that is null is not known.
CREATE OR REPLACE VIEW default_by_tenant AS
SELECT
    fallen.stamp,
    CAST(date_trunc('month', fallen.usage_date) AS DATE) AS month,
    fallen.attribution,
    fallen.tenant_id,
    tenants.tenant_name,
    fallen.meter_id,
    meters.meter_name,
    meters.unit,
    sum(fallen.quantity) AS quantity,
    CAST(sum(fallen.line_count) AS BIGINT) AS line_count,
    min(fallen.usage_date) AS first_day,
    max(fallen.usage_date) AS last_day
FROM read_parquet(getvariable('out') || '/default_usage/*.parquet') AS fallen
LEFT JOIN read_parquet(getvariable('out') || '/tenants.parquet') AS tenants ON tenants.tenant_id = fallen.tenant_id
LEFT JOIN read_parquet(getvariable('out') || '/meters.parquet') AS meters USING (meter_id)
GROUP BY ALL;

-- Days whose figures may still change: not settled, and not in a month that is closed on their stamp.
CREATE OR REPLACE VIEW not_final_days AS
SELECT days.stamp, days.usage_date, days.state, days.missing, days.findings, days.line_count
FROM read_parquet(getvariable('out') || '/coverage.parquet') AS days
JOIN read_parquet(getvariable('out') || '/coverage_months.parquet') AS months
    ON months.stamp = days.stamp AND months.month = CAST(date_trunc('month', days.usage_date) AS DATE)
WHERE days.state <> 'settled' AND NOT months.closed;

-- Each month beside the one before it, by stamp, billed subscription and meter. A month without usage of it has no row, so what ended
-- shows no fall; `quantity_before` is null where the month before had none.
CREATE OR REPLACE VIEW trend AS
WITH months AS (
    SELECT stamp, month, billed_subscription_id, meter_id, sum(quantity) AS quantity
    FROM read_parquet(getvariable('out') || '/monthly/*.parquet')
    GROUP BY ALL
)
SELECT
    now.stamp,
    now.month,
    now.billed_subscription_id,
    billed.billed_subscription_name,
    now.meter_id,
    meters.meter_name,
    meters.unit,
    before.quantity AS quantity_before,
    now.quantity,
    now.quantity - before.quantity AS difference
FROM months AS now
LEFT JOIN months AS before
    ON before.stamp = now.stamp
    AND before.billed_subscription_id = now.billed_subscription_id
    AND before.meter_id = now.meter_id
    AND before.month = CAST(now.month - INTERVAL 1 MONTH AS DATE)
LEFT JOIN read_parquet(getvariable('out') || '/billed_subscriptions.parquet') AS billed
    ON billed.billed_subscription_id = now.billed_subscription_id
LEFT JOIN read_parquet(getvariable('out') || '/meters.parquet') AS meters ON meters.meter_id = now.meter_id;

-- What is charged for each tenant, by stamp, month, billed subscription and currency: exact, as `charges` has it, and not rounded as
-- statements are. Where the currency is null there is no amount: `price_status` says whether that is meant.
-- A publication without a price book has no charges: this view cannot be made there, and all above it can.
CREATE OR REPLACE VIEW tenant_month_cost AS
SELECT
    charges.stamp,
    CAST(date_trunc('month', charges.usage_date) AS DATE) AS month,
    charges.tenant_id,
    tenants.tenant_name,
    charges.billed_subscription_id,
    billed.billed_subscription_name,
    charges.price_status,
    charges.currency,
    sum(charges.charge) AS charge,
    count(*) AS cells
FROM read_parquet(getvariable('out') || '/charges/*/*.parquet') AS charges
LEFT JOIN read_parquet(getvariable('out') || '/tenants.parquet') AS tenants ON tenants.tenant_id = charges.tenant_id
LEFT JOIN read_parquet(getvariable('out') || '/billed_subscriptions.parquet') AS billed
    ON billed.billed_subscription_id = charges.billed_subscription_id
GROUP BY ALL;
