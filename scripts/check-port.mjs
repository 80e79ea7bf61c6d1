// What comes before `npm start` and `npm run demo`, and before they build: a port that is taken should be noticed before
// anything takes time.
import { once } from 'node:events';
import { createServer } from 'node:net';

const host = process.env.HOST?.trim() || '127.0.0.1';
const port = Number(process.env.PORT?.trim() || 3000);

/** Only what is in use: the app itself says what else is wrong with an address. */
async function isTaken() {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    return error.code === 'EADDRINUSE';
  }
  server.close();
  await once(server, 'close');
  return false;
}

if (await isTaken()) {
  const other = port < 65_535 ? port + 1 : 3000;
  console.error(
    `Cannot start: PORT ${port} is in use: stop what listens there, or choose another one (PORT=${other})`,
  );
  process.exit(1);
}
