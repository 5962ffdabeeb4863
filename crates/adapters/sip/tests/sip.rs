//! The end that is notified keeps the rules of SIP and of the phone, whatever it is sent.
#![cfg(test)]

#[path = "sip/bounds.rs"]
mod bounds;
#[path = "sip/listener.rs"]
mod listener;
#[path = "sip/login.rs"]
mod login;
#[cfg(feature = "many")]
#[path = "sip/many.rs"]
mod many;
#[path = "sip/messages.rs"]
mod messages;
#[path = "sip/notice.rs"]
mod notice;
#[path = "sip/rules.rs"]
mod rules;
#[path = "sip/scene.rs"]
mod scene;
#[path = "sip/torture.rs"]
mod torture;
