//! Tells whoever listens that a customer's account changed: a hint to look again, never the news itself,
//! so that a lost one costs nothing but time.

use shared::AccountId;
use tokio::sync::broadcast;

/// Hints of changed accounts.
pub struct Live {
    sender: broadcast::Sender<AccountId>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(1024).0 }
    }
}

impl Live {
    /// Hints from now on, of every account: listeners pick theirs. A lagging listener misses some and may treat that as a hint.
    pub fn subscribe(&self) -> broadcast::Receiver<AccountId> {
        self.sender.subscribe()
    }

    /// Hints that the account changed.
    pub fn changed(&self, account: AccountId) {
        // Nobody listening is no error.
        let _ = self.sender.send(account);
    }
}
