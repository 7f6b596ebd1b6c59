import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RefusingFront {
  readonly url: string;
  /** From now on inserts into the table are answered with ClickHouse's error of this code. */
  refuse(code: number, message: string): void;
  /** From now on they are passed on again. */
  relent(): void;
  close(): Promise<void>;
}

/** Stands before ClickHouse's HTTP interface and passes everything on, but inserts into one table while it refuses them. */
export async function refuseInserts(target: string, table: string): Promise<RefusingFront> {
  let refusal: { code: number; message: string } | null = null;
  const intoTable = new RegExp(`^\\s*INSERT INTO \\S*\\b${table}\\b`, 'i');
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await request.toArray()) as Buffer[];
      const query = new URL(request.url ?? '/', target).searchParams.get('query');
      const sql = query ?? body[0]?.toString('latin1', 0, 200) ?? '';
      if (refusal !== null && intoTable.test(sql)) {
        const { code, message } = refusal;
        response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) });
        response.end(`Code: ${code}. DB::Exception: ${message}`);
        return;
      }
      const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
      delete headers['content-length'];
      delete headers['transfer-encoding'];
      const answer = await fetch(new URL(request.url ?? '/', target), {
        method: request.method ?? 'POST',
        headers,
        ...(request.method === 'GET' ? {} : { body: Buffer.concat(body) }),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const passed = [...answer.headers].filter(
        ([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name),
      );
      response.writeHead(answer.status, Object.fromEntries(passed));
      response.end(bytes);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (code, message) => {
      refusal = { code, message };
    },
    relent: () => {
      refusal = null;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
