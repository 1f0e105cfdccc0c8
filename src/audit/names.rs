//! Resolves what somebody typed: an id, a name, or the beginning of an id.
//!
//! ```text
//! --tenant Fabrikam        one tenant has that name       its id is used
//! --meter S6               two meters have that name      refused, with both ids
//! --tenant Fabricam        nobody has that name           refused, with the nearest and with what there is
//! ```
//! Case and surrounding blanks do not matter. A whole id wins over names, a whole name over the first words of one, and
//! these over the beginning of an id.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::identity::one_spelling;
use crate::domain::{Month, Stamp};
use crate::error::suggest::nearest;
use crate::error::{Error, Result};
use crate::publication::Publication;
use crate::publication::layout::{MONTHLY_FOLDER, RESOURCES, table_path};
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::columns::{
    BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, DISPLAY_NAME, METER_ID, METER_NAME, RESOURCE_KEY, RESOURCE_NAME,
    RESOURCE_URI, STAMP, TENANT_ID, TENANT_NAME, UNIT, USER_SUBSCRIPTION_ID,
};
use crate::table::reader::{Keep, text};

/// How many characters must be typed at least to find an id by its beginning.
const BEGINNING_MIN: usize = 8;
/// How many candidates a refusal lists.
const LISTED: usize = 20;

/// What can be looked up by its id or its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    BilledSubscription,
    Tenant,
    UserSubscription,
    Meter,
}

impl NameKind {
    /// Its flag, without the dashes.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::BilledSubscription => "billed-subscription",
            Self::Tenant => "tenant",
            Self::UserSubscription => "user-subscription",
            Self::Meter => "meter",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::BilledSubscription => "billed subscription",
            Self::Tenant => "tenant",
            Self::UserSubscription => "user subscription",
            Self::Meter => "meter",
        }
    }

    /// The table that lists all of them.
    const fn table(self) -> &'static str {
        match self {
            Self::BilledSubscription => contract::BILLED_SUBSCRIPTIONS.name,
            Self::Tenant => contract::TENANTS.name,
            Self::UserSubscription => contract::USER_SUBSCRIPTIONS.name,
            Self::Meter => contract::METERS.name,
        }
    }
}

/// An id that can be looked up, and its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownName {
    pub id: String,
    pub name: Option<String>,
    /// What else distinguishes it from others of its name: the unit of a meter, the stamp of a user subscription.
    pub qualifier: Option<String>,
}

impl KnownName {
    /// `7e4a4700-… Fabrikam (north)`.
    fn shown(&self) -> String {
        let name = self.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        let qualifier = self.qualifier.as_ref().map_or_else(String::new, |qualifier| format!(" ({qualifier})"));
        format!("{}{name}{qualifier}", self.id)
    }
}

/// The id that `wanted` stands for.
///
/// # Errors
/// Nothing matches it, or several do: the error names them.
pub fn id_of(subject: NameKind, wanted: &str, entries: &[KnownName]) -> Result<String> {
    let candidates = candidates(wanted, entries);
    let ids: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
    match ids.into_iter().collect::<Vec<_>>()[..] {
        [id] => Ok(id.to_owned()),
        [] => Err(no_match(subject, wanted, entries)),
        _ => Err(ambiguous(subject.flag(), &format!("{}s", subject.noun()), wanted, &candidates)),
    }
}

/// What matches a text: by its whole id, else by its name, else by the first words of its name, else by the beginning
/// of its id.
fn candidates<'k>(wanted: &str, entries: &'k [KnownName]) -> Vec<&'k KnownName> {
    // Commands print long ids as `7e4a4700-c000-…`, or where that is ambiguous as `7e4a4700-…000a`.
    let (head, tail) = wanted.trim().split_once('…').unwrap_or((wanted.trim(), ""));
    let (spelled, tail) = (one_spelling(head), tail.to_lowercase());
    let is_named = |entry: &&KnownName| entry.name.as_deref().is_some_and(|name| is_same(name, wanted));
    let is_called = |entry: &&KnownName| entry.name.as_deref().is_some_and(|name| has_first_words(name, wanted));
    let begins = |entry: &&KnownName| {
        spelled.chars().count() >= BEGINNING_MIN && entry.id.starts_with(&spelled) && entry.id.ends_with(&tail)
    };
    let matching = |matches: &dyn Fn(&&KnownName) -> bool| entries.iter().filter(matches).collect::<Vec<_>>();
    let tries: [&dyn Fn(&&KnownName) -> bool; 4] = [&|entry| entry.id == spelled, &is_named, &is_called, &begins];
    tries.into_iter().map(matching).find(|found| !found.is_empty()).unwrap_or_default()
}

