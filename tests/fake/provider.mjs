// A real OpenID Connect provider for tests: npm's oidc-provider over TLS, with its own sign-in page.
//   node provider.mjs CERTIFICATE KEY REDIRECT [PORT]
// Says "ready PORT" on standard output. Orders on standard input, one a line, each answered with "done": "rotate" signs
// with new keys from now on. Whoever signs in as NAME is NAME.
// Clients: tocsin (secret by HTTP Basic), tocsin-post (secret in the body), tocsin-public (none), and tocsin-ALG.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const [certificate, key, redirect, wanted = '0'] = process.argv.slice(2);
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
export const SECRET = 'a secret: of & the/client';

function newKeys() {
  const made = [
    ['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'P-256' }],
    ['ed25519', {}],
  ];
  return made.map(([kind, options]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    kid: randomUUID(),
    use: 'sig',
  }));
}

function client(id, more = {}) {
  return {
    client_id: id,
    client_secret: SECRET,
    redirect_uris: [redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'EdDSA',
    ...more,
  };
}

const clients = [
  client('tocsin'),
  client('tocsin-post', { token_endpoint_auth_method: 'client_secret_post' }),
  client('tocsin-public', { token_endpoint_auth_method: 'none', client_secret: undefined }),
  ...ALGORITHMS.map((alg) =>
    client(`tocsin-${alg.toLowerCase()}`, { id_token_signed_response_alg: alg }),
  ),
];

function open(port) {
  const provider = new Provider(`https://localhost:${port}`, {
    clients,
    jwks: { keys: newKeys() },
    cookies: { keys: ['only for tests'] },
    claims: { profile: ['preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    pkce: { required: () => true },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 60, IdToken: 300 },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: `subject-of-${id}`,
        preferred_username: id,
        email: `${id}@town.example`,
        email_verified: true,
      }),
    }),
  });
  return provider.callback();
}

let answer = null;
const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  (request, response) => answer(request, response),
);
server.listen(Number(wanted), '127.0.0.1', () => {
  const { port } = server.address();
  answer = open(port);
  console.log(`ready ${port}`);
  createInterface({ input: process.stdin })
    .on('line', (order) => {
      if (order === 'rotate') answer = open(port);
      console.log('done');
    })
    .on('close', () => process.exit(0));
});
