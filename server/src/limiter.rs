//! How many requests an address may make a minute (`RATE_LIMIT_PER_MINUTE`). One server counts in memory; several that
//! have a Redis count there. The throttle of secrets is the store's and has nothing to do with this.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use redis::aio::ConnectionManager;
use store::counted_as;

/// More addresses than this are not remembered at a time: an attacker's many addresses must not fill the memory.
const MAX_ADDRESSES: usize = 100_000;

/// The limit of requests.
pub enum Limiter {
    /// No limit.
    Off,
    /// Counted in this process.
    Local(Local),
    /// Counted in Redis, and in this process when Redis does not answer.
    Shared(Box<Shared>),
}

/// Counts in this process.
pub struct Local {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

/// Counts in Redis.
pub struct Shared {
    redis: ConnectionManager,
    per_minute: u32,
    local: Local,
}

impl Limiter {
    /// A limit of `per_minute` requests; 0 is off.
    pub fn new(per_minute: u32, redis: Option<ConnectionManager>) -> Self {
        let Some(limit) = NonZeroU32::new(per_minute) else { return Self::Off };
        let local = Local { limiter: RateLimiter::keyed(Quota::per_minute(limit)), clock: DefaultClock::default() };
        match redis {
            Some(redis) => Self::Shared(Box::new(Shared { redis, per_minute, local })),
            None => Self::Local(local),
        }
    }

    /// Counts a request; `Err` holds the seconds to wait.
    pub async fn check(&self, address: IpAddr) -> Result<(), i64> {
        let address = counted_as(address);
        match self {
            Self::Off => Ok(()),
            Self::Local(local) => local.check(address),
            Self::Shared(shared) => shared.check(address).await,
        }
    }

    /// Forgets the addresses that have their whole allowance again; to be called now and then.
    pub fn tidy(&self) {
        match self {
            Self::Off => {}
            Self::Local(local) => local.tidy(),
            Self::Shared(shared) => shared.local.tidy(),
        }
    }
}

impl Local {
    fn check(&self, address: IpAddr) -> Result<(), i64> {
        if self.limiter.len() > MAX_ADDRESSES {
            self.tidy();
        }
        // Still too many: those that come now share one allowance.
        let address = if self.limiter.len() > MAX_ADDRESSES { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { address };
        self.limiter.check_key(&address).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            i64::try_from(wait.as_secs()).unwrap_or(i64::MAX - 1) + 1
        })
    }

    fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Counts the request and answers the count and the seconds until its minute is over.
const COUNT: &str =
    "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], 60) end return {n, redis.call('TTL', KEYS[1])}";

impl Shared {
    async fn check(&self, address: IpAddr) -> Result<(), i64> {
        let counted: redis::RedisResult<(i64, i64)> =
            redis::cmd("EVAL").arg(COUNT).arg(1).arg(format!("khazna:requests:{address}")).query_async(&mut self.redis.clone()).await;
        match counted {
            Ok((count, _)) if count <= i64::from(self.per_minute) => Ok(()),
            Ok((_, seconds)) => Err(seconds.max(1)),
            Err(error) => {
                tracing::warn!(%error, "Redis does not answer: requests are counted by this server alone");
                self.local.check(address)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_each_address_and_network_by_itself() {
        let limiter = Limiter::new(2, None);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(limiter.check(address("192.0.2.1")).await.is_ok());
        assert!(limiter.check(address("192.0.2.1")).await.is_ok());
        assert!((1..=60).contains(&limiter.check(address("192.0.2.1")).await.unwrap_err()));
        assert!(limiter.check(address("192.0.2.2")).await.is_ok());
        assert!(limiter.check(address("2001:db8::1")).await.is_ok());
        assert!(limiter.check(address("2001:db8::2")).await.is_ok());
        assert!(limiter.check(address("2001:db8::3")).await.is_err());
        assert!(Limiter::new(0, None).check(address("192.0.2.1")).await.is_ok());
    }
}
