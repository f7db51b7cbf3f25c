//! The accept loop: connections with timeouts, a count of what each one really wrote, and an end that lets running downloads finish.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context as Task, Poll},
    time::Duration,
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
/// What hyper may hold beside one chunk, in bytes, for the same reason.
const UNSENT_IN_SERVER: usize = 64 * 1024;

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
    let tuned = stream.set_nodelay(true).and_then(|()| limit_unsent(&stream));
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
        .serve_connection(TokioIo::new(Metered { stream, meter }), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away in the middle is everyday life.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

#[cfg(target_os = "linux")]
fn limit_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_IN_KERNEL)
}

#[cfg(not(target_os = "linux"))]
fn limit_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_send_buffer_size(UNSENT_IN_KERNEL as usize)
}

/// Counts the bytes that a connection handed to the kernel. Each request has its connection's meter among its extensions.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes written since the connection began.
    pub fn written(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn count(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.0.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

/// A connection that is counted.
struct Metered {
    stream: TcpStream,
    meter: Meter,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.meter.count(&written);
        written
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, task: &mut Task<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, slices);
        self.meter.count(&written);
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
