//! The body of a download: bytes flow only as far as they are charged, and what was charged but never sent is given back.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use shared::{
    Code, PurchaseId, VersionId,
    link::{Client, Event, Located, Reply, STREAM_IDLE, Stream},
};
use store::{Result, Store, links};
use tokio::time::{Duration, Instant, timeout};
use tokio_util::task::TaskTracker;

use super::reader::{LARGE_PIECE, PIECE, Reader};
use crate::{serve::Meter, state::AppState};

/// How often a slow stream tells that it lives, well before it would be taken for dead.
const SIGN_OF_LIFE: Duration = Duration::from_millis(STREAM_IDLE.cast_unsigned() / 3);

/// How long storage may take to open a content. A bucket that is away would be tried for a minute while the customer looks at nothing.
const OPENING: Duration = Duration::from_secs(15);

/// One stream of a link.
pub(super) struct FileBody {
    reader: Reader,
    /// Absolute offset of the next byte.
    position: u64,
    /// Absolute offset after the last byte.
    end: u64,
    /// Absolute offset after the last byte that is charged.
    until: u64,
    asking: Option<BoxFuture<'static, Result<Reply>>>,
    spoken_at: Instant,
    account: Account,
}

impl FileBody {
    /// Opens the content. `stream` was just charged; an error means that not a byte has flowed.
    pub(super) async fn open(
        state: &AppState,
        located: &Located,
        version: VersionId,
        client: &Client,
        stream: Stream,
        meter: Meter,
    ) -> Result<Self> {
        let content = links::content(&state.store, version, stream.offset, stream.offset + stream.length);
        let content = timeout(OPENING, content).await.map_err(|_| Code::Unavailable)??;
        metrics::gauge!("downloads_active").increment(1);
        let account = Account {
            store: state.store.clone(),
            closing: state.context.closing.clone(),
            purchase: located.purchase,
            link: located.link,
            stream: stream.id,
            client: client.clone(),
            length: stream.length,
            handed: 0,
            written_before: meter.written(),
            meter,
        };
        Ok(Self {
            reader: Reader::new(content),
            position: stream.offset,
            end: stream.offset + stream.length,
            until: stream.until,
            asking: None,
            spoken_at: Instant::now(),
            account,
        })
    }

    /// Asks for the next segment where the last one is used up, and tells of a slow stream that it lives.
    fn poll_allowed(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.asking.is_none() && (self.position == self.until || self.spoken_at.elapsed() >= SIGN_OF_LIFE) {
            self.asking = Some(self.account.advance(self.position));
            self.spoken_at = Instant::now();
        }
        if let Some(asking) = &mut self.asking {
            let reply = ready!(asking.as_mut().poll(task));
            self.asking = None;
            match reply {
                Ok(Reply::Segment { until }) => self.until = until,
                Ok(_) => return Poll::Ready(Err(io::Error::other("the link's bytes are used up"))),
                Err(error) => {
                    tracing::error!(%error, "a stream could not be charged");
                    return Poll::Ready(Err(io::Error::other("the stream could not be charged")));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.position == this.end {
            return Poll::Ready(None);
        }
        if let Err(error) = ready!(this.poll_allowed(task)) {
            return Poll::Ready(Some(Err(error)));
        }
        let allowed = usize::try_from(this.until.min(this.end) - this.position).unwrap_or(usize::MAX);
        let piece = if this.account.meter.is_swift() { LARGE_PIECE } else { PIECE };
        match ready!(this.reader.poll_next(task, allowed.min(piece))) {
            Some(Ok(piece)) => {
                this.position += piece.len() as u64;
                this.account.handed += piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Some(Err(error)) => {
                tracing::error!(%error, "a file could not be read on");
                Poll::Ready(Some(Err(error)))
            }
            None => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.position == self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.position)
    }
}

/// Whom a stream is charged to. Dropped with the body, however it ended, it writes down what was really sent.
struct Account {
    store: Store,
    closing: TaskTracker,
    purchase: PurchaseId,
    link: i64,
    stream: u64,
    client: Client,
    length: u64,
    /// Bytes handed to the connection.
    handed: u64,
    written_before: u64,
    meter: Meter,
}

impl Account {
    fn advance(&self, offset: u64) -> BoxFuture<'static, Result<Reply>> {
        let (store, purchase, link) = (self.store.clone(), self.purchase, self.link);
        let event = Event::Advance { stream: self.stream, offset, client: self.client.clone() };
        Box::pin(async move { links::apply(&store, purchase, link, &event).await })
    }

    /// Bytes that left: of a body that broke off, those that the connection still held did not. The head of the answer
    /// is counted along, so that it is never fewer than really left.
    fn sent(&self) -> u64 {
        if self.handed == self.length { self.length } else { self.handed.min(self.meter.written() - self.written_before) }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let sent = self.sent();
        metrics::gauge!("downloads_active").decrement(1);
        metrics::counter!("download_bytes_total").increment(sent);
        let (store, purchase, link) = (self.store.clone(), self.purchase, self.link);
        let event = Event::Close { stream: self.stream, sent, exact: true, client: std::mem::take(&mut self.client) };
        self.closing.spawn(async move {
            if let Err(error) = links::apply(&store, purchase, link, &event).await {
                tracing::error!(%error, "the end of a stream was not written down");
            }
        });
    }
}
