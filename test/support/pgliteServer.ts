/** A PostgreSQL with pgvector on 127.0.0.1, as a process of its own: `node pgliteServer.ts DATA_FOLDER PORT`; port 0 takes a free one. */
import net from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const [folder, wanted] = process.argv.slice(2);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

const port = Number(wanted) || (await freePort());
const db = await PGlite.create({ dataDir: folder!, extensions: { vector } });
const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 20 });
await server.start();
process.stdout.write(`${port}\n`);
