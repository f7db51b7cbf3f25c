/**
 * Starts the real store on a fresh folder with the demo's content, and stops it afterwards.
 *
 * `KHAZNA_BIN` names the program (default: where `cargo leptos build --release` leaves it), `SITE_ROOT` its built web app.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const LOG = join(__dirname, 'test-results', 'server.log');

export default async function start(): Promise<() => Promise<void>> {
    const program = found('KHAZNA_BIN', programs());
    const siteRoot = found('SITE_ROOT', sites(program));
    const folder = mkdtempSync(join(tmpdir(), 'khazna-end2end-'));
    const address = `127.0.0.1:${await freePort()}`;
    const environment = {
        PATH: process.env.PATH,
        HOME: folder,
        DATA_DIR: join(folder, 'data'),
        LISTEN_ADDR: address,
        SITE_ROOT: siteRoot,
        TRUSTED_PROXIES: '127.0.0.1',
        RATE_LIMIT_PER_MINUTE: '0',
    };
    const khazna = (command: string) => {
        const { status, stdout, stderr } = spawnSync(program, [command], { cwd: folder, env: environment, encoding: 'utf8' });
        if (status !== 0) throw new Error(`khazna ${command} failed:\n${stdout}${stderr}`);
        return stdout;
    };

    remember(khazna('demo'));
    process.env.KHAZNA_URL = `http://${address}`;
    mkdirSync(join(__dirname, 'test-results'), { recursive: true });
    const log = createWriteStream(LOG);
    const server = spawn(program, ['serve'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    server.stdout.pipe(log, { end: false });
    server.stderr.pipe(log, { end: false });
    const exited = new Promise<void>((done) => server.once('exit', () => done()));
    await answers(`http://${address}/readyz`, server);

    return async () => {
        server.kill('SIGTERM');
        await exited;
        log.end();
        try {
            // Whatever the tests did: the books agree, and nothing failed on the server's side.
            khazna('reconcile');
            const faults = readFileSync(LOG, 'utf8').split('\n').filter((line) => /\bERROR\b|panicked/.test(line));
            if (faults.length > 0) throw new Error(`the server's log tells of faults:\n${faults.slice(0, 10).join('\n')}`);
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    };
}

function programs(): string[] {
    const targets = [process.env.CARGO_TARGET_DIR, join(homedir(), '.cache/khazna/target'), join(ROOT, 'target')];
    return targets.filter((target) => target !== undefined).map((target) => join(target, 'release', 'khazna'));
}

function sites(program: string): string[] {
    return [join(program, '..', 'site'), join(program, '..', '..', 'site'), join(ROOT, 'target', 'site')];
}

/** The path that a variable names, or the first of some places that is there. */
function found(variable: string, places: string[]): string {
    const candidates = process.env[variable] ? [resolve(process.env[variable])] : places;
    const place = candidates.find((path) => existsSync(path));
    if (!place) throw new Error(`${variable}: nothing at ${candidates.join(', ')}. Build the store first: cargo leptos build --release`);
    return place;
}

/** Keeps what `khazna demo` prints once. */
function remember(printed: string): void {
    const password = /password:\s+(\S+)/.exec(printed);
    const codes = [...printed.matchAll(/code of\s+(\d+) coins: (\S+)/g)].map(([, value, code]) => ({ value: Number(value), code }));
    if (!password || codes.length === 0) throw new Error(`khazna demo printed no password or codes:\n${printed}`);
    process.env.KHAZNA_ADMIN_PASSWORD = password[1];
    process.env.KHAZNA_CODES = JSON.stringify(codes);
}

function freePort(): Promise<number> {
    return new Promise((done, failed) => {
        const probe = createServer();
        probe.once('error', failed);
        probe.listen(0, '127.0.0.1', () => {
            const address = probe.address();
            probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no free port'))));
        });
    });
}

async function answers(url: string, server: ChildProcess): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
        if (server.exitCode !== null) throw new Error(`the store did not start:\n${readFileSync(LOG, 'utf8')}`);
        const response = await fetch(url).catch(() => undefined);
        if (response?.ok) return;
        await new Promise((done) => setTimeout(done, 50));
    }
    server.kill('SIGKILL');
    throw new Error(`the store did not answer in time:\n${readFileSync(LOG, 'utf8')}`);
}
