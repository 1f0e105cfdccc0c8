//! A seeded generator of a root in the real shape: pages of 1,000 lines, one window a day, the same resources every
//! hour. Every quantity is a whole number of thousandths, so that the benches know their answers.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, Utc};
use stacktally::attribute::Tolerance;
use stacktally::control::Control;
use stacktally::pipeline::{DecidingSettings, Outcome, Plan, Reuse, run};
use stacktally::publication::Patience;
use tempfile::TempDir;

const DEFAULT: &str = "b111ed00-0000-4000-8000-000000000000";
const PROVIDER: &str = "0be4a700-0000-4000-8000-000000000001";
pub const METERS: [&str; 4] = [
    "6dab500f-a4fd-49c4-956d-229bb9c8c793",
    "9cd92d4c-bafd-4492-b278-bedc2de8232a",
    "B5C15376-6C94-4FDD-B655-1A69D138ACA3",
    "F271A8A388C44D93956A063E1D2FA80B",
];
/// Every third tenant is not registered.
const REGISTERED_OF_3: u64 = 2;
const PAGE_LINES: usize = 1000;

/// How large a root is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Windows of a day, the last of which ends at the end of 2026.
    pub days: u64,
    /// Resources that report each hour.
    pub resources: u64,
    /// They report each day instead.
    pub daily: bool,
    pub tenants: u64,
    pub user_subscriptions: u64,
    /// Listings and customer lists, one a night, the last as of the end of 2026.
    pub nights: u64,
}

/// A generated root and what it holds.
pub struct Generated {
    pub folder: TempDir,
    pub lines: i64,
    /// The sum of all quantities, in thousandths.
    pub thousandths: i128,
    /// Lines of registered tenants.
    pub registered: u64,
    pub used: Vec<Used>,
}

/// A line that was generated.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "each bench uses what it needs")]
pub struct Used {
    /// From the first day on.
    pub day: u32,
    pub subscription: u32,
    /// Its place in [`METERS`].
    pub meter: u32,
    pub thousandths: u32,
}

impl Generated {
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

#[allow(dead_code, reason = "each bench uses what it needs")]
impl Generated {
    /// Publishes it from nothing, and holds the outcome against what was generated.
    pub fn run_whole(&self) {
        let out = self.out();
        if out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
        let outcome = self.run(out, Reuse { full: true, ..Reuse::default() });
        assert_eq!(outcome.receipt.lines.used, self.lines);
        assert_eq!(outcome.receipt.attributions[0].count, self.registered);
    }

    /// Publishes what lies in the root now.
    pub fn run(&self, out: PathBuf, reuse: Reuse) -> Outcome {
        self.run_watched(out, reuse, &Control::silent())
    }

