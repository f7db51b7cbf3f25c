// What the Worker's tests share: the store's side of the protocol, written apart from the Rust, so that one checks the other.
import { createHash, createHmac, hkdfSync, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Runtime } from '../runtime.mjs';

export const SECRET = 'a secret of the tests, long enough to be taken';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const LABELS = { ticket: 'ticket', fileId: 'file id', events: 'events', origin: 'origin', call: 'revocation' };

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const key = (secret, purpose) => Buffer.from(hkdfSync('sha256', secret, 'khazna link v1', `khazna link v1: ${LABELS[purpose]}`, 32));
export const keyId = (secret) => createHash('sha256').update(`khazna link v1: key id\0${secret}`).digest('hex').slice(0, 8);
const stamp = (ms) => new Date(ms).toISOString();

/** The headers of a signed message (Standard Webhooks). */
export function signed(secret, purpose, body, now = Date.now(), id = randomUUID()) {
  const timestamp = String(Math.floor(now / 1000));
  const tag = hmac(key(secret, purpose), `${id}.${timestamp}.${body}`).toString('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${tag}` };
}

function isSigned(secret, purpose, headers, body) {
  const expected = hmac(key(secret, purpose), `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const given = String(headers['webhook-signature']).split(' ').map((one) => Buffer.from(one.replace(/^v1,/, ''), 'base64'));
  return given.some((tag) => tag.length === expected.length && timingSafeEqual(tag, expected));
}

/** A server of the store, as far as the Worker knows it. It can be down, and it remembers what it was told. */
export class Store {
  contents = new Map();
  /** By purchase: what it stored, in order. */
  records = new Map();
  states = new Map();
  refused = 0;
  deliveries = 0;
  served = 0;
  #port = 0;

  constructor(secret = SECRET) {
    this.secret = secret;
  }

  async up() {
    this.http = createServer((request, answer) => this.#answer(request, answer).catch((error) => answer.destroy(error)));
    this.http.listen(this.#port, '127.0.0.1');
    await once(this.http, 'listening');
    this.#port = this.http.address().port;
    this.url = `http://127.0.0.1:${this.#port}`;
  }

  async down() {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  /** The numbers that a purchase has. */
  numbers(purchase) {
    return (this.records.get(purchase) ?? []).map((record) => record.sequence);
  }

  kinds(purchase) {
    return (this.records.get(purchase) ?? []).map((record) => record.kind);
  }

  take(dispatch) {
    const stored = this.records.get(dispatch.purchase) ?? [];
    this.records.set(dispatch.purchase, stored);
    for (const record of dispatch.records) if (record.sequence === stored.length + 1) stored.push(record);
    for (const state of dispatch.states) this.states.set(`${dispatch.purchase}/${state.link}`, state);
    return { sequence: stored.length };
  }

  async #answer(request, answer) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(request.url, this.url);
    if (request.method === 'POST' && url.pathname === '/internal/links/events') {
      this.deliveries += 1;
      if (!isSigned(this.secret, 'events', request.headers, body)) {
        this.refused += 1;
        return void answer.writeHead(401).end();
      }
      return void answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.take(JSON.parse(body))));
    }
    const version = /^\/internal\/links\/content\/(\d+)$/.exec(url.pathname)?.[1];
    const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
    if (version && isSigned(this.secret, 'origin', request.headers, `${version} ${from} ${to}`)) {
      this.served += 1;
      const content = this.contents.get(Number(version));
      if (content instanceof Endless) return void Readable.from(content.parts(from, to)).pipe(answer.writeHead(200, { 'content-length': to - from }));
      if (content) return void answer.writeHead(200, { 'content-length': to - from }).end(content.subarray(from, to));
    }
    answer.writeHead(404).end();
  }
}

/** Content of any size that nobody keeps. */
export class Endless {
  #block = randomBytes(1_048_573);

  constructor(length) {
    this.length = length;
  }

  *parts(from, to) {
    for (let at = from; at < to; ) {
      const start = at % this.#block.length;
      const part = this.#block.subarray(start, start + to - at);
      yield part;
      at += part.length;
    }
  }
}

/** A running Worker and its store, in a folder of their own. `close` ends both. */
export class World {
  #next = 1;
  offset = 0;

