//! Who is at the other end of a request: the address that throttles, logs and the audit see (design, section 3).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;
use store::Origin;

/// The connection's other end, put into each request by the accept loop.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The client's address: the peer's, or the last hop of `X-Forwarded-For` that is no trusted proxy, when the peer is one.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let values: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    for hop in values.iter().flat_map(|value| value.split(',')).rev() {
        // A hop that can't be read was not written by a trusted proxy: what stands left of it is anybody's word.
        let Some(address) = parse_hop(hop.trim()) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// Some proxies write the port too: `198.51.100.7:4711`, `[2001:db8::7]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
    let address = address.or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

/// The request's origin for sessions, throttle and audit.
pub fn origin(address: IpAddr, headers: &HeaderMap) -> Origin {
    let user_agent = headers.get(http::header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Origin { ip: address.to_string(), user_agent: user_agent.unwrap_or_default().chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn believes_trusted_proxies_only() {
        let ours = ["10.0.0.0/8"];
        assert_eq!(client("203.0.113.9", &["198.51.100.7"], &ours), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.7"], &[]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.7"], &ours), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"], &ours), "198.51.100.7");
        assert_eq!(
            client("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"], &ours),
            "198.51.100.7",
            "the first hops are the client's own claim"
        );
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.7"], &ours), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown"], &ours), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[], &ours), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711"], &ours), "2001:db8::7");
    }
}