    /// The same, watched.
    pub fn run_watched(&self, out: PathBuf, reuse: Reuse, control: &Control) -> Outcome {
        let plan = Plan {
            rehearse: false,
            overdue_after: None,
            forget: Vec::new(),
            reuse,
            root: self.root(),
            out: Some(out),
            patience: Patience::Leave,
            stamps: Vec::new(),
            deciding: DecidingSettings::default(),
            tolerance: Tolerance::default(),
            settling_days: 2,
            tiering: Default::default(),
            rounding: Default::default(),
            billing_currency: None,
            strict: None,
            accept: Vec::new(),
            rejects_max: None,
            overrides: Vec::new(),
            settings: serde_json::Value::Null,
            now: Utc::now,
        };
        run(&plan, control).unwrap()
    }
}

/// Writes a root of one stamp.
pub fn generate(size: Size) -> Generated {
    let Size { days, resources, daily, tenants, user_subscriptions, nights: _ } = size;
    let folder = tempfile::tempdir().unwrap();
    let stamp = folder.path().join("root/north");
    snapshots(&stamp, size);
    let mut random = Random(1);
    let mut generated = Generated { folder, lines: 0, thousandths: 0, registered: 0, used: Vec::new() };
    let first = YEAR - days;
    for day in 0..days {
        let mut lines = Vec::new();
        for hour in 0..if daily { 1 } else { 24 } {
            for resource in 0..resources {
                // Where there are more of them than resources, each day has others.
                let day_of = if user_subscriptions > resources { day } else { 0 };
                let subscription = (day_of * resources + resource) % user_subscriptions;
                let thousandths = random.next() % 100_000;
                let end = if daily { time(first + day + 1, 0) } else { time_after(first + day, hour) };
                lines.push(line((time(first + day, hour), end), subscription, resource, thousandths));
                let meter = (resource % METERS.len() as u64) as u32;
                let (day, subscription) = (day as u32, subscription as u32);
                generated.used.push(Used { day, subscription, meter, thousandths: thousandths as u32 });
                let subscription = u64::from(subscription);
                generated.lines += 1;
                generated.thousandths += i128::from(thousandths);
                generated.registered += u64::from(subscription % tenants % 3 < REGISTERED_OF_3);
            }
        }
        let window = stamp.join(format!("usage/{}", date(first + day)));
        fs::create_dir_all(&window).unwrap();
        let pages = lines.chunks(PAGE_LINES);
        let last = pages.len() - 1;
        for (at, page) in pages.enumerate() {
            let link = if at == last { "" } else { ",\"nextLink\":\"https://next\"" };
            fs::write(window.join(format!("page-{at:04}.json")), format!("{{\"value\":[{}]{link}}}", page.join(",")))
                .unwrap();
        }
    }
    generated
}

pub fn subscription_id(number: u64) -> String {
    format!("5ab00000-0000-4000-8000-{number:012}")
}

fn tenant_id(number: u64) -> String {
    format!("7e4a4700-0000-4000-8000-{number:012}")
}

fn line((start, end): (String, String), subscription: u64, resource: u64, thousandths: u64) -> String {
    let id = subscription_id(subscription);
    let meter = METERS[(resource % METERS.len() as u64) as usize];
    format!(
        r#"{{"id":"/subscriptions/{PROVIDER}/providers/Microsoft.Commerce/UsageAggregate/{id}-{meter}","name":"{id}-{meter}","type":"Microsoft.Commerce/UsageAggregate","properties":{{"subscriptionId":"{id}","usageStartTime":"{start}","usageEndTime":"{end}","instanceData":"{{\"Microsoft.Resources\":{{\"resourceUri\":\"/subscriptions/{id}/resourceGroups/rg-{}/providers/Microsoft.Compute/virtualMachines/vm-{resource}\",\"location\":\"north\",\"tags\":\"null\",\"additionalInfo\":\"{{\\\"ServiceType\\\":\\\"Standard_F2s\\\",\\\"ImageType\\\":null}}\"}}}}","quantity":{}.{:03},"meterId":"{meter}","name":"{id}-{meter}"}}}}"#,
        resource % 7,
        thousandths / 1000,
        thousandths % 1000,
    )
}

pub const YEAR: u64 = 365;

/// The date of a day of 2026, from 0.
pub fn date(day: u64) -> String {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    (first + Days::new(day)).to_string()
}

/// The end of an hour.
fn time_after(day: u64, hour: u64) -> String {
    if hour == 23 { time(day + 1, 0) } else { time(day, hour + 1) }
}

fn time(day: u64, hour: u64) -> String {
    format!("{}T{hour:02}:00:00+00:00", date(day))
}

fn snapshots(stamp: &Path, size: Size) {
    let registration = format!(
        "/subscriptions/{DEFAULT}/resourceGroups/azurestack/providers/Microsoft.AzureStack/registrations/north"
    );
    for kind in ["registration", "customer-subscriptions", "user-subscriptions"] {
        fs::create_dir_all(stamp.join(kind)).unwrap();
    }
    // Until the end of the last window, and no earlier than a week before the first usage needs it.
    let first = YEAR + 1 - size.nights.max(size.days.min(YEAR));
    fs::write(stamp.join(format!("registration/{}.json", date(first))), format!(r#"{{"id":"{registration}"}}"#))
        .unwrap();
    for night in 0..size.nights {
        let date = date(first + night);
        let customers: Vec<String> = (0..size.tenants)
            .filter(|tenant| tenant % 3 < REGISTERED_OF_3)
            .map(|tenant| {
                let (number, tenant) = (tenant + 1, tenant_id(tenant));
                format!(r#"{{"id":"{registration}/customerSubscriptions/b111ed00-0000-4000-8000-{number:012}","properties":{{"tenantId":"{tenant}"}}}}"#)
            })
            .collect();
        let listing: Vec<String> = (0..size.user_subscriptions)
            .map(|subscription| {
                let (id, tenant) = (subscription_id(subscription), tenant_id(subscription % size.tenants));
                // Every night some rows change.
                let state = if subscription % 2000 == night { "Disabled" } else { "Enabled" };
                format!(r#"{{"id":"/subscriptions/{PROVIDER}/providers/Microsoft.Subscriptions.Admin/subscriptions/{id}","subscriptionId":"{id}","displayName":"subscription {subscription}","owner":"owner{subscription}@tenant.example","tenantId":"{tenant}","offerId":"/offer","state":"{state}"}}"#)
            })
            .collect();
        for (kind, rows) in [("customer-subscriptions", customers), ("user-subscriptions", listing)] {
            fs::write(stamp.join(format!("{kind}/{date}.json")), format!(r#"{{"value":[{}]}}"#, rows.join(",")))
                .unwrap();
        }
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
