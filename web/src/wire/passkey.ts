/** Passkeys (WebAuthn): control's questions for the browser, and the browser's answers for control. */

export interface PasskeyQuestion {
  challenge: string;
  domain: string;
  credentials: string[];
  user?: { id: string; name: string };
}

export interface PasskeyAnswer {
  credential: string;
  client_data: string;
  authenticator_data: string;
  signature: string;
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const letters = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

/** A browser knows passkeys for names, not for bare addresses. */
export function passkeysPossible(host = window.location.hostname): boolean {
  return 'PublicKeyCredential' in window && !/^[\d.]+$|:/.test(host);
}

const described = (ids: string[]) =>
  ids.map((id) => ({ type: 'public-key' as const, id: fromBase64Url(id) }));

/** Asks the person to make one; null when they did not. */
export async function makePasskey(
  question: PasskeyQuestion,
): Promise<{ client_data: string; authenticator_data: string } | null> {
  const user = question.user ?? { id: '', name: '' };
  const made = await navigator.credentials
    .create({
      publicKey: {
        challenge: fromBase64Url(question.challenge),
        rp: { id: question.domain, name: 'Tocsin' },
        user: { id: fromBase64Url(user.id), name: user.name, displayName: user.name },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: described(question.credentials),
        authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
        attestation: 'none',
        timeout: 100_000,
      },
    })
    .catch(() => null);
  if (!(made instanceof PublicKeyCredential)) return null;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    client_data: toBase64Url(response.clientDataJSON),
    authenticator_data: toBase64Url(response.getAuthenticatorData()),
  };
}

/** Asks the person for one of theirs; null when they did not. */
export async function askPasskey(question: PasskeyQuestion): Promise<PasskeyAnswer | null> {
  const used = await navigator.credentials
    .get({
      publicKey: {
        challenge: fromBase64Url(question.challenge),
        rpId: question.domain,
        allowCredentials: described(question.credentials),
        userVerification: 'preferred',
        timeout: 100_000,
      },
    })
    .catch(() => null);
  if (!(used instanceof PublicKeyCredential)) return null;
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    credential: toBase64Url(used.rawId),
    client_data: toBase64Url(response.clientDataJSON),
    authenticator_data: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
  };
}
