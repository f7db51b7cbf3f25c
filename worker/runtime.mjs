// The built Worker on Cloudflare's own runtime (workerd, by miniflare) on this machine.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Log, LogLevel, Miniflare } from 'miniflare';

const FOLDER = dirname(fileURLToPath(import.meta.url));
/** What `script/worker build` makes. */
export const BUILT = join(FOLDER, 'build');
const BUCKET = 'FILES';
/** Bytes of a part of a large upload; all but the last must be alike (R2). */
const PART = 32 * 1024 * 1024;

export class Runtime {
  #settings;
  #miniflare;

  /**
   * @param settings `bindings`: variables and secrets by name; `port`: 0 for any; `persist`: folder of the objects' storage and the
   * bucket's; `bucket`: false for none; `script`: another main module, which may import `./index.js`; `verbose`: the runtime's own log.
   */
  constructor(settings) {
    this.#settings = { port: 0, bucket: true, verbose: false, ...settings };
  }

  /** Starts it, and gives its address. */
  async start() {
    const { bindings, port, persist, bucket, script, verbose } = this.#settings;
    const main = script ? [{ type: 'ESModule', path: join(BUILT, 'main.mjs'), contents: script }] : [];
    const compatibilityDate = /^compatibility_date = "(.+)"/m.exec(await readFile(join(FOLDER, 'wrangler.toml'), 'utf8'))[1];
    this.#miniflare = new Miniflare({
      modules: [
        ...main,
        { type: 'ESModule', path: join(BUILT, 'index.js'), contents: await readFile(join(BUILT, 'index.js'), 'utf8') },
        { type: 'CompiledWasm', path: join(BUILT, 'index_bg.wasm'), contents: await readFile(join(BUILT, 'index_bg.wasm')) },
      ],
      modulesRoot: BUILT,
      compatibilityDate,
      host: '127.0.0.1',
      port,
      bindings: Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== undefined && value !== '')),
      durableObjects: { PURCHASES: { className: 'PurchaseObject', useSQLite: true } },
      r2Buckets: bucket ? [BUCKET] : [],
      durableObjectsPersist: join(persist, 'objects'),
      r2Persist: join(persist, 'bucket'),
      cf: false,
      log: new Log(verbose ? LogLevel.DEBUG : LogLevel.ERROR),
      handleRuntimeStdio(out, problems) {
        if (verbose) out.pipe(process.stderr);
        else out.resume();
        problems.pipe(process.stderr);
      },
    });
    const url = await this.#miniflare.ready;
    // The same port from now on, whatever it was.
    this.#settings.port = Number(url.port);
    this.url = `http://127.0.0.1:${url.port}`;
    return this.url;
  }

  async stop() {
    await this.#miniflare?.dispose();
    this.#miniflare = undefined;
  }

  /** Starts it anew with other variables: same port, same storage, nothing left in memory. */
  async restart(bindings = {}) {
    await this.stop();
    Object.assign(this.#settings.bindings, bindings);
    return await this.start();
  }

  /** Puts a local file into the bucket. */
  async put(key, path) {
    const bucket = await this.#miniflare.getR2Bucket(BUCKET);
    const { size } = await stat(path);
    const put = size > PART ? await upload(bucket, key, path) : await bucket.put(key, new Uint8Array(await readFile(path)));
    return { key, size: put.size };
  }
}

/** A large file in parts, so that it is never in memory as a whole. */
async function upload(bucket, key, path) {
  const upload = await bucket.createMultipartUpload(key);
  const parts = [];
  for await (const part of createReadStream(path, { highWaterMark: PART })) {
    parts.push(await upload.uploadPart(parts.length + 1, new Uint8Array(part)));
  }
  return await upload.complete(parts);
}
