/** The film of one text, made by control when the writer pauses. */
import { useEffect, useMemo, useState } from 'react';
import { previewText } from '../../wire/api';
import { readFilm, type Film } from '../../wire/film';
import { asProblem, type Problem } from '../../wire/problem';
import type { AlertText, SignSize, Tier } from '../../wire/types';
import { bytesOf, cleanTexts, TEXT_BYTES_MAX } from './draft';

/** Long enough to type a letter, short enough to be live. */
const PAUSE_MS = 250;
/** Too many asked at once: control lets five a second through. */
const BUSY_MS = 1000;

export interface Preview {
  film: Film | null;
  problem: Problem | null;
  /** The film is of an earlier text. */
  old: boolean;
}

export function usePreview(text: AlertText, tier: Tier, sign: SignSize): Preview {
  const { width, height } = sign;
  const { language } = text;
  const words = useMemo(() => cleanTexts([text])[0]?.text ?? '', [text]);
  const wanted = words !== '' && bytesOf(words) <= TEXT_BYTES_MAX;
  const key = `${tier} ${width} ${height} ${language} ${words}`;
  const [kept, setKept] = useState<{ key: string; film: Film | null; problem: Problem | null }>({
    key: '',
    film: null,
    problem: null,
  });
  useEffect(() => {
    if (!wanted) return undefined;
    const abort = new AbortController();
    const ask = async () => {
      try {
        const draft = { tier, texts: [{ language, text: words }], sign: { width, height } };
        const film = readFilm(await previewText(draft, abort.signal));
        setKept({ key, film, problem: null });
      } catch (caught) {
        if (abort.signal.aborted) return;
        const problem = asProblem(caught, 'The preview');
        if (problem.status === 429) timer = setTimeout(() => void ask(), BUSY_MS);
        else setKept({ key, film: null, problem });
      }
    };
    let timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [wanted, key, tier, language, words, width, height]);
  if (!wanted) return { film: null, problem: null, old: false };
  return { film: kept.film, problem: kept.problem, old: kept.key !== key };
}
