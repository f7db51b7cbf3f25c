//! Hints of changed accounts between several servers, through Redis publish/subscribe (`REDIS_URL`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use redis::{AsyncCommands, Client, RedisResult, aio::ConnectionManager};
use shared::AccountId;
use store::{Rng, Store};
use tokio::sync::broadcast::error::RecvError;

use crate::system;

const CHANNEL: &str = "khazna:changed";
const RECONNECT: Duration = Duration::from_secs(2);

/// Connects; an error means that Redis can't be reached.
pub async fn connect(url: &str) -> RedisResult<(Client, ConnectionManager)> {
    let client = Client::open(url)?;
    let wait = Duration::from_secs(5);
    let manager = tokio::time::timeout(wait, client.get_connection_manager())
        .await
        .map_err(|_| redis::RedisError::from((redis::ErrorKind::Io, "no answer within five seconds")))??;
    Ok((client, manager))
}

/// Hints that came from another server and must not go back: each is heard once more, from our own channel.
#[derive(Clone, Default)]
struct Echoes(Arc<Mutex<HashMap<AccountId, u32>>>);

impl Echoes {
    fn expect(&self, account: AccountId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default() += 1;
    }

    fn take(&self, account: AccountId) -> bool {
        let mut expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = expected.get_mut(&account) else { return false };
        *count -= 1;
        if *count == 0 {
            expected.remove(&account);
        }
        true
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Carries hints both ways until the server ends.
pub fn start(store: &Store, client: Client, manager: ConnectionManager, rng: &dyn Rng) {
    let server = system::hex(&system::random::<8>(rng));
    let echoes = Echoes::default();
    tokio::spawn(publish(store.clone(), manager, server.clone(), echoes.clone()));
    tokio::spawn(listen(store.clone(), client, server, echoes));
}

async fn publish(store: Store, mut manager: ConnectionManager, server: String, echoes: Echoes) {
    let mut changes = store.live().subscribe();
    loop {
        match changes.recv().await {
            Ok(account) if echoes.take(account) => {}
            Ok(account) => {
                let published: RedisResult<i64> = manager.publish(CHANNEL, format!("{server} {account}")).await;
                if let Err(error) = published {
                    tracing::warn!(%error, "a change was not told to the other servers");
                }
            }
            Err(RecvError::Lagged(_)) => echoes.clear(),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn listen(store: Store, client: Client, server: String, echoes: Echoes) {
    loop {
        if let Err(error) = hear(&store, &client, &server, &echoes).await {
            tracing::warn!(%error, "Redis does not answer: changes made on other servers are not heard");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn hear(store: &Store, client: &Client, server: &str, echoes: &Echoes) -> RedisResult<()> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        let changed = text.split_once(' ').filter(|(from, _)| *from != server).and_then(|(_, account)| account.parse().ok());
        if let Some(account) = changed {
            echoes.expect(account);
            store.live().changed(account);
        }
    }
    Ok(())
}
