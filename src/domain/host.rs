//! Hosts in addresses.

use std::net::IpAddr;

/// Whether a host, with its port or without, is this machine itself: what is sent there crosses no network.
pub fn is_this_machine(place: &str) -> bool {
    let host = match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if place.matches(':').count() == 1 => place.split(':').next().unwrap_or_default(),
        None => place,
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for here in ["localhost", "LOCALHOST:25", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:5432", "::1"] {
            assert!(is_this_machine(here), "{here}");
        }
        for there in ["", "localhost.example", "127.example:80", "127.0.0.1.example", "10.0.0.1", "[::2]:80", "db", "localhost,db.example"]
        {
            assert!(!is_this_machine(there), "{there}");
        }
    }
}