/// Whether a name is the typed one.
pub(super) fn is_same(name: &str, wanted: &str) -> bool {
    name.trim().to_lowercase() == wanted.trim().to_lowercase()
}

/// Whether a name begins with the typed words: `Contoso (CSP)` begins with `contoso`, and `Contosoft` does not.
fn has_first_words(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.trim().to_lowercase(), wanted.trim().to_lowercase());
    let rest = name.strip_prefix(&wanted).filter(|_| !wanted.is_empty());
    rest.is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphanumeric()))
}

pub(super) fn ambiguous(flag: &str, nouns: &str, wanted: &str, candidates: &[&KnownName]) -> Error {
    Error::usage(format!("--{flag} {wanted:?}: several {nouns} match")).hint(format!(
        "name one of them by its id instead: {}",
        listed(candidates, &format!("the table `{}`", nouns.replace(' ', "_")))
    ))
}

fn no_match(subject: NameKind, wanted: &str, entries: &[KnownName]) -> Error {
    let noun = subject.noun();
    let error = Error::usage(format!("--{} {wanted:?}: no {noun} has that id or name", subject.flag()));
    let all: Vec<&KnownName> = entries.iter().collect();
    if all.is_empty() {
        return error.hint(format!("leave the flag out: there is no {noun} at all"));
    }
    error.hint(format!(
        "{}there are {}",
        did_you_mean(wanted, entries),
        listed(&all, &format!("the table `{}`", subject.table()))
    ))
}

/// The nearest match to a mistyped text, as the beginning of a hint.
fn did_you_mean(wanted: &str, entries: &[KnownName]) -> String {
    let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
    for entry in entries {
        spellings.insert(entry.id.clone(), &entry.id);
        spellings.extend(entry.name.iter().map(|name| (name.to_lowercase(), name.as_str())));
    }
    let all: Vec<&str> = spellings.keys().map(String::as_str).collect();
    let suggestion = nearest(&wanted.trim().to_lowercase(), &all).and_then(|spelling| spellings.get(spelling));
    suggestion.map_or_else(String::new, |name| format!("did you mean {name:?}? "))
}

/// Those with names first, since they are easier to recognise; where there are too many, the rest is only counted.
fn listed(all: &[&KnownName], table: &str) -> String {
    let mut all = all.to_vec();
    all.sort_by_key(|entry| (entry.name.is_none(), &entry.name, *entry));
    all.dedup();
    let shown: Vec<String> = all.iter().take(LISTED).map(|entry| entry.shown()).collect();
    let rest = match all.len().saturating_sub(LISTED) {
        0 => String::new(),
        rest => format!("; and {rest} more: see {table}"),
    };
    format!("{}{rest}", shown.join("; "))
}

/// What was typed to narrow figures: ids or names, all when empty.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub billed_subscriptions: Vec<String>,
    pub tenants: Vec<String>,
    pub user_subscriptions: Vec<String>,
    pub meters: Vec<String>,
    pub month: Option<Month>,
}

/// The ids that were meant, all when empty.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub billed_subscriptions: Vec<String>,
    pub tenants: Vec<String>,
    pub user_subscriptions: Vec<String>,
    pub meters: Vec<String>,
    pub month: Option<Month>,
}

impl Wanted {
    /// Looks everything up in some publications, among these stamps (all when empty).
    ///
    /// # Errors
    /// Something is in none of them or is ambiguous, or a table cannot be read.
    pub fn among(&self, publications: &[&Publication], stamps: &[Stamp]) -> Result<Chosen> {
        self.among_including(publications, stamps, &BTreeSet::new())
    }

