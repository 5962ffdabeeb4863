//! The obligations of [`Resolver`].

use std::net::IpAddr;
use std::sync::Arc;

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
}