  static async open(settings = {}) {
    const world = new World();
    world.folder = await mkdtemp(join(tmpdir(), 'khazna-worker-test-'));
    world.store = new Store();
    await world.store.up();
    const { bindings, ...rest } = settings;
    world.runtime = new Runtime({
      persist: world.folder,
      bindings: { STORE_URL: world.store.url, CLOUDFLARE_WORKER_SECRET: SECRET, ...bindings },
      ...rest,
    });
    world.url = await world.runtime.start();
    return world;
  }

  async close() {
    await this.runtime.stop();
    await this.store.down().catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }

  now() {
    return Date.now() + this.offset;
  }

  /** Lets time pass. */
  async pass(ms) {
    this.offset += ms;
    await this.runtime.restart({ TIME_OFFSET_MS: String(this.offset) });
  }

  /** A file, in the bucket or at the server, and a ticket for it. */
  async mint({ size = 1000, bucket = true, secret = SECRET, ...fields } = {}) {
    const purchase = fields.p ?? this.#next++;
    const content = fields.content ?? randomBytes(size);
    const storageKey = `versions/${purchase}`;
    if (bucket) {
      const path = join(this.folder, 'upload');
      await writeFile(path, content);
      await this.runtime.put(storageKey, path);
    } else {
      this.store.contents.set(purchase, content);
    }
    const now = this.now();
    const { content: _content, ...over } = fields;
    const ticket = {
      g: 'worker', p: purchase, l: 1, a: 1, v: purchase, s: content.length, e: 'etag-1', n: 'دليل المهندس.pdf', t: 'application/pdf',
      k: storageKey, q: 0, i: stamp(now), x: stamp(now + 2 * HOUR), r: randomBytes(16).toString('base64url'), ...over,
    };
    return { purchase, ticket, content, path: `/d/${seal(ticket, secret)}` };
  }

  /** The server's call to a purchase's object. */
  async call(purchase, { acknowledged = this.store.numbers(purchase).length, revoke = [], secret = SECRET, at = this.now() } = {}) {
    const body = JSON.stringify({ purchase, acknowledged, revoke });
    const headers = { ...signed(secret, 'call', body, at), 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/internal/purchase`, { method: 'POST', headers, body });
    return { status: answer.status, text: await answer.text() };
  }

  browser() {
    return new Browser(this);
  }
}

/** A ticket's text. */
export function seal(ticket, secret) {
  const signedPart = `v1.${keyId(secret)}.${Buffer.from(JSON.stringify(ticket)).toString('base64url')}`;
  return `${signedPart}.${hmac(key(secret, 'ticket'), signedPart).toString('base64url')}`;
}

/** A browser: it keeps cookies and follows nothing. */
export class Browser {
  cookies = new Map();

  constructor(world) {
    this.world = world;
  }

  /** Sends a request; `body` is read to its end. */
  async send(method, path, headers = {}) {
    const answer = await this.open(method, path, headers);
    const chunks = [];
    for await (const chunk of answer) chunks.push(chunk);
    answer.body = Buffer.concat(chunks);
    return answer;
  }

  /** Sends a request and leaves the body to the caller. */
  async open(method, path, headers = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = send(`${this.world.url}${path}`, {
      method, agent: new Agent({ keepAlive: false }), headers: { ...(cookie && { cookie }), 'user-agent': 'the tests', ...headers },
    });
    request.end();
    const [answer] = await once(request, 'response');
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    answer.status = answer.statusCode;
    return answer;
  }

  /** Presses the page's button, and gives the file's path. */
  async claim(link) {
    const answer = await this.send('POST', link.path);
    if (answer.status !== 303) throw new Error(`the claim was answered ${answer.status}`);
    return answer.headers.location;
  }

  /** Reads some bytes of a file and hangs up. */
  async readSome(path, wanted, headers = {}) {
    const answer = await this.open('GET', path, headers);
    answer.on('error', () => {});
    const chunks = [];
    let length = 0;
    for await (const chunk of answer) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= wanted) break;
    }
    answer.destroy();
    return Buffer.concat(chunks);
  }
}

/** Waits until `condition` holds, and fails with its last value. */
export async function until(condition, what, patience = 60_000) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((go) => setTimeout(go, 50));
  }
}
