//! What the parameters say of sharing firmware with peers.

use onhook_params::known;

use crate::{Phone, Shared};

impl Phone {
    /// Whether the parameters let the phone share firmware with others at this moment; otherwise nobody may listen for them.
    #[must_use]
    pub fn may_share(&self, shared: &Shared) -> bool {
        //= R-PFS-4
        self.view(shared).is_some_and(|view| {
            [known::UPGRADE_ENABLE, known::PEER_FIRMWARE_SHARING]
                .into_iter()
                .all(|id| self.params.is_yes(id, view))
        })
    }
}
