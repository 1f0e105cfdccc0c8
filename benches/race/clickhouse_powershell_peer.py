"""ClickHouse in process (chdb) over the rows of PowerShell's ConvertTo-Json: ROOT OUT → hourly.parquet, daily.parquet,
daily.csv. Exact (Decimal(38,18)). One stamp only."""
import chdb.session, glob, os, sys, time

root, out = sys.argv[1:3]
os.makedirs(out, exist_ok=True)
started = time.time()
session = chdb.session.Session()
folder = glob.glob(root + "/*")[0]
QUERIES = f"""
set max_threads={os.environ.get('THREADS', os.cpu_count())};
create table hourly engine=Memory as with
 listing as (select lower(JSONExtractString(j,'subscriptionId')) sub, lower(JSONExtractString(j,'tenantId')) tenant
  from (select arrayJoin(JSONExtractArrayRaw(s,'value')) j from file('{folder}/user-subscriptions/*.json',RawBLOB,'s String'))),
 customer as (select lower(JSONExtractString(j,'properties','tenantId')) tenant, lower(splitByChar('/',JSONExtractString(j,'name'))[2]) billed
  from (select arrayJoin(JSONExtractArrayRaw(s,'value')) j from file('{folder}/customer-subscriptions/*.json',RawBLOB,'s String'))),
 (select lower(splitByChar('/',JSONExtractString(s,'id'))[3]) from file('{folder}/registration/*.json',RawBLOB,'s String')) as def
 select usage_hour, if(customer.billed='',def,customer.billed) billed,
  multiIf(customer.billed!='','registered',listing.sub='','default_user_subscription_unknown','default_tenant_not_registered') attribution,
  listing.tenant tenant, p.sub sub, meter, uri, sum(q) quantity, count() line_count from
 (select lower(SubscriptionId) sub, parseDateTime64BestEffort(UsageStartTime) usage_hour, lower(replaceAll(MeterId,'-','')) meter,
   toDecimal128(Quantity,18) q, lower(JSONExtractString(InstanceData,'Microsoft.Resources','resourceUri')) uri
  from file('{folder}/usage/*/*.json*',JSONEachRow,'SubscriptionId String, UsageStartTime String, InstanceData String, Quantity String, MeterId String')) p
 left join listing on listing.sub=p.sub left join customer on customer.tenant=listing.tenant group by all;
select * from hourly order by all into outfile '{out}/hourly.parquet' truncate format Parquet;
create table daily engine=Memory as select toStartOfDay(usage_hour) usage_date, billed, attribution, tenant, sub, meter, uri,
 sum(quantity) quantity, sum(line_count) line_count from hourly group by all;
select * from daily order by all into outfile '{out}/daily.parquet' truncate format Parquet;
select * from daily order by all into outfile '{out}/daily.csv' truncate format CSVWithNames"""
for query in QUERIES.split(";"):
    session.query(query.strip())
total = session.query("select sum(line_count), count(), sum(quantity) from daily")
print("clickhouse", round(time.time() - started, 2), "s", str(total).strip())
