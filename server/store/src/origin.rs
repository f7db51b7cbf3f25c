//! Who asks, and from where.

use std::net::{IpAddr, Ipv6Addr};

use shared::{AccountId, Code, Coins, Instant, SessionId, StaffId, api::Role};

use crate::{Result, audit::legible};

/// What an address counts as where addresses are counted: a household or a phone has a whole IPv6 /64 to itself (RFC 6177).
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Where a request comes from, for sessions, throttle and audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address, without port.
    pub ip: String,
    /// The program, as it names itself; may be empty.
    pub user_agent: String,
}

impl Origin {
    /// The operator at the command line.
    pub fn console() -> Self {
        Self { ip: "console".to_owned(), user_agent: String::new() }
    }

    /// The user agent, short enough to keep.
    pub(crate) fn agent(&self) -> String {
        legible(&self.user_agent, 200)
    }
}

/// A signed-in customer as of this request.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The account.
    pub id: AccountId,
    /// The session that asks.
    pub session: SessionId,
    /// The serial.
    pub serial: String,
    /// The name, once activated.
    pub name: Option<String>,
    /// True once activated.
    pub activated: bool,
    /// Balance in coins.
    pub balance: Coins,
    /// Unread notifications.
    pub unread: i64,
    /// When a temporary account expires.
    pub expires_at: Option<Instant>,
}

impl Customer {
    /// Coins are for activated accounts only (design, section 3).
    pub(crate) fn must_be_activated(&self) -> Result<()> {
        if self.activated { Ok(()) } else { Err(Code::ActivationRequired.into()) }
    }

    pub(crate) fn actor(&self) -> String {
        format!("customer:{}", self.id)
    }
}

/// A signed-in member of the staff.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The member.
    pub id: StaffId,
    /// The session that asks.
    pub session: SessionId,
    /// The user name.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// Where this request comes from.
    pub origin: Origin,
}

impl Staff {
    pub(crate) fn actor(&self) -> String {
        format!("staff:{}", self.id)
    }
}

/// Whoever an access token names.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A customer.
    Customer(Customer),
    /// A member of the staff.
    Staff(Staff),
}
