//! Tells whether the flat files of a month show the same texts as before.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Day, MeterId, Month, Stamp, TenantId, UserSubscriptionId};
use crate::publish::Names;
use crate::state::DayNote;
use crate::store::Fingerprint;

/// Fingerprints of the texts that the flat files of each month show.
pub(super) fn month_texts<'n>(
    names: &Names,
    stamp: &Stamp,
    notes: impl IntoIterator<Item = (&'n Day, &'n DayNote)>,
) -> BTreeMap<Month, Fingerprint> {
    #[derive(Default)]
    struct ShownIn<'n> {
        named: BTreeSet<&'n str>,
        user_subscriptions: BTreeSet<&'n UserSubscriptionId>,
        meters: BTreeSet<&'n MeterId>,
    }
    let mut months: BTreeMap<Month, ShownIn<'_>> = BTreeMap::new();
    for (day, note) in notes {
        let shown = months.entry(day.month()).or_default();
        for owner in &note.owners {
            shown.named.insert(owner.billed_subscription.as_str());
            shown.named.extend(owner.tenant.as_ref().map(TenantId::as_str));
        }
        shown.user_subscriptions.extend(&note.user_subscriptions);
        shown.meters.extend(note.meters.iter().map(|of_day| &of_day.meter));
    }
    let fingerprint =
        |shown: ShownIn<'_>| names.fingerprint(stamp, shown.named, shown.user_subscriptions, shown.meters);
    months.into_iter().map(|(month, shown)| (month, fingerprint(shown))).collect()
}
