/**
 * A deliberate act: the button acts after it was held for HOLD_MS, by pointer or by key (Space or
 * Enter). Letting go earlier does nothing. Assistive technology that can only click presses twice.
 */
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
} from 'react';
import Button from '@mui/material/Button';
import { classes } from './parts';
import css from './show.module.css';

export const HOLD_MS = 1200;
const ARMED_MS = 5000;

interface HoldButtonProps {
  children: string;
  onHeld: () => void;
  disabled?: boolean;
}

export function HoldButton({ children, onHeld, disabled }: HoldButtonProps): ReactElement {
  const fill = useRef<HTMLSpanElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const holding = useRef(false);
  const byHand = useRef(false);
  const [armed, setArmed] = useState(false);
  const stop = useCallback(() => {
    holding.current = false;
    clearTimeout(timer.current);
    fill.current?.getAnimations().forEach((animation) => animation.cancel());
  }, []);
  useEffect(() => stop, [stop]);
  useEffect(() => {
    if (!armed) return undefined;
    const disarm = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(disarm);
  }, [armed]);

  const start = () => {
    if (holding.current || disabled) return;
    holding.current = true;
    byHand.current = true;
    const grow = [{ transform: 'scaleX(0)' }, { transform: 'scaleX(1)' }];
    fill.current?.animate(grow, { duration: HOLD_MS, fill: 'forwards' });
    timer.current = setTimeout(() => {
      stop();
      onHeld();
    }, HOLD_MS);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) start();
  };
  const onClick = () => {
    // A click that no press came before is one of assistive technology.
    if (byHand.current) byHand.current = false;
    else if (armed) onHeld();
    else setArmed(true);
  };
  return (
    <Button
      variant="outlined"
      color="error"
      disabled={disabled ?? false}
      className={classes(css.hold)}
      onPointerDown={start}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onKeyDown={onKeyDown}
      onKeyUp={stop}
      onBlur={stop}
      onClick={onClick}
      onContextMenu={(event) => event.preventDefault()}
    >
      <span ref={fill} className={css.holdFill} aria-hidden="true" />
      {armed ? `${children}: press again` : children}
    </Button>
  );
}
