/** One strip per camera: when it saw something, and how much. Dragging over it chooses a time. */
import { useMemo, useRef, useState, type PointerEvent, type ReactElement } from 'react';
import { clock, day, many } from '../../show/words';
import { Skeleton } from '../../show/skeleton';
import type { Sighting } from '../../wire/types';
import { barsPath, densityOf, ticksOf } from './density';
import type { TimeWindow } from './filter';
import css from './events.module.css';

const BINS = 150;
const DRAG_MIN = 0.01;

interface StripsProps {
  cameras: string[];
  sightings: Sighting[];
  window: TimeWindow;
  loading: boolean;
  onChoose: (window: TimeWindow) => void;
}

export function Strips(props: StripsProps): ReactElement {
  const { cameras, sightings, window, loading, onChoose } = props;
  const drag = useDrag(window, onChoose);
  const rows = useMemo(() => {
    const counts = cameras.map((name) => {
      const own = sightings.filter((sighting) => sighting.camera === name);
      return { name, total: own.length, counts: densityOf(own, window, BINS) };
    });
    const most = Math.max(1, ...counts.flatMap((row) => row.counts));
    return counts.map((row) => ({ ...row, path: barsPath(row.counts, most) }));
  }, [cameras, sightings, window]);

  return (
    <div className={css.strips}>
      <Axis window={window} />
      <div className={css.rows}>
        {rows.map((row) => (
          <div key={row.name} className={css.stripRow}>
            <span className={css.stripName} title={row.name}>
              {row.name}
            </span>
            {loading && row.total === 0 ? (
              <Skeleton width="100%" />
            ) : (
              <svg
                className={css.strip}
                viewBox={`0 0 ${BINS} 1`}
                preserveAspectRatio="none"
                role="img"
                aria-label={`${row.name}: ${many(row.total, 'event')} in this time`}
              >
                <path d={row.path} />
              </svg>
            )}
            <span className={css.stripCount}>{row.total}</span>
          </div>
        ))}
        <div className={css.dragArea} {...drag.handlers} aria-hidden="true">
          {drag.shown && (
            <div
              className={css.dragged}
              style={{ left: `${drag.shown.left * 100}%`, width: `${drag.shown.width * 100}%` }}
            >
              <span>{drag.words}</span>
            </div>
          )}
        </div>
      </div>
    </div>
  );
}

function Axis({ window }: { window: TimeWindow }): ReactElement {
  const length = window.to - window.from;
  const long = length > 26 * 3_600_000;
  return (
    <div className={css.axis} aria-hidden="true">
      {ticksOf(window, 7).map((tick) => {
        const date = new Date(tick);
        return (
          <span key={tick} style={{ left: `${((tick - window.from) / length) * 100}%` }}>
            {long ? day(date).slice(5) : clock(date).slice(0, 5)}
          </span>
        );
      })}
    </div>
  );
}

interface Drag {
  handlers: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onPointerCancel: () => void;
  };
  shown: { left: number; width: number } | null;
  words: string;
}

function useDrag(window: TimeWindow, onChoose: (window: TimeWindow) => void): Drag {
  const start = useRef<number | null>(null);
  const [ends, setEnds] = useState<[number, number] | null>(null);
  const place = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const left = ends ? Math.min(...ends) : 0;
  const right = ends ? Math.max(...ends) : 0;
  const timeAt = (part: number) => Math.round(window.from + part * (window.to - window.from));
  return {
    handlers: {
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        start.current = place(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event) => {
        if (start.current !== null) setEnds([start.current, place(event)]);
      },
      onPointerUp: () => {
        start.current = null;
        setEnds(null);
        if (ends && right - left >= DRAG_MIN) onChoose({ from: timeAt(left), to: timeAt(right) });
      },
      onPointerCancel: () => {
        start.current = null;
        setEnds(null);
      },
    },
    shown: ends ? { left, width: right - left } : null,
    words: `${clock(new Date(timeAt(left)))} to ${clock(new Date(timeAt(right)))}`,
  };
}
