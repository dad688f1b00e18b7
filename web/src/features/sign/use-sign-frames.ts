/** The frames of a sign as they are swapped, over one long answer that is opened again when it ends. */
import { useEffect, useRef, useState } from 'react';
import { send } from '../../wire/api';
import { backOff } from '../../wire/live-socket';
import { asProblem, linkProblem, type Problem } from '../../wire/problem';
import { SignFrameParser, type SignFrame } from '../../wire/sign-frames';

export interface SignLink {
  state: 'connecting' | 'live' | 'lost';
  problem: Problem | null;
}

/** `draw` is called once per drawing of the screen at most, with the newest frame. */
export function useSignFrames(device: string, draw: (frame: SignFrame) => void): SignLink {
  const [link, setLink] = useState<SignLink>({ state: 'connecting', problem: null });
  const drawing = useRef(draw);
  useEffect(() => {
    drawing.current = draw;
  }, [draw]);

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest: SignFrame | null = null;
    let asked = 0;
    let attempt = 0;
    const paint = () => {
      asked = 0;
      if (newest) drawing.current(newest);
    };
    const take = (frame: SignFrame) => {
      newest = frame;
      asked ||= requestAnimationFrame(paint);
      if (attempt >= 0) setLink({ state: 'live', problem: null });
      attempt = -1;
    };
    const run = () => {
      readFrames(device, take, abort.signal).catch((caught: unknown) => {
        if (abort.signal.aborted) return;
        attempt = Math.max(0, attempt + 1);
        setLink({ state: 'lost', problem: asProblem(caught, `The sign of ${device}`) });
        timer = setTimeout(run, backOff(attempt, Math.random()));
      });
    };
    setLink({ state: 'connecting', problem: null });
    run();
    return () => {
      abort.abort();
      clearTimeout(timer);
      cancelAnimationFrame(asked);
    };
  }, [device]);
  return link;
}

async function readFrames(
  device: string,
  take: (frame: SignFrame) => void,
  signal: AbortSignal,
): Promise<never> {
  const subject = `The sign of ${device}`;
  const path = `/api/devices/${encodeURIComponent(device)}/sign/frames`;
  const response = await send(path, {
    signal,
    subject,
    headers: { Accept: 'application/octet-stream' },
  });
  const parser = new SignFrameParser(take);
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read().catch((caught: unknown) => {
      if (signal.aborted) throw caught;
      return undefined;
    });
    if (!chunk || chunk.done) throw linkProblem(subject);
    parser.push(chunk.value);
  }
}
