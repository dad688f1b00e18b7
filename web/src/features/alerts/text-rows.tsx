/** One text per language, each in its own direction, with the sign that it makes beside it. */
import { useId, type ReactElement } from 'react';
import IconButton from '@mui/material/IconButton';
import { Icon } from '../../theme/icons';
import { classes } from '../../show/parts';
import type { AlertText, SignSize, Tier } from '../../wire/types';
import { bytesOf, TEXT_BYTES_MAX, textHint, TEXTS_MAX } from './draft';
import { languageName, LANGUAGES } from './languages';
import { SignPreview } from './sign-preview';
import css from './compose.module.css';

interface TextRowsProps {
  texts: AlertText[];
  tier: Tier;
  /** The sign that the previews are of. */
  sign: SignSize;
  onChange: (texts: AlertText[]) => void;
}

export function TextRows({ texts, tier, sign, onChange }: TextRowsProps): ReactElement {
  const replace = (at: number, text: AlertText) =>
    onChange(texts.map((each, index) => (index === at ? text : each)));
  const remove = (at: number) => onChange(texts.filter((_, index) => index !== at));
  const free = LANGUAGES.filter((each) => !texts.some((text) => text.language === each.tag));
  return (
    <div className={css.texts}>
      {texts.map((text, at) => (
        <TextRow
          key={text.language}
          text={text}
          tier={tier}
          sign={sign}
          onChange={(next) => replace(at, next)}
          onRemove={texts.length > 1 ? () => remove(at) : null}
        />
      ))}
      {texts.length < TEXTS_MAX && free.length > 0 && (
        <AddLanguage
          tags={free.map((each) => each.tag)}
          onAdd={(language) => onChange([...texts, { language, text: '' }])}
        />
      )}
    </div>
  );
}

interface TextRowProps {
  text: AlertText;
  tier: Tier;
  sign: SignSize;
  onChange: (text: AlertText) => void;
  onRemove: (() => void) | null;
}

function TextRow({ text, tier, sign, onChange, onRemove }: TextRowProps): ReactElement {
  const id = useId();
  const bytes = bytesOf(text.text);
  const over = bytes > TEXT_BYTES_MAX;
  const hint = textHint(text);
  return (
    <div className={css.text}>
      <div className={css.textHead}>
        <label htmlFor={id}>{languageName(text.language)}</label>
        <span className={classes(css.bytes, over && css.over)}>
          {bytes} of {TEXT_BYTES_MAX} bytes
        </span>
        {onRemove && (
          <IconButton
            size="small"
            aria-label={`Take out ${languageName(text.language)}`}
            onClick={onRemove}
          >
            <Icon name="close" size={16} />
          </IconButton>
        )}
      </div>
      <div className={css.textBody}>
        <div className={css.words}>
          <textarea
            id={id}
            rows={2}
            dir="auto"
            lang={text.language}
            value={text.text}
            aria-invalid={over}
            {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
            onChange={(event) => onChange({ ...text, text: event.target.value })}
          />
          {hint && (
            <p id={`${id}-hint`} className={css.hint}>
              {hint}
            </p>
          )}
        </div>
        <SignPreview text={text} tier={tier} sign={sign} />
      </div>
    </div>
  );
}

const NEAR = 4;

/** The nearest languages as buttons, all others in a list. */
function AddLanguage({
  tags,
  onAdd,
}: {
  tags: string[];
  onAdd: (tag: string) => void;
}): ReactElement {
  return (
    <div className={css.add} role="group" aria-label="Add a language">
      {tags.slice(0, NEAR).map((tag) => (
        <button key={tag} type="button" lang={tag} onClick={() => onAdd(tag)}>
          <Icon name="plus" size={14} />
          {languageName(tag)}
        </button>
      ))}
      {tags.length > NEAR && (
        <select
          value=""
          aria-label="Another language"
          onChange={(event) => onAdd(event.target.value)}
        >
          <option value="" disabled>
            Another language
          </option>
          {tags.slice(NEAR).map((tag) => (
            <option key={tag} value={tag}>
              {languageName(tag)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
