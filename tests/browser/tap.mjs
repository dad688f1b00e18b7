// TAP lines and a summary. A step that fails is told with its reason; `must` steps end the run.

export class Tap {
  passed = 0;
  failed = 0;

  note(text) {
    console.log(`# ${text}`);
  }

  ok(name, good, reason = '') {
    if (good) this.passed++;
    else this.failed++;
    console.log(`${good ? 'ok' : 'not ok'} ${this.passed + this.failed} - ${name}`);
    if (!good && reason) console.log(`  # ${String(reason).split('\n').join('\n  # ')}`);
    return good;
  }

  /** Runs `act`; answers its value, or undefined when it failed. */
  async step(name, act) {
    const began = Date.now();
    try {
      const value = await act();
      this.ok(`${name} (${Date.now() - began} ms)`, true);
      return value;
    } catch (caught) {
      this.ok(name, false, caught?.message ?? caught);
      return undefined;
    }
  }

  /** As step, but without it nothing that follows makes sense. */
  async must(name, act) {
    const before = this.failed;
    const value = await this.step(name, act);
    if (this.failed > before) throw new Bail(name);
    return value;
  }

  /** The last lines; answers the exit code. */
  close() {
    console.log(`1..${this.passed + this.failed}`);
    console.log(`# browser: ${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

export class Bail extends Error {}

/** Asks until the answer is true, or says after `deadlineMs` what it waited for. */
export async function until(what, ask, deadlineMs = 20_000) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
