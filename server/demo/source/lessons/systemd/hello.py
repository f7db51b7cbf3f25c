#!/usr/bin/env python3
"""خادم ويب صغير لدرس systemd."""
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STATE = Path(os.environ.get("STATE_DIRECTORY", "."))  # يضعه systemd
PORT = int(os.environ.get("PORT", "8090"))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("سقوط مقصود", flush=True)
            os._exit(1)
        with (STATE / "visits.log").open("a", encoding="utf-8") as f:
            f.write(self.log_date_time_string() + "\n")
        body = "السلام عليكم\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *args):
        print(text % args, flush=True)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)

    def stop(*_):
        # shutdown تنتظر الحلقة، فلا تُستدعى من خيطها
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"يستمع على 127.0.0.1:{PORT}", flush=True)
    server.serve_forever()
    print("إغلاق مهذّب", flush=True)


if __name__ == "__main__":
    main()
