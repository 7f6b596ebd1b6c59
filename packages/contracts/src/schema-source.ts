import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Type } from 'avsc';
import { parseAvroSchema } from './avro-schema.ts';
import { ContractError } from './errors.ts';

/** Where the writer schemas of registry-framed records come from. */
export interface SchemaSource {
  /**
   * The schema of a registry id; null when the source is sure that there is none.
   * @throws ContractError when the source cannot be asked: wait, never skip
   */
  schemaOf(id: number): Promise<Type | null>;
  /** Schemas known beforehand, to be found by their fingerprint as well. */
  readonly schemas?: readonly Type[];
}

/** A directory of schemas: `<id>.avsc` answers for a registry id; every `.avsc` is also known by its fingerprint. */
export class DirectorySchemaSource implements SchemaSource {
  readonly #byId = new Map<number, Type>();
  readonly schemas: readonly Type[];

  /** @throws ContractError TOLL_SCHEMA_UNREADABLE */
  constructor(directory: string) {
    const schemas: Type[] = [];
    for (const name of readSchemaNames(directory)) {
      const path = join(directory, name);
      const type = parseAvroSchema(readFileSync(path, 'utf8'), path);
      schemas.push(type);
      const id = /^(\d+)\.avsc$/.exec(name);
      if (id !== null) this.#byId.set(Number(id[1]), type);
    }
    this.schemas = schemas;
  }

  schemaOf(id: number): Promise<Type | null> {
    return Promise.resolve(this.#byId.get(id) ?? null);
  }
}

function readSchemaNames(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.avsc'))
      .sort();
  } catch (cause) {
    throw new ContractError('TOLL_SCHEMA_UNREADABLE', `The schema directory ${directory} cannot be read.`, {
      cause,
    });
  }
}

export interface RegistryOptions {
  readonly url: string;
  /** `user:password`, sent as HTTP basic authentication. */
  readonly credentials?: string;
  readonly attemptsMax?: number;
  /** First wait between attempts; it doubles. */
  readonly backOffMs?: number;
  readonly requestTimeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** A Confluent-compatible schema registry. Schemas never change under their id, so each is fetched once. */
export class RegistrySchemaSource implements SchemaSource {
  readonly #cache = new Map<number, Type>();
  readonly #options: Required<Omit<RegistryOptions, 'credentials'>>;
  readonly #headers: Record<string, string>;

  constructor(options: RegistryOptions) {
    this.#options = { attemptsMax: 5, backOffMs: 200, requestTimeoutMs: 5_000, fetch, ...options };
    this.#headers = { accept: 'application/vnd.schemaregistry.v1+json, application/json' };
    if (options.credentials !== undefined) {
      this.#headers.authorization = `Basic ${Buffer.from(options.credentials).toString('base64')}`;
    }
  }

  async schemaOf(id: number): Promise<Type | null> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const text = await this.#fetchSchema(id);
    if (text === null) return null;
    const type = parseAvroSchema(text, `${id} of the registry`);
    this.#cache.set(id, type);
    return type;
  }

  async #fetchSchema(id: number): Promise<string | null> {
    const { url, attemptsMax, backOffMs, requestTimeoutMs } = this.#options;
    const address = `${url.replace(/\/$/, '')}/schemas/ids/${id}`;
    let reason = '';
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (attempt > 1) await delay(backOffMs * 2 ** (attempt - 2));
      try {
        const response = await this.#options.fetch(address, {
          headers: this.#headers,
          signal: AbortSignal.timeout(requestTimeoutMs),
        });
        if (response.ok) return ((await response.json()) as { schema: string }).schema;
        if (response.status === 404) return null;
        reason = `it answers ${response.status}`;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    throw new ContractError(
      'TOLL_SCHEMA_REGISTRY_UNAVAILABLE',
      `The schema registry at ${url} did not give schema ${id} in ${attemptsMax} attempts: ${reason}.`,
    );
  }
}
