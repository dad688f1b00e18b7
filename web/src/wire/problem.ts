/**
 * Every failure of a request becomes one Problem: what happened, to what, and what to do next.
 * The server says it as RFC 9457 (application/problem+json); for a dead link we say it ourselves.
 */
export class Problem extends Error {
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly next: string;
  /** A word for programs, where the answer had one. */
  reason = '';
  /** What else the answer had, for whoever knows it. */
  more: Record<string, unknown> = {};

  constructor(status: number, title: string, detail: string, next = nextStep(status)) {
    super(`${title}: ${detail}`);
    this.name = 'Problem';
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.next = next;
  }
}

function nextStep(status: number): string {
  switch (status) {
    case 0:
      return 'Check the network of this computer; this page tries again by itself.';
    case 401:
      return 'Sign in again.';
    case 403:
      return 'Reload the page; if it stays refused, ask an administrator of the site.';
    case 404:
      return 'Go back to the list: it may have been removed meanwhile.';
    case 409:
      return 'Reload to see the newest state, then decide again.';
    case 413:
      return 'Shorten the text or choose fewer targets.';
    case 400:
    case 422:
      return 'Correct what is named above and send again.';
    case 429:
      return 'Wait a minute, then try again.';
    case 502:
    case 504:
      return 'The device does not answer: look at its state on the Devices page, then try again.';
    case 503:
      return 'The server is busy or starting: try again in a few seconds.';
    default:
      return 'Try again; if it stays, give the time and this text to whoever runs the server.';
  }
}

const TITLES: Record<number, string> = {
  400: 'The server did not understand the request',
  401: 'Not signed in',
  403: 'Refused',
  404: 'Not found',
  409: 'Changed meanwhile',
  413: 'Too large',
  429: 'Too many tries',
  502: 'The device could not be reached',
  503: 'The server is not ready',
};

/** Reads what a failed answer carries. `subject` says to what it happened: "Alert 018f…". */
export async function problemFrom(response: Response, subject: string): Promise<Problem> {
  const fallback = TITLES[response.status] ?? `The server answered ${response.status}`;
  const type = response.headers.get('Content-Type') ?? '';
  if (!type.startsWith('application/problem+json') && !type.startsWith('application/json'))
    return new Problem(response.status, fallback, `${subject} got no reason from the server.`);
  try {
    const body = (await response.json()) as Record<string, unknown>;
    const title = typeof body['title'] === 'string' && body['title'] ? body['title'] : fallback;
    const detail = typeof body['detail'] === 'string' && body['detail'] ? body['detail'] : subject;
    const problem = new Problem(response.status, title, detail);
    if (typeof body['reason'] === 'string') problem.reason = body['reason'];
    problem.more = body;
    return problem;
  } catch {
    return new Problem(response.status, fallback, `${subject} got an answer that is not readable.`);
  }
}

export function linkProblem(subject: string): Problem {
  return new Problem(0, 'No answer from the server', `${subject} could not be reached.`);
}

/** What was caught, as a Problem; never hides a bug behind a friendly word. */
export function asProblem(caught: unknown, subject: string): Problem {
  if (caught instanceof Problem) return caught;
  const reason = caught instanceof Error ? caught.message : String(caught);
  return new Problem(-1, 'This page made a mistake', `${subject}: ${reason}`);
}
