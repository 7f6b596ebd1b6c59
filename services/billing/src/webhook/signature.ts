/**
 * Signatures of webhooks as Standard Webhooks has them, for which receivers find libraries: HMAC-SHA256 over id, time and body.
 * @source Standard Webhooks 1.0.0, "Signature scheme"
 */
import { createHmac } from 'node:crypto';

export interface SignedMessage {
  /** The same however often it is sent: a receiver that has seen it takes no notice. */
  readonly id: string;
  readonly atSeconds: number;
  readonly body: string;
}

/** @param secret `whsec_` and base64, or any text */
export function signatureOf({ id, atSeconds, body }: SignedMessage, secret: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64')}`;
}
