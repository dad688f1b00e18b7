/** A sign exactly as it is lit now: every LED, in its colour, at the speed of the device. */
import { useCallback, useRef, useState, type ReactElement } from 'react';
import { classes, State } from '../../show/parts';
import { useEverySecond } from '../../show/ticker';
import { ago } from '../../show/words';
import { measureLit, type SignFrame } from '../../wire/sign-frames';
import { LedCanvas } from './led-canvas';
import { colourWord } from './colour-word';
import { useSignFrames } from './use-sign-frames';
import css from './sign.module.css';

interface SignViewProps {
  device: string;
  width: number;
  height: number;
}

export function SignView({ device, width, height }: SignViewProps): ReactElement {
  const leds = useRef<LedCanvas | null>(null);
  const newest = useRef<SignFrame | null>(null);
  const told = useRef(0);
  const [lit, setLit] = useState<string | null>(null);
  const link = useSignFrames(
    device,
    useCallback((frame: SignFrame) => {
      newest.current = frame;
      leds.current?.draw(frame);
      // Words need no more than four looks a second; React draws only when they change.
      const now = performance.now();
      if (now - told.current < 250) return;
      told.current = now;
      setLit(litWords(frame));
    }, []),
  );
  const age = useEverySecond((now) => ageWords(newest.current, now));
  const attach = useCallback((canvas: HTMLCanvasElement | null) => {
    leds.current = canvas ? new LedCanvas(canvas) : null;
  }, []);
  const stale = link.state === 'lost' && lit !== null;
  return (
    <figure className={css.sign}>
      <div className={css.board} style={{ aspectRatio: `${width} / ${height}` }}>
        <canvas
          ref={attach}
          className={classes(css.canvas, stale && css.stale)}
          role="img"
          aria-label={`Sign of ${device}: ${lit ?? 'not known yet'}`}
          data-testid="sign"
          data-leds={`${width}x${height}`}
        />
        {lit === null && (
          <p className={css.waiting}>
            {link.problem
              ? `${link.problem.title}. ${link.problem.next}`
              : 'Waiting for the first frame'}
          </p>
        )}
      </div>
      <figcaption className={css.caption}>
        <Caption link={link.state} lit={lit ?? ''} age={age} />
        <span>
          {width} x {height}
        </span>
      </figcaption>
    </figure>
  );
}

function Caption(props: { link: string; lit: string; age: string }): ReactElement {
  if (props.link === 'live')
    return (
      <State icon="live" mood="good">
        as lit now, {props.lit}
        {props.age && `, last changed ${props.age}`}
      </State>
    );
  if (props.link === 'lost')
    return (
      <State icon="lost" mood="fault">
        no picture from the device; trying again{props.age && `, last frame ${props.age}`}
      </State>
    );
  return (
    <State icon="queued" mood="dim">
      connecting to the device
    </State>
  );
}

function litWords(frame: SignFrame): string {
  const { count, colour } = measureLit(frame);
  if (!colour) return 'dark';
  return `${count} LEDs ${colourWord(colour)}`;
}

function ageWords(frame: SignFrame | null, now: number): string {
  if (!frame) return '';
  const seconds = (now - Number(frame.time_us / 1000n)) / 1000;
  return seconds < 2 ? '' : ago(seconds);
}
