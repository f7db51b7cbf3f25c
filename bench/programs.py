"""The programs that are measured or measure: khazna, wrk, pgbench, nginx."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).parent


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


class Khazna:
    """A khazna on a database and folder of its own."""

    def __init__(self, folder, database_url):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None
        self.environment = {
            'PATH': os.environ['PATH'],
            'DATA_DIR': str(self.folder / 'data'),
            'DATABASE_URL': database_url,
            'LISTEN_ADDR': f'127.0.0.1:{self.port}',
            'RATE_LIMIT_PER_MINUTE': '0',
            'SITE_ROOT': os.environ['SITE_ROOT'],
        }

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def run(self, *arguments, text=None):
        """A command of the command line, which must succeed."""
        done = self.command(*arguments, text=text)
        if done.returncode != 0:
            raise SystemExit(f'khazna {" ".join(arguments)} failed: {done.stderr or done.stdout}')

    def reconcile(self):
        """Whether the ledger agrees, and the last line that tells it."""
        done = self.command('reconcile')
        return done.returncode == 0, (done.stderr or done.stdout).strip().splitlines()[-1].removeprefix('khazna: ')

    def command(self, *arguments, text=None):
        return subprocess.run([os.environ['KHAZNA_BIN'], *arguments], env=self.environment, cwd=self.folder, input=text, text=True, capture_output=True)

    def start(self, path='/healthz'):
        """Starts the server; gives the seconds until `path` was answered."""
        begun = time.perf_counter()
        with open(self.folder / 'server.log', 'ab') as log:
            self.process = subprocess.Popen([os.environ['KHAZNA_BIN'], 'serve'], env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask('GET', path)[0] == 200:
                    return time.perf_counter() - begun
            if self.process.poll() is not None or time.perf_counter() - begun > 20:
                raise SystemExit(f'khazna did not start: {(self.folder / "server.log").read_text()[-2000:]}')
            time.sleep(0.001)

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def memory(self, field='VmRSS'):
        """Megabytes of the process: VmRSS now, VmHWM at most."""
        if self.process.poll() is not None:
            raise SystemExit(f'khazna ended with {self.process.returncode}: {(self.folder / "server.log").read_text()[-2000:]}')
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field)) * 1024 / 1e6

    def processor_time(self):
        """Seconds of processor time that the server has used: unlike a latency, it hardly depends on what else runs."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def ask(self, method, path, body=None, token=None, headers=None):
        """Status, headers and body bytes of one request, on a connection of its own."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        headers = dict(headers or {})
        if token:
            headers['Authorization'] = f'Bearer {token}'
        if body is not None:
            headers['Content-Type'] = 'application/json'
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def call(self, method, path, body=None, token=None):
        """The JSON of a call that must succeed."""
        status, _, content = self.ask(method, path, body, token)
        if not 200 <= status < 300:
            raise SystemExit(f'{method} {path} was answered {status}: {content.decode()[:500]}')
        return json.loads(content)


class Load(dict):
    """What wrk's script printed at its end; times in milliseconds."""

    @property
    def per_second(self):
        return (self['requests'] - self['errors']) / self['seconds']


def wrk(url, script='plain.lua', *arguments, connections=8, threads=2, seconds=5, headers=()):
    """Loads a URL for some seconds."""
    command = ['wrk', '-c', connections, '-t', threads, '-d', f'{seconds}s', '-s', HERE / script]
    for header in headers:
        command += ['-H', header]
    command += [url, '--', *arguments]
    done = subprocess.run([str(part) for part in command], env={**os.environ, 'BENCH': str(HERE)}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f'wrk {url}: {done.stderr or done.stdout}')
    load = Load(json.loads(done.stdout.splitlines()[-1]))
    if load['errors']:
        print(f'    wrk: {load["errors"]} of {load["requests"]} requests to {url} failed')
    return load


@contextlib.contextmanager
def nginx(root):
    """Debian's nginx with its usual settings (sendfile, tcp_nopush) serving a folder; gives its port."""
    port = free_port()
    folder = pathlib.Path(root) / 'nginx'
    folder.mkdir()
    # Workers drop root's rights, and must get at the folder all the same.
    user = 'user root;' if os.getuid() == 0 else ''
    (folder / 'nginx.conf').write_text(f'''
{user} worker_processes auto; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 768; }}
http {{ access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; }} }}
''')
    process = subprocess.Popen(['nginx', '-c', folder / 'nginx.conf', '-e', folder / 'error.log'])
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port)):
                break
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait()
