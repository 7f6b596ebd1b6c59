import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the installed project: schemas, examples and docs lie under it. */
const PROJECT_ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The hosted phone service that `tollstream run` bills when it is given nothing else. */
export const SAMPLE_CATALOG = path.join(PROJECT_ROOT, 'examples/hosted-phone');
