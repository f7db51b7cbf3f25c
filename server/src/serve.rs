//! The accept loop: connections with timeouts, a count of what each one really wrote, and an end that lets running downloads finish.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context as Task, Poll},
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::client::Peer;

/// How long a client may take over a request's head, and an idle connection may wait for the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long running answers may go on once the server stops.
pub const GRACE: Duration = Duration::from_secs(30);
/// What the kernel may hold that is not on its way yet, in bytes: it is lost to a download's budget when a line drops, but
/// the window of what is on its way stays the network's to choose.
const UNSENT_IN_KERNEL: u32 = 128 * 1024;
/// The same on a swift line, which is rid of it within [`SWIFT`]. Where the kernel is given much at once, a byte takes a quarter less time.
const UNSENT_ON_SWIFT_LINE: u32 = 1024 * 1024;
/// What hyper may hold beside one piece of a file, in bytes, for the same reason.
const UNSENT_IN_SERVER: usize = 64 * 1024;
/// A line is swift that took so many bytes the last time, one after the other,
const STRETCH: u64 = 1024 * 1024;
/// in less than this.
const SWIFT: Duration = Duration::from_millis(20);

/// Accepts connections until `stopping` is cancelled, then waits for running answers up to [`GRACE`].
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connect(stream, peer, &router, &connections),
                Err(error) => {
                    // Out of file descriptors, most likely: closing connections give some back.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            () = stopping.cancelled() => break,
        }
    }
    // From here on new connections are refused.
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "some answers did not finish in time");
    }
}

fn connect(stream: TcpStream, peer: SocketAddr, router: &Router, connections: &GracefulShutdown) {
    // Small answers must not wait for more (Nagle's algorithm): a streamed page takes 3 ms instead of 44.
    let tuned = stream.set_nodelay(true).and_then(|()| limit_unsent(&stream, UNSENT_IN_KERNEL));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a connection went as it came");
        return;
    }
    let meter = Meter::default();
    let router = router.clone();
    let service_meter = meter.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(service_meter.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(UNSENT_IN_SERVER)
        .serve_connection(TokioIo::new(Metered { stream, meter, stretch: 0, began: Instant::now() }), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away in the middle is everyday life.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

#[cfg(target_os = "linux")]
fn limit_unsent(stream: &TcpStream, bytes: u32) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(bytes)
}

#[cfg(not(target_os = "linux"))]
fn limit_unsent(stream: &TcpStream, bytes: u32) -> io::Result<()> {
    socket2::SockRef::from(stream).set_send_buffer_size(bytes as usize)
}

/// Counts the bytes that a connection handed to the kernel. Each request has its connection's meter among its extensions.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Readings>);

#[derive(Debug, Default)]
struct Readings {
    written: AtomicU64,
    swift: AtomicBool,
}

impl Meter {
    /// Bytes written since the connection began.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// True where the line takes more than 50 MB a second: pieces may be large.
    pub fn is_swift(&self) -> bool {
        self.0.swift.load(Ordering::Relaxed)
    }
}

/// A connection that is counted.
struct Metered {
    stream: TcpStream,
    meter: Meter,
    /// Bytes of the stretch that is measured now.
    stretch: u64,
    began: Instant,
}

impl Metered {
    fn count(&mut self, written: &Poll<io::Result<usize>>) {
        let Poll::Ready(Ok(bytes)) = written else { return };
        self.meter.0.written.fetch_add(*bytes as u64, Ordering::Relaxed);
        self.stretch += *bytes as u64;
        if self.stretch >= STRETCH {
            self.judge(self.began.elapsed() < SWIFT);
            (self.stretch, self.began) = (0, Instant::now());
        }
    }

    fn judge(&self, swift: bool) {
        if self.meter.0.swift.swap(swift, Ordering::Relaxed) == swift {
            return;
        }
        if let Err(error) = limit_unsent(&self.stream, if swift { UNSENT_ON_SWIFT_LINE } else { UNSENT_IN_KERNEL }) {
            tracing::debug!(%error, "a connection went on as it was");
        }
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.count(&written);
        written
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, task: &mut Task<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, slices);
        self.count(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_swift_line_may_hold_more_that_is_unsent_until_it_is_swift_no_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let line = Metered { stream, meter: Meter::default(), stretch: 0, began: Instant::now() };
        for (swift, unsent) in [(true, UNSENT_ON_SWIFT_LINE), (false, UNSENT_IN_KERNEL)] {
            line.judge(swift);
            assert_eq!((line.meter.is_swift(), socket2::SockRef::from(&line.stream).tcp_notsent_lowat().unwrap()), (swift, unsent));
        }
    }
}