    /// The same, with ids that the dimensions no longer have: the history still names what is gone.
    ///
    /// # Errors
    /// As [`Wanted::among`].
    pub(super) fn among_including(
        &self,
        publications: &[&Publication],
        stamps: &[Stamp],
        others: &BTreeSet<(NameKind, String)>,
    ) -> Result<Chosen> {
        let ids = |subject: NameKind, wanted: &[String]| -> Result<Vec<String>> {
            if wanted.is_empty() {
                return Ok(Vec::new());
            }
            let mut entries = BTreeSet::new();
            for publication in publications {
                entries.extend(publication.known_names(subject, stamps)?);
            }
            let ids: BTreeSet<String> = entries.iter().map(|entry| entry.id.clone()).collect();
            let gone = others.iter().filter(|(kind, id)| *kind == subject && !ids.contains(id));
            entries.extend(gone.map(|(_, id)| KnownName { id: id.clone(), ..KnownName::default() }));
            let entries: Vec<KnownName> = entries.into_iter().collect();
            let mut ids = BTreeSet::new();
            for wanted in wanted {
                let found = match id_of(subject, wanted, &entries) {
                    // Several meters of the catalogue may share a name, but seldom are all of them used.
                    Err(_) if subject == NameKind::Meter => {
                        let mut used = BTreeSet::new();
                        for publication in publications {
                            used.extend(publication.meters_used()?);
                        }
                        let used: Vec<KnownName> =
                            entries.iter().filter(|entry| used.contains(&entry.id)).cloned().collect();
                        let is_used = !candidates(wanted, &used).is_empty() || candidates(wanted, &entries).is_empty();
                        id_of(subject, wanted, if is_used { &used } else { &entries })
                    }
                    found => found,
                };
                ids.insert(found?);
            }
            Ok(ids.into_iter().collect())
        };
        Ok(Chosen {
            billed_subscriptions: ids(NameKind::BilledSubscription, &self.billed_subscriptions)?,
            tenants: ids(NameKind::Tenant, &self.tenants)?,
            user_subscriptions: ids(NameKind::UserSubscription, &self.user_subscriptions)?,
            meters: ids(NameKind::Meter, &self.meters)?,
            month: self.month,
        })
    }
}

impl Chosen {
    /// Whether an id is wanted.
    pub fn is_wanted(ids: &[String], id: &str) -> bool {
        ids.is_empty() || ids.iter().any(|wanted| wanted == id)
    }

    /// Whether nothing narrows what is shown.
    pub fn is_everything(&self) -> bool {
        let Self { billed_subscriptions, tenants, user_subscriptions, meters, month } = self;
        [billed_subscriptions, tenants, user_subscriptions, meters].iter().all(|ids| ids.is_empty()) && month.is_none()
    }
}

impl Publication {
    /// Everything of a kind that was published, on these stamps (all when empty) where the table has stamps.
    ///
    /// # Errors
    /// A table cannot be read.
    fn known_names(&self, subject: NameKind, stamps: &[Stamp]) -> Result<Vec<KnownName>> {
        let (table, id, name, qualifier) = match subject {
            NameKind::BilledSubscription => {
                (&contract::BILLED_SUBSCRIPTIONS, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, None)
            }
            NameKind::Tenant => (&contract::TENANTS, TENANT_ID, TENANT_NAME, None),
            NameKind::UserSubscription => {
                (&contract::USER_SUBSCRIPTIONS, USER_SUBSCRIPTION_ID, DISPLAY_NAME, Some(STAMP))
            }
            NameKind::Meter => (&contract::METERS, METER_ID, METER_NAME, Some(UNIT)),
        };
        let named: [&dyn AnyColumn; 2] = [&id, &name];
        let columns: Vec<&dyn AnyColumn> =
            named.into_iter().chain(qualifier.iter().map(|column| column as &dyn AnyColumn)).collect();
        let stamp_filter = || Keep::Texts(STAMP, stamps.iter().map(Stamp::to_string).collect());
        let keep: Vec<Keep> = (qualifier.is_some_and(|column| column.name() == STAMP.name()) && !stamps.is_empty())
            .then(stamp_filter)
            .into_iter()
            .collect();
        let mut entries = Vec::new();
        for rows in self.read(&table_path(table), table, &columns, &keep)? {
            let (ids, names) = (rows.texts(id)?, rows.texts(name)?);
            let qualifiers = qualifier.map(|column| rows.texts(column)).transpose()?;
            for row in 0..rows.len() {
                let owned = |value: Option<&str>| value.map(str::to_owned);
                entries.push(KnownName {
                    id: ids.value(row).to_owned(),
                    name: owned(text(names, row)),
                    qualifier: owned(qualifiers.and_then(|texts| text(texts, row))),
                });
            }
        }
        Ok(entries)
    }

