//! What is done at the desk: an action, and what became of it.

use app::{Failure, components::Outcome};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;

/// An action with its outcome.
pub struct Deed<S>
where
    S: ServerFn + 'static,
    S::Output: Send + Sync + 'static,
{
    /// What forms are posted to.
    pub action: ServerAction<S>,
    /// What became of it.
    pub outcome: Outcome<S::Output>,
}

impl<S> Clone for Deed<S>
where
    S: ServerFn + 'static,
    S::Output: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Deed<S>
where
    S: ServerFn + 'static,
    S::Output: Send + Sync + 'static,
{
}

impl<S> Deed<S>
where
    S: ServerFn<Error = Failure> + Clone + Send + Sync + 'static,
    S::Output: Clone + DeserializeOwned + Send + Sync + 'static,
{
    /// A deed whose server function answers as form `form` where there is no JavaScript.
    pub fn new(form: &str) -> Self {
        let action = ServerAction::<S>::new();
        Self { action, outcome: Outcome::of(action, form) }
    }

    /// Whether it was done, which is to be said.
    pub fn said(self) -> Signal<bool> {
        let outcome = self.outcome;
        Signal::derive(move || outcome.done().is_some())
    }

    /// Goes up each time that it succeeded: what a page shows is fetched anew then. After a failure it is not, so that what was typed
    /// stays where it is.
    pub fn times(self) -> Memo<usize> {
        let (version, value) = (self.action.version(), self.action.value());
        Memo::new(move |before: Option<&usize>| {
            let succeeded = value.with(|value| matches!(value, Some(Ok(_))));
            if succeeded { version.get() } else { before.copied().unwrap_or_default() }
        })
    }
}

/// Goes up with any of these.
pub fn any<const N: usize>(times: [Memo<usize>; N]) -> Memo<usize> {
    Memo::new(move |_| times.iter().map(Get::get).sum::<usize>())
}

/// True while any of these is.
pub fn either<const N: usize>(said: [Signal<bool>; N]) -> Signal<bool> {
    Signal::derive(move || said.iter().any(Get::get))
}
