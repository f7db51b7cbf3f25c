//! Bodies that flow to the storage instead of being taken in whole: large, slow, cut off in the middle.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Poll, ready},
    time::Duration,
};

use axum::body::Body;
use futures::Stream;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use shared::Code;
use tokio_util::sync::CancellationToken;

use super::limits;
use crate::{problem::Failure, state::AppState};

/// The largest picture that is read, in bytes.
pub const PICTURE: usize = 16 << 20;
/// How long the next byte may take: then the line is taken for broken. Shorter than the store's lease on an upload.
const SILENCE: Duration = Duration::from_secs(30);

/// A body that flows.
pub struct Flow {
    body: Body,
    stopping: CancellationToken,
}

impl Flow {
    /// A request's body.
    pub fn new(state: &AppState, body: Body) -> Self {
        Self { body, stopping: state.context.stopping.clone() }
    }

    /// Its bytes as they come. They end with an error when the line breaks or is silent, and when the server stops.
    pub fn bytes(&mut self) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
        futures::stream::unfold(Some(self), |flow| async {
            let flow = flow?;
            let next = flow.next().await?;
            let more = next.is_ok().then_some(flow);
            Some((next, more))
        })
    }

    async fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        loop {
            let frame = within(&self.stopping, self.body.frame()).await;
            match frame {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return Some(Err(io::Error::other(error))),
                // Trailers say nothing here.
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data.to_vec()));
                    }
                }
            }
        }
    }

    /// The whole body, of so many bytes at most.
    pub async fn whole(mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await {
            whole.extend(chunk.map_err(store::Error::Upload)?);
            if whole.len() > most {
                self.drain().await;
                return Err(Code::PayloadTooLarge.into());
            }
        }
        Ok(whole)
    }

    /// Reads on and throws away, so that the client gets to read its answer.
    pub async fn drain(self) {
        if !self.stopping.is_cancelled() {
            limits::drain_in_time(self.body).await;
        }
    }
}

/// A form's body, of which no more is read than its ration: whoever reads a form keeps a part's head in memory until it ends, and passes
/// over as many parts as there are.
#[derive(Clone)]
pub struct Ration {
    body: Arc<Mutex<Body>>,
    most: Arc<AtomicU64>,
    stopping: CancellationToken,
}

impl Ration {
    /// So many bytes of a request's body, and what was begun of the next chunk.
    pub fn new(stopping: &CancellationToken, body: Body, most: u64) -> Self {
        Self { body: Arc::new(Mutex::new(body)), most: Arc::new(AtomicU64::new(most)), stopping: stopping.clone() }
    }

    /// From now on so many bytes in all: what follows does not stay in memory.
    pub fn raise(&self, most: u64) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// The body for a form's reader. It ends with an error where the ration does.
    pub fn body(&self) -> Body {
        let (body, most) = (self.body.clone(), self.most.clone());
        let (mut taken, mut rests) = (0_u64, false);
        Body::from_stream(futures::stream::poll_fn(move |task| {
            // A form's reader takes all that is there before it looks at any of it: it is given a chunk at a time, so that the ration
            // can be raised when the head of the part with the file was read.
            if std::mem::take(&mut rests) {
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            if taken > most.load(Ordering::Relaxed) {
                return Poll::Ready(Some(Err(io::Error::other("more than the form may have"))));
            }
            let mut body = body.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                match ready!(http_body::Body::poll_frame(Pin::new(&mut *body), task)) {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                    Some(Ok(frame)) => {
                        // Trailers say nothing here.
                        if let Ok(bytes) = frame.into_data() {
                            taken = taken.saturating_add(bytes.len() as u64);
                            rests = true;
                            return Poll::Ready(Some(Ok(bytes)));
                        }
                    }
                }
            }
        }))
    }

    /// Reads what is left and throws it away, so that the browser gets to read its answer.
    pub async fn drain(self) {
        let body = std::mem::take(&mut *self.body.lock().unwrap_or_else(PoisonError::into_inner));
        Flow { body, stopping: self.stopping }.drain().await;
    }
}

/// What `next` gives, unless it is silent or the server stops.
pub async fn within<T>(stopping: &CancellationToken, next: impl Future<Output = T>) -> io::Result<T> {
    tokio::select! {
        next = tokio::time::timeout(SILENCE, next) => next.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)),
        // The store tells the client of this kind that it may try again.
        () = stopping.cancelled() => Err(io::Error::new(io::ErrorKind::Interrupted, "the server stops")),
    }
}

/// Runs to its end what must not stop in the middle when the client goes away, and the server waits for before it ends.
pub async fn to_its_end<T: Send + 'static>(
    state: &AppState,
    work: impl Future<Output = store::Result<T>> + Send + 'static,
) -> Result<T, Failure> {
    Ok(state.context.closing.spawn(work).await.map_err(|_| Code::Internal)??)
}

/// The length that a request's head promises.
pub fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::extract::{FromRequest, Multipart};
    use bytes::Bytes;
    use futures::StreamExt;

    use super::*;

    const CHUNK: usize = 8192;

    /// A form that begins with `head` and goes on for ever, one chunk of `a` after the other, each there at once; what counts how many
    /// were asked for; and the form's ration.
    async fn endless(head: &'static str, most: u64) -> (Multipart, Arc<AtomicUsize>, Ration) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let chunks = futures::stream::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, io::Error>(Bytes::from_static(&[b'a'; CHUNK]))
        });
        let begins = futures::stream::iter([Ok(Bytes::from_static(head.as_bytes()))]);
        let ration = Ration::new(&CancellationToken::new(), Body::from_stream(begins.chain(chunks)), most);
        let request = http::Request::builder().header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
        let form = Multipart::from_request(request.body(ration.body()).unwrap(), &()).await.unwrap();
        (form, asked, ration)
    }

    #[tokio::test]
    async fn an_endless_head_is_cut() {
        for head in ["--edge\r\ncontent-disposition: form-data; name=\"", "no part at all"] {
            let (mut form, asked, _) = endless(head, 8 * CHUNK as u64).await;
            assert!(form.next_field().await.is_err(), "{head}");
            // One more than the ration, and one that was begun.
            assert!(asked.load(Ordering::Relaxed) <= 10, "{head}: {asked:?} chunks stood in memory");
        }
    }

    #[tokio::test]
    async fn a_file_flows_once_its_ration_is_raised() {
        let head = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let (mut form, asked, ration) = endless(head, 1).await;
        let mut field = form.next_field().await.unwrap().unwrap();
        ration.raise(40 * CHUNK as u64);
        let mut taken = 0;
        while let Ok(Some(chunk)) = field.chunk().await {
            taken += chunk.len();
            // Something is held back, because it may be the beginning of the end.
            assert!(asked.load(Ordering::Relaxed) * CHUNK <= taken + 3 * CHUNK, "what flows does not stay in memory");
        }
        assert!((38 * CHUNK..=42 * CHUNK).contains(&taken), "{taken}");
    }

    #[tokio::test]
    async fn a_server_that_stops_says_that_it_passes() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        let error = within(&stopping, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(store::Error::Upload(error).problem().code, Code::Unavailable);
    }
}
