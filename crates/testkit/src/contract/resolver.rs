//! The obligations of [`Resolver`].

use std::net::IpAddr;
use std::sync::Arc;

use onhook_fetch::SrvRecord;
use onhook_fetch::port::{ResolveError, Resolver};

use super::{soon, success};

/// A resolver with names that are known beforehand.
pub trait ResolverFixture {
    /// The resolver under test.
    fn resolver(&self) -> Arc<dyn Resolver>;

    /// A name and its addresses in their order.
    fn known(&self) -> (String, Vec<IpAddr>);

    /// A name that does not exist.
    fn unknown(&self) -> String;

    /// A name and its SRV records; `None` if the resolver knows addresses only.
    fn services(&self) -> Option<(String, Vec<SrvRecord>)>;

    /// From now on the known names exist no more, and the unknown one has this address; whether that can be arranged.
    fn turn(&mut self, address: IpAddr) -> bool;
}

/// Checks a resolver against every obligation of the port.
pub async fn resolver(fixture: &mut dyn ResolverFixture) {
    let resolver = fixture.resolver();
    let (name, addresses) = fixture.known();
    for _ in 0..2 {
        let found = soon("the addresses of a name", resolver.resolve(&name)).await;
        assert_eq!(
            success("a known name", found),
            addresses,
            "each once, in order"
        );
    }
    for literal in ["192.0.2.7", "2001:db8::7"] {
        let found = soon("the address of a literal", resolver.resolve(literal)).await;
        let address = literal.parse::<IpAddr>();
        assert_eq!(
            success("a literal", found),
            [success("an address", address)],
            "a literal is its own address"
        );
    }
    let missing = soon("the end of a lookup", resolver.resolve(&fixture.unknown())).await;
    assert!(
        matches!(missing, Err(ResolveError::NoAddress(_))),
        "a name that does not exist gave {missing:?}"
    );
    let services = fixture.services();
    match &services {
        Some((name, records)) => {
            let found = soon("the records of a name", resolver.services(name)).await;
            let mut found = success("a known service", found);
            // Answers come in any order.
            let key = |r: &SrvRecord| (r.priority, r.weight, r.port, r.target.clone());
            found.sort_by_key(key);
            let mut records = records.clone();
            records.sort_by_key(key);
            assert_eq!(found, records, "as the name server has them");
            let unknown = fixture.unknown();
            let missing = soon("the end of a lookup", resolver.services(&unknown)).await;
            assert!(
                matches!(missing, Err(ResolveError::NoAddress(_))),
                "a service that does not exist gave {missing:?}"
            );
        }
        None => {
            let refused = resolver.services(&name);
            let refused = soon("the end of a lookup", refused).await;
            assert!(
                matches!(refused, Err(ResolveError::NoServices)),
                "a resolver that knows addresses only gave {refused:?}"
            );
        }
    }
    let address = IpAddr::from([192, 0, 2, 77]);
    if fixture.turn(address) {
        let unknown = fixture.unknown();
        let found = soon("the address of a new name", resolver.resolve(&unknown)).await;
        assert_eq!(success("a new name", found), [address]);
        let gone = soon("the end of a lookup", resolver.resolve(&name)).await;
        assert!(
            matches!(gone, Err(ResolveError::NoAddress(_))),
            "a name that is gone gave {gone:?}"
        );
    }
}
