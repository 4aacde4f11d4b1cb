/** Lines that call an endpoint, ready to be pasted. */

import { IEndpoint } from '../api/servingtypes';

const VARIABLE = 'TOKEN';

/** Return the URL of `predict` requests; it names the model if the endpoint has several. */
export function predictUrl(endpoint: IEndpoint, model = ''): string {
  const models = Object.keys(endpoint.schemas);
  return models.length > 1
    ? `${endpoint.url}/models/${encodeURIComponent(model || models[0])}/predict`
    : `${endpoint.url}/predict`;
}

/** Return a line for a POSIX shell. Without a token, it reads the endpoint's file, else the variable TOKEN. */
export function curl(endpoint: IEndpoint, token = ''): string {
  const file = endpoint.token_file;
  const bearer = token || (file ? `$(cat ${quoted(file)})` : `$${VARIABLE}`);
  return [
    `curl ${predictUrl(endpoint)} \\`,
    `  -H "Authorization: Bearer ${bearer}" -H "Content-Type: application/json" \\`,
    `  -d ${quoted(example(endpoint))}`
  ].join('\n');
}

/** Return Python code that uses `requests`. Without a token, it finds one as `curl` does. */
export function python(endpoint: IEndpoint, token = ''): string {
  const file = endpoint.token_file;
  const found = token
    ? JSON.stringify(token)
    : file
      ? `open(${JSON.stringify(file)}).read().strip()`
      : `os.environ["${VARIABLE}"]`;
  return [
    token || file ? 'import json, requests' : 'import json, os, requests',
    '',
    `token = ${found}`,
    'answer = requests.post(',
    `    ${JSON.stringify(predictUrl(endpoint))},`,
    '    headers={"Authorization": f"Bearer {token}"},',
    `    json=json.loads(${JSON.stringify(example(endpoint))}),`,
    ')',
    'answer.raise_for_status()',
    'print(answer.json())'
  ].join('\n');
}

function example(endpoint: IEndpoint): string {
  return Object.values(endpoint.schemas)[0]?.example ?? '{"inputs": []}';
}

/** Quote a text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}
