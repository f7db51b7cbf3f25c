// An S3 server on this machine, for tests of the server with its files in a bucket. It checks the signatures of requests.
//
// Environment: PORT (any), FOLDER (where its objects lie), BUCKET (made at the start).
// It prints `ready http://127.0.0.1:PORT`, and ends with its standard input. Key and secret are both `S3RVER`.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

const { env } = process;
const server = new S3rver({
  address: '127.0.0.1',
  port: Number(env.PORT ?? 0),
  directory: env.FOLDER,
  configureBuckets: [{ name: env.BUCKET }],
  vhostBuckets: false,
  silent: true,
});
// AbortMultipartUpload, the one call of those we make that it does not know.
server.middleware.unshift(async (context, next) => {
  const upload = context.query.uploadId;
  if (context.method !== 'DELETE' || !/^[0-9a-f]{32}$/.test(upload ?? '')) return next();
  await rm(join(server.store.getResourcePath(env.BUCKET, '', 'uploads'), upload), { recursive: true, force: true });
  context.status = 204;
});
const { port } = await server.run();
console.log(`ready http://127.0.0.1:${port}`);
process.stdin.resume().on('end', () => process.exit(0));