    /// The meters that have usage.
    fn meters_used(&self) -> Result<BTreeSet<String>> {
        let mut used = BTreeSet::new();
        for path in self.files_below(MONTHLY_FOLDER) {
            for rows in self.read(path, &contract::MONTHLY, &[&METER_ID], &[])? {
                let ids = rows.texts(METER_ID)?;
                used.extend((0..rows.len()).map(|row| ids.value(row).to_owned()));
            }
        }
        Ok(used)
    }

    /// The keys of the resource that a text stands for, sorted: each distinct instance has one. Where resources share
    /// a name, those of these stamps and user subscriptions count (all when empty).
    ///
    /// # Errors
    /// No resource has that key, URI or name, or several resources have the name.
    pub(super) fn resource_keys(
        &self,
        wanted: &str,
        stamps: &[Stamp],
        user_subscriptions: &[String],
    ) -> Result<Vec<i64>> {
        let key: Option<i64> = wanted.trim().parse().ok();
        let columns: [&dyn AnyColumn; 4] = [&RESOURCE_KEY, &STAMP, &RESOURCE_URI, &RESOURCE_NAME];
        let stamp_filter = || Keep::Texts(STAMP, stamps.iter().map(Stamp::to_string).collect());
        let keep: Vec<Keep> = (!stamps.is_empty()).then(stamp_filter).into_iter().collect();
        // By key or URI, and by name.
        let (mut exact, mut named) = (Vec::new(), BTreeMap::<KnownName, Vec<i64>>::new());
        for rows in self.read(RESOURCES, &contract::RESOURCES, &columns, &keep)? {
            let (keys, stamps) = (rows.integers(RESOURCE_KEY)?, rows.texts(STAMP)?);
            let (uris, names) = (rows.texts(RESOURCE_URI)?, rows.texts(RESOURCE_NAME)?);
            for row in 0..rows.len() {
                let is_wanted = |value: Option<&str>| value.is_some_and(|value| is_same(value, wanted));
                let uri = text(uris, row);
                if Some(keys.value(row)) == key || is_wanted(uri) {
                    exact.push(keys.value(row));
                }
                if is_wanted(text(names, row)) {
                    let id = uri.unwrap_or_default().to_owned();
                    let entry = KnownName { id, name: None, qualifier: Some(stamps.value(row).to_owned()) };
                    named.entry(entry).or_default().push(keys.value(row));
                }
            }
        }
        let is_theirs = |uri: &str| user_subscriptions.iter().any(|id| uri.contains(&format!("/subscriptions/{id}/")));
        if named.keys().any(|resource| is_theirs(&resource.id)) {
            named.retain(|resource, _| is_theirs(&resource.id));
        }
        if exact.is_empty() && named.len() > 1 {
            let candidates: Vec<&KnownName> = named.keys().collect();
            return Err(ambiguous("resource", "resources", wanted, &candidates));
        }
        let mut keys = if exact.is_empty() { named.into_values().flatten().collect() } else { exact };
        keys.sort_unstable();
        if keys.is_empty() {
            return Err(Error::usage(format!("--resource {wanted:?}: no resource has that key, URI or name"))
                .hint("the table `resources` lists them by `resource_key`, `resource_uri` and `resource_name`"));
        }
        Ok(keys)
    }
}
