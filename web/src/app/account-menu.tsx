import { useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import Button from '@mui/material/Button';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useColorScheme } from '@mui/material/styles';
import { ROLE_NAMES, useSession } from '../features/session/session';
import { Icon } from '../theme/icons';
import css from './frame.module.css';

/** Who is signed in, and what concerns only this person. */
export function AccountMenu(): ReactElement {
  const { session, leave } = useSession();
  const { colorScheme, setMode } = useColorScheme();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const close = () => setAnchor(null);
  const other = colorScheme === 'light' ? 'dark' : 'light';
  return (
    <>
      <Button
        color="inherit"
        className={css.account ?? ''}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        aria-label={`Signed in as ${session.user.username}`}
        onClick={(event) => setAnchor(event.currentTarget)}
        startIcon={<Icon name="account" />}
      >
        <span className={css.accountName}>{session.user.username}</span>
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={close}>
        <MenuItem disabled>
          {session.user.username}, {ROLE_NAMES[session.user.role]}
        </MenuItem>
        <MenuItem
          onClick={() => {
            setMode(other);
            close();
          }}
        >
          Use the {other} colours
        </MenuItem>
        <MenuItem component={Link} to="/account" onClick={close}>
          Your account
        </MenuItem>
        <MenuItem onClick={() => void leave()}>Sign out</MenuItem>
      </Menu>
    </>
  );
}
