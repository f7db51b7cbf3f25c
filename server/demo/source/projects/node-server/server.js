'use strict';
const { createApp } = require('./app');

const port = Number(process.env.PORT || 3000);
const server = createApp();
server.requestTimeout = 15_000;
server.listen(port, () => console.log(`الخادم على http://localhost:${port}`));

// إغلاق مهذّب: تُستكمل الطلبات الجارية ثم نخرج
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
