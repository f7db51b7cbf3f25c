//! What the Worker and the server tell each other of a purchase. Both directions are signed ([`super::webhook`]) and may be
//! repeated: whoever is told twice stores it once.

use serde::{Deserialize, Serialize};

use super::{Gateway, Record, State, Ticket};
use crate::PurchaseId;

/// How many records a [`Dispatch`] has at most; the rest follow once these are acknowledged.
pub const MAX_RECORDS: usize = 200;

/// What the Worker tells the server of one purchase: to `/internal/links/events`, and in answer to a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The purchase.
    pub purchase: PurchaseId,
    /// The links that changed since the last acknowledgement, as they are now.
    pub states: Vec<State>,
    /// The records that are not acknowledged yet, in order, at most [`MAX_RECORDS`].
    pub records: Vec<Record>,
}

/// What the server answers to a [`Dispatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The number of the last record of this purchase from the Worker up to which all are stored.
    pub sequence: i64,
}

/// The server's one call to a purchase's object, to the Worker's `/internal/purchase`; it is answered with a [`Dispatch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The purchase.
    pub purchase: PurchaseId,
    /// As [`Acknowledged::sequence`]: what the object may forget.
    pub acknowledged: i64,
    /// The links to revoke. Whole tickets, since the object may never have seen them: one that nobody claimed could still be.
    pub revoke: Vec<Ticket>,
}

impl Dispatch {
    /// The records that are news to whoever has stored all up to `sequence`: those that follow on it without a gap.
    pub fn after(&self, sequence: i64) -> &[Record] {
        let first = self.records.partition_point(|record| record.sequence <= sequence);
        let news = &self.records[first..];
        let follow = news.iter().zip(sequence + 1..).take_while(|(record, number)| record.sequence == *number).count();
        &news[..follow]
    }

    /// True when everything in it is the Worker's and this purchase's, its records in order.
    pub fn is_sound(&self) -> bool {
        let ours = |gateway, purchase| gateway == Gateway::Worker && purchase == self.purchase;
        self.records.len() <= MAX_RECORDS
            && self.states.iter().all(|state| ours(state.gateway, state.purchase))
            && self.records.iter().all(|record| ours(record.gateway, record.purchase) && record.sequence > 0)
            && self.records.is_sorted_by(|one, next| one.sequence < next.sequence)
    }
}
