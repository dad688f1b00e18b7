/** A film on the LEDs, at the speed of a sign; what moves can be stopped. */
import { useCallback, useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { Icon } from '../../theme/icons';
import { classes } from '../../show/parts';
import { frameAt, lampsOf, loopMs, type Film } from '../../wire/film';
import { LedCanvas } from './led-canvas';
import css from './sign.module.css';

interface FilmViewProps {
  film: Film | null;
  width: number;
  height: number;
  /** What it is, for those who cannot see it. */
  name: string;
  /** Whether the words have changed since the film was made. */
  old: boolean;
  /** Stands on the board while there is no film. */
  children?: ReactNode;
}

export function FilmView(props: FilmViewProps): ReactElement {
  const { film, width, height, name, old, children } = props;
  const leds = useRef<LedCanvas | null>(null);
  const [still, setStill] = useState(
    () => window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  );
  const attach = useCallback((canvas: HTMLCanvasElement | null) => {
    leds.current = canvas ? new LedCanvas(canvas) : null;
  }, []);
  useEffect(() => {
    if (!film) return undefined;
    return play(film, still, (index) =>
      leds.current?.draw({ width: film.width, height: film.height, rgb: lampsOf(film, index) }),
    );
  }, [film, still]);
  const moves = film !== null && film.at_ms.length > 1;
  return (
    <div className={css.board} style={{ aspectRatio: `${width} / ${height}` }}>
      <canvas
        ref={attach}
        className={classes(css.canvas, (old || !film) && css.stale)}
        role="img"
        aria-label={name}
        data-testid="preview"
        data-leds={`${width}x${height}`}
        data-frames={film?.at_ms.length ?? 0}
      />
      {!film && <p className={css.waiting}>{children}</p>}
      {moves && (
        <button type="button" className={css.motion} onClick={() => setStill(!still)}>
          <Icon name={still ? 'play' : 'pause'} size={14} />
          {still ? 'Move' : 'Stop'}
        </button>
      )}
    </div>
  );
}

/** Draws the first frame, and each that follows in its time; answers how to stop. */
function play(film: Film, still: boolean, draw: (index: number) => void): () => void {
  let drawn = 0;
  draw(0);
  if (still || film.at_ms.length < 2) return () => undefined;
  const begin = performance.now();
  const loop = loopMs(film);
  const step = (now: number) => {
    const index = frameAt(film, Math.max(0, now - begin) % loop);
    if (index !== drawn) draw(index);
    drawn = index;
    asked = requestAnimationFrame(step);
  };
  let asked = requestAnimationFrame(step);
  return () => cancelAnimationFrame(asked);
}
