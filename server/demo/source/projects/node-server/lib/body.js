'use strict';

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// يقرأ جسم الطلب ويفسّره JSON، ويرفض ما زاد على الحدّ
async function readJson(req, limit = 64 * 1024) {
  const type = (req.headers['content-type'] || '').split(';')[0].trim();
  if (type !== 'application/json') throw new HttpError(415, 'نوع المحتوى المقبول application/json');
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > limit) throw new HttpError(413, 'الطلب أكبر من الحدّ');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'جسم الطلب ليس JSON صالحًا');
  }
}

module.exports = { HttpError, readJson };
