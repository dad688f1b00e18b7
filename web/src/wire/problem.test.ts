import { describe, expect, it } from 'vitest';
import { asProblem, linkProblem, Problem, problemFrom } from './problem';

function answer(status: number, body: string, type: string): Response {
  return new Response(body, { status, headers: { 'Content-Type': type } });
}

describe('a failed answer', () => {
  it('says what the server said, and what to do next', async () => {
    const body =
      '{"type":"about:blank","title":"Forbidden","status":403,"detail":"emergency needs ops"}';
    const problem = await problemFrom(answer(403, body, 'application/problem+json'), 'The alert');
    expect(problem).toMatchObject({
      status: 403,
      title: 'Forbidden',
      detail: 'emergency needs ops',
    });
    expect(problem.next).toContain('administrator');
    expect(problem.message).toBe('Forbidden: emergency needs ops');
  });
  it('names the subject when the server gives no reason', async () => {
    const problem = await problemFrom(answer(502, '<html>', 'text/html'), 'The clip');
    expect(problem.title).toBe('The device could not be reached');
    expect(problem.detail).toBe('The clip got no reason from the server.');
    expect(problem.next).toContain('Devices');
  });
  it('bears a problem document that is cut or of other types', async () => {
    const cut = await problemFrom(answer(500, '{"title":', 'application/problem+json'), 'Events');
    expect(cut.title).toBe('The server answered 500');
    expect(cut.detail).toContain('not readable');
    const odd = answer(400, '{"title":7,"detail":[]}', 'application/problem+json; charset=utf-8');
    expect(await problemFrom(odd, 'Events')).toMatchObject({ detail: 'Events' });
  });
  it.each([0, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503])(
    'has a next step for %d',
    (status) => expect(new Problem(status, 'a', 'b').next).toMatch(/\.$/),
  );
});

describe('what is caught', () => {
  it('stays what it is when it is a Problem already', () => {
    const problem = linkProblem('Events');
    expect(asProblem(problem, 'other')).toBe(problem);
    expect(problem.status).toBe(0);
  });
  it('does not hide a mistake of the page', () => {
    expect(asProblem(new TypeError('x is undefined'), 'Events').detail).toBe(
      'Events: x is undefined',
    );
  });
});
