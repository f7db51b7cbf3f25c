'use strict';
const fs = require('node:fs/promises');
const path = require('node:path');

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
};

// يعيد دالة تخدم ملفات مجلد واحد، ولا تخرج عنه مهما كان المسار
function serveStatic(root) {
  const base = path.resolve(root);
  return async (req, res, pathname) => {
    let name;
    try {
      name = decodeURIComponent(pathname);
    } catch {
      return false;
    }
    if (name.endsWith('/')) name += 'index.html';
    const file = path.resolve(base, `.${name}`);
    if (!file.startsWith(base + path.sep) || name.includes('\0')) return false;
    let stat;
    try {
      stat = await fs.stat(file);
    } catch {
      return false;
    }
    if (!stat.isFile()) return false;
    const etag = `"${stat.size.toString(16)}-${Math.trunc(stat.mtimeMs).toString(16)}"`;
    res.setHeader('ETag', etag);
    res.setHeader('Cache-Control', 'no-cache');
    if (req.headers['if-none-match'] === etag) {
      res.writeHead(304).end();
      return true;
    }
    const data = await fs.readFile(file);
    res.writeHead(200, {
      'Content-Type': TYPES[path.extname(file)] || 'application/octet-stream',
      'Content-Length': data.length,
    });
    res.end(req.method === 'HEAD' ? undefined : data);
    return true;
  };
}

module.exports = { serveStatic };
