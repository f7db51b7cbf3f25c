/**
 * Starts the real store on a fresh folder with the demo's content, and stops it afterwards.
 *
 * `KHAZNA_BIN` names the program (default: where `script/build` leaves it), `SITE_ROOT` its built web app.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const LOGS = join(__dirname, 'test-results', 'servers');

/** A store that runs, its SQLite file, and what its demo printed once. */
export interface Shop { url: string; database: string; password: string; codes: { value: number; code: string }[] }

export default async function globalSetup(): Promise<() => Promise<void>> {
    const { shop, stop } = await start();
    process.env.KHAZNA_SHOP = JSON.stringify(shop);
    return stop;
}

/** Starts a store. Stopping it fails when the books don't agree, or when its log tells of faults. */
export async function start(more: NodeJS.ProcessEnv = {}, port?: number): Promise<{ shop: Shop; stop: () => Promise<void> }> {
    const program = found('KHAZNA_BIN', programs());
    const siteRoot = found('SITE_ROOT', sites(program));
    const folder = mkdtempSync(join(tmpdir(), 'khazna-end2end-'));
    const address = `127.0.0.1:${port ?? (await freePort())}`;
    const environment = {
        PATH: process.env.PATH,
        HOME: folder,
        DATA_DIR: join(folder, 'data'),
        LISTEN_ADDR: address,
        SITE_ROOT: siteRoot,
        TRUSTED_PROXIES: '127.0.0.1',
        RATE_LIMIT_PER_MINUTE: '0',
        ...more,
    };
    const khazna = (command: string) => {
        const { status, stdout, stderr } = spawnSync(program, [command], { cwd: folder, env: environment, encoding: 'utf8' });
        if (status !== 0) throw new Error(`khazna ${command} failed:\n${stdout}${stderr}`);
        return stdout;
    };

    const shop = { url: `http://${address}`, database: join(folder, 'data', 'khazna.db'), ...printed(khazna('demo')) };
    mkdirSync(LOGS, { recursive: true });
    const path = join(LOGS, `${basename(folder)}.log`);
    const log = createWriteStream(path);
    const server = spawn(program, ['serve'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    server.stdout.pipe(log, { end: false });
    server.stderr.pipe(log, { end: false });
    const exited = new Promise<void>((done) => server.once('exit', () => done()));
    await answers(`${shop.url}/readyz`, server, path);

    const stop = async () => {
        server.kill('SIGTERM');
        await exited;
        log.end();
        try {
            // Whatever the tests did: the books agree, and nothing failed on the server's side.
            khazna('reconcile');
            const lines = readFileSync(path, 'utf8').split('\n').filter((line) => /\bERROR\b|panicked/.test(line));
            // That somebody guesses at a member's password is told of as an error: a test does.
            const faults = lines.filter((line) => !line.includes('"alert":"staff_locked"'));
            if (faults.length > 0) throw new Error(`the server's log tells of faults:\n${faults.slice(0, 10).join('\n')}`);
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    };
    return { shop, stop };
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
    if (!place) throw new Error(`${variable}: nothing at ${candidates.join(', ')}. Build the store first: script/build`);
    return place;
}

/** What `khazna demo` prints once. */
function printed(text: string): Pick<Shop, 'password' | 'codes'> {
    const password = /password:\s+(\S+)/.exec(text)?.[1];
    const codes = [...text.matchAll(/code of\s+(\d+) coins: (\S+)/g)].map(([, value, code]) => ({ value: Number(value), code }));
    if (!password || codes.length === 0) throw new Error(`khazna demo printed no password or codes:\n${text}`);
    return { password, codes };
}

export function freePort(): Promise<number> {
    return new Promise((done, failed) => {
        const probe = createServer();
        probe.once('error', failed);
        probe.listen(0, '127.0.0.1', () => {
            const address = probe.address();
            probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no free port'))));
        });
    });
}

async function answers(url: string, server: ChildProcess, log: string): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
        if (server.exitCode !== null) throw new Error(`the store did not start:\n${readFileSync(log, 'utf8')}`);
        const response = await fetch(url).catch(() => undefined);
        if (response?.ok) return;
        await new Promise((done) => setTimeout(done, 50));
    }
    server.kill('SIGKILL');
    throw new Error(`the store did not answer in time:\n${readFileSync(log, 'utf8')}`);
}
