/** One text as a sign of the town would show it, while it is written. */
import type { ReactElement } from 'react';
import { many } from '../../show/words';
import { FilmView } from '../sign/film-view';
import type { Film } from '../../wire/film';
import type { AlertText, SignSize, Tier } from '../../wire/types';
import { languageName } from './languages';
import { usePreview, type Preview } from './use-preview';
import css from './compose.module.css';

interface SignPreviewProps {
  text: AlertText;
  tier: Tier;
  sign: SignSize;
}

export function SignPreview({ text, tier, sign }: SignPreviewProps): ReactElement {
  const preview = usePreview(text, tier, sign);
  const { film, old } = preview;
  return (
    <figure className={css.preview}>
      <FilmView
        film={film}
        width={sign.width}
        height={sign.height}
        name={`Sign in ${languageName(text.language)}: ${film ? motionWords(film) : 'dark'}`}
        old={old}
      >
        {boardWords(preview, text)}
      </FilmView>
      <figcaption>
        <span>{film && !old ? motionWords(film) : ''}</span>
        <span>
          {sign.width} x {sign.height}
        </span>
        {film && film.unknown_letters > 0 && (
          <strong>{many(film.unknown_letters, 'letter')} that no sign can draw</strong>
        )}
      </figcaption>
    </figure>
  );
}

function boardWords({ problem, old }: Preview, text: AlertText): string {
  if (problem && !old) return `${problem.title}. ${problem.detail}`;
  return text.text.trim() === '' ? 'Dark until there are words' : '';
}

function motionWords(film: Film): string {
  if (film.at_ms.length < 2) return 'stands still';
  const seconds = (film.cycle_ms / 1000).toFixed(1);
  return film.whole ? `passes by in ${seconds} s` : `passes by in ${seconds} s, the start is shown`;
}
