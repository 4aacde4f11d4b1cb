/** The types of `src/api/generated.ts` are those that the server's description gives. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DESCRIPTION = join(ROOT, 'server_ext/workbench_server/openapi.json');
const GENERATED = join(ROOT, 'labextension/src/api/generated.ts');
/** The types take seconds to make, and more on a busy machine. */
const TIMEOUT_MS = 120_000;

it(
  'is what `make generate` writes',
  async () => {
    const made = COMMENT_HEADER + astToString(await openapiTS(pathToFileURL(DESCRIPTION)));
    expect(readFileSync(GENERATED, 'utf8') === made, 'the file is stale: run `make generate`').toBe(true);
  },
  TIMEOUT_MS
);
