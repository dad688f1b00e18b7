import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import type { NewInvitation } from '../../wire/types';
import { Time } from '../../show/time';
import css from './people.module.css';

/** A link that control shows once; whoever has it becomes that person. */
export function LinkNote({ made }: { made: NewInvitation }): ReactElement {
  const [copied, setCopied] = useState(false);
  const link = `${window.location.origin}${made.href}`;
  const copy = () =>
    void navigator.clipboard.writeText(link).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className={css.link} role="status">
      <span>
        Give this link to the person, and to nobody else. It works once, until{' '}
        <Time at={made.expires_at} age={false} />, and is not shown again.
      </span>
      <code data-link>{link}</code>
      <Button size="small" color="inherit" variant="outlined" onClick={copy}>
        {copied ? 'Copied' : 'Copy the link'}
      </Button>
    </div>
  );
}
