//! The one throttle of all secrets (design, section 3): counters in the database for what is tried (an account by its
//! serial as typed, a phone, a member's user name, a code's customer, an activation's account) and for the address it is tried from. 5 failures are free, of an
//! address 50, then waits double from 30 seconds to 24 hours. A lock is answered by [`shared::Code::TooManyAttempts`] with the wait, so
//! that people know when to come back; unknown and known subjects count alike, so that it tells nothing of who exists.

use std::net::IpAddr;

use shared::{AccountId, Instant, Problem, StaffId, ms};
use sqlx::Row;

use crate::{
    Origin, Result, Store, counted_as,
    db::{Connection, transaction},
    error::too_many_attempts,
};

/// Failures of one subject after which the next one waits (design, section 3).
const FREE_FAILURES: i64 = 5;
/// The same of an address, which may be a whole town's behind one mobile gateway: an account's own counter stays the lock.
const FREE_FAILURES_OF_AN_ADDRESS: i64 = 50;
const FIRST_WAIT: i64 = 30 * ms::SECOND;
const LONGEST_WAIT: i64 = 24 * ms::HOUR;
/// Failures older than this are forgotten.
pub(crate) const MEMORY: i64 = 2 * LONGEST_WAIT;

fn wait(failures: i64, free: i64) -> i64 {
    match failures - free {
        ..0 => 0,
        over => FIRST_WAIT.saturating_mul(1 << over.min(20)).min(LONGEST_WAIT),
    }
}

/// What is tried, and from where.
pub(crate) struct Try {
    subject: String,
    address: String,
}

impl Try {
    pub(crate) fn new(subject: String, origin: &Origin) -> Self {
        let address = origin.ip.parse::<IpAddr>().map_or_else(|_| origin.ip.clone(), |ip| counted_as(ip).to_string());
        Self { subject, address: format!("ip:{address}") }
    }

    fn counters(&self) -> [(&str, i64); 2] {
        // In this order everywhere, so that two transactions never wait for one another.
        [(&self.address, FREE_FAILURES_OF_AN_ADDRESS), (&self.subject, FREE_FAILURES)]
    }

    /// Counts the try as a failure before the secret is looked at, so that a thousand tries at once are a thousand failures;
    /// [`Try::succeeded`] and [`Try::forgiven`] take it back. `Err` when the subject or the address has to wait, right secret or not.
    /// Returns whether a failure would lock the subject, and until when.
    pub(crate) async fn begin(&self, store: &Store) -> Result<Option<Instant>> {
        let lock: std::result::Result<Option<Instant>, Problem> =
            transaction!(store, |connection| { self.begin_in(store, &mut *connection).await })?;
        Ok(lock?)
    }

    /// The same in the transaction that looks at the secret: a thousand tries at once wait for one another, until what was counted of each
    /// is settled. Whoever has to wait is told by a value: what was counted against the address is to stay, so that the caller commits.
    pub(crate) async fn begin_in(
        &self,
        store: &Store,
        connection: &mut Connection,
    ) -> Result<std::result::Result<Option<Instant>, Problem>> {
        let now = store.now();
        let mut lock = None;
        for (subject, free) in self.counters() {
            // The row is made or locked by one statement, and read as it then is.
            let row = sqlx::query(
                "INSERT INTO throttles (subject, failures, last_failure_at, locked_until) VALUES ($1, 0, $2, 0)
                 ON CONFLICT (subject) DO UPDATE SET failures = CASE WHEN throttles.last_failure_at < $3 THEN 0 ELSE throttles.failures END
                 RETURNING failures, locked_until",
            )
            .bind(subject.to_owned())
            .bind(now.0)
            .bind(now.plus(-MEMORY).0)
            .fetch_one(&mut *connection)
            .await?;
            let (failures, locked_until): (i64, i64) = (row.try_get("failures")?, row.try_get("locked_until")?);
            if locked_until > now.0 {
                return Ok(Err(too_many_attempts(Instant(locked_until))));
            }
            let wait = wait(failures + 1, free);
            let until = if wait == 0 { 0 } else { now.0 + wait };
            sqlx::query("UPDATE throttles SET failures = failures + 1, last_failure_at = $2, locked_until = $3 WHERE subject = $1")
                .bind(subject.to_owned())
                .bind(now.0)
                .bind(until)
                .execute(&mut *connection)
                .await?;
            if wait > 0 && subject == self.subject {
                lock = Some(Instant(until));
            }
        }
        Ok(Ok(lock))
    }

    /// The secret was right: the subject's failures are forgotten, the address gets this one try back.
    pub(crate) async fn succeeded(&self, store: &Store) -> Result<()> {
        transaction!(store, |connection| { self.succeeded_in(&mut *connection).await })
    }

    /// The same in the transaction of [`Try::begin_in`].
    pub(crate) async fn succeeded_in(&self, connection: &mut Connection) -> Result<()> {
        take_back(&mut *connection, &self.address).await?;
        forget(connection, &self.subject).await
    }

    /// It was no guess, and no proof that the earlier ones were none: only this try is taken back.
    pub(crate) async fn forgiven(&self, store: &Store) -> Result<()> {
        transaction!(store, |connection| { self.forgiven_in(&mut *connection).await })
    }

    /// The same in the transaction of [`Try::begin_in`].
    pub(crate) async fn forgiven_in(&self, connection: &mut Connection) -> Result<()> {
        for (subject, _) in self.counters() {
            take_back(&mut *connection, subject).await?;
        }
        Ok(())
    }
}

async fn take_back(connection: &mut Connection, subject: &str) -> Result<()> {
    sqlx::query("UPDATE throttles SET failures = failures - 1, locked_until = 0 WHERE subject = $1 AND failures > 0")
        .bind(subject.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes every lock from a subject, in the transaction of what it belongs to.
pub(crate) async fn forget(connection: &mut Connection, subject: &str) -> Result<()> {
    sqlx::query("DELETE FROM throttles WHERE subject = $1").bind(subject.to_owned()).execute(connection).await?;
    Ok(())
}

/// The subject of the PIN given with a phone number, whether it is a customer's or not.
pub(crate) fn of_phone(phone: &str) -> String {
    format!("phone:{phone}")
}

/// The subject of the phone numbers that an account is activated with: each answer tells whether a number has an account.
pub(crate) fn of_activation(customer: AccountId) -> String {
    format!("activation:{customer}")
}

/// The subject of the recharge codes that a customer tries.
pub(crate) fn of_codes(customer: AccountId) -> String {
    format!("codes:{customer}")
}

/// The subject of the recharge codes that a member of the staff looks up.
pub(crate) fn of_lookups(staff: StaffId) -> String {
    format!("codes:staff:{staff}")
}

/// The subject of a customer's PIN, whether there is such a customer or not.
pub(crate) fn of_serial(serial: &str) -> String {
    format!("account:{serial}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_day() {
        assert_eq!(wait(4, FREE_FAILURES), 0);
        assert_eq!(wait(5, FREE_FAILURES), 30 * ms::SECOND);
        assert_eq!(wait(6, FREE_FAILURES), ms::MINUTE);
        assert_eq!(wait(9, FREE_FAILURES), 8 * ms::MINUTE);
        assert_eq!(wait(500, FREE_FAILURES), ms::DAY);
    }
}
