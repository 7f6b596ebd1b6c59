import fc from 'fast-check';
import { expect, test } from 'vitest';
import './kafkajs-faster.ts';
import { processData, stockProcessData } from './whole-responses.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

interface Answer {
  readonly size: number;
  readonly correlationId: number;
  readonly payload: Buffer;
}

/** What kafkajs's own connection looks at when bytes come. */
function connection(): { answers: Answer[] } & ThisParameterType<typeof processData> {
  const answers: Answer[] = [];
  const requestQueue = { fulfillRequest: (answer: Answer) => void answers.push(answer) };
  const state = { answers, chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null, requestQueue };
  return { ...state, processData };
}

function response(body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(4 + body.length);
  bytes.writeInt32BE(body.length);
  bytes.set(body, 4);
  return bytes;
}

const bodies = fc.array(fc.uint8Array({ minLength: 4, maxLength: 60 }), { minLength: 1, maxLength: 8 });

test('whole responses are handed on in the memory that they came in', () => {
  fc.assert(
    fc.property(bodies, (all) => {
      const fast = connection();
      const stock = connection();
      const responses = all.map(response);
      for (const bytes of responses) {
        processData.call(fast, bytes);
        stockProcessData.call(stock, bytes);
      }
      expect(fast.answers).toEqual(stock.answers);
      expect(fast.answers).toHaveLength(all.length);
      for (const [i, { payload }] of fast.answers.entries())
        expect(payload.buffer).toBe(responses[i]!.buffer);
    }),
  );
});

test('responses in pieces of any length are put together as kafkajs does it', () => {
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (all, cuts) => {
      const fast = connection();
      const stock = connection();
      const stream = Buffer.concat(all.map(response));
      for (let at = 0, i = 0; at < stream.length; i += 1) {
        const piece = stream.subarray(at, at + cuts[i % cuts.length]!);
        processData.call(fast, piece);
        stockProcessData.call(stock, piece);
        at += piece.length;
      }
      expect(fast.answers).toEqual(stock.answers);
      expect(fast.answers).toHaveLength(all.length);
    }),
  );
});
