//! How many connections one address may have open: an accepted connection comes in, one too many is
//! closed before a byte of it is read. Callers on this machine and trusted proxies are not counted,
//! because anybody may stand behind them.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use rustix::net::{Shutdown, shutdown, sockopt};

use super::address::household;
use crate::config::door::Networks;

/// Open connections by address.
pub(in crate::web) struct Connections {
    most: usize,
    trusted: Networks,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// What is known of a connection as long as it is open.
#[derive(Clone, Copy)]
pub(in crate::web) struct Shown {
    /// Whether the caller showed a certificate of our authorities.
    pub(in crate::web) has_certificate: bool,
}

/// One connection that is counted.
struct Counted {
    of: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    pub(in crate::web) fn new(most: usize, trusted: Networks) -> Arc<Self> {
        Arc::new(Self {
            most,
            trusted,
            open: Mutex::default(),
        })
    }

    /// Looks at a connection that was accepted, and closes it when it is one too many.
    pub(in crate::web) fn greet(self: &Arc<Self>, connection: &dyn Any, known: &mut Extensions) {
        let (stream, has_certificate) = if let Some(stream) = connection.downcast_ref::<TcpStream>()
        {
            (stream, false)
        } else if let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() {
            let (stream, session) = stream.get_ref();
            (stream, session.peer_certificates().is_some())
        } else {
            return;
        };
        known.insert(Shown { has_certificate });
        let Ok(peer) = stream.peer_addr() else {
            return;
        };
        match self.count(peer.ip().to_canonical()) {
            Ok(None) => {}
            Ok(Some(counted)) => {
                known.insert(Arc::new(counted));
            }
            // The dispatcher finds the end of the stream and lets go of it.
            Err(()) => {
                let _ = shutdown(stream, Shutdown::Both);
            }
        }
    }

    fn count(self: &Arc<Self>, address: IpAddr) -> Result<Option<Counted>, ()> {
        if address.is_loopback() || self.trusted.hold(address) {
            return Ok(None);
        }
        let address = household(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return Err(());
        }
        *count += 1;
        Ok(Some(Counted {
            of: Arc::clone(self),
            address,
        }))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Has the system end connections whose other side is gone or takes nothing any more: what is
/// accepted inherits it from the listening socket.
///
/// # Errors
/// When the system refuses.
pub(in crate::web) fn end_dead_ones(
    listener: &TcpListener,
    patience: Duration,
) -> std::io::Result<()> {
    let millis = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
    sockopt::set_socket_keepalive(listener, true)?;
    sockopt::set_tcp_user_timeout(listener, millis)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_connections_and_its_neighbours_have_their_own() {
        let trusted = Networks::parse(&["10.0.0.0/8".to_owned()]).unwrap();
        let connections = Connections::new(2, trusted);
        let count = |address: &str| connections.count(address.parse().unwrap());
        let first = count("203.0.113.1").unwrap().unwrap();
        let second = count("203.0.113.1").unwrap();
        assert!(count("203.0.113.1").is_err());
        assert!(count("203.0.113.2").is_ok());
        drop(first);
        let third = count("203.0.113.1").unwrap();
        assert!(count("203.0.113.1").is_err());
        drop((second, third));
        assert!(connections.open.lock().unwrap().is_empty());
        let many = |address: &str| (0..9).map(|_| count(address).unwrap()).collect::<Vec<_>>();
        assert!(many("127.0.0.1").iter().all(Option::is_none));
        assert!(many("10.1.2.3").iter().all(Option::is_none));
    }
}
