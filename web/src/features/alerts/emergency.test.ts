import { describe, expect, it } from 'vitest';
import type { Emergency } from '../../wire/types';
import { actWords, missingWords } from './emergency';
import { merge } from './waiting';

const DRAFT: Emergency = {
  id: '1',
  alert_id: 'a',
  revision: 1,
  action: 'show',
  state: 'waiting',
  content: {
    tier: 'emergency',
    texts: [{ language: 'en', text: 'Leave' }],
    targets: { zones: ['north'], devices: [], broadcast: false },
    begin: '2026-11-25T10:00:00Z',
    expire: '2026-11-25T11:00:00Z',
  },
  site: 'demo',
  needed: 2,
  approvals: [],
  created_at: '2026-11-25T10:00:00Z',
  created_by: 'anna',
  expire: '2026-11-25T11:00:00Z',
};
const ANNA = [{ person: 'anna', at: '2026-11-25T10:00:01Z' }];

describe('an emergency that waits', () => {
  it('says what is missing', () => {
    expect(missingWords(DRAFT)).toBe('Needs 2 approvals, has none yet.');
    expect(missingWords({ ...DRAFT, approvals: ANNA })).toBe('Needs 2 approvals, has 1: anna.');
  });

  it('says what it would do', () => {
    expect(actWords(DRAFT)).toBe('Send an emergency');
    expect(actWords({ ...DRAFT, revision: 2 })).toBe('Update an emergency');
    expect(actWords({ ...DRAFT, revision: 2, action: 'cancel' })).toBe('Cancel an emergency');
  });

  it('stays in the list while it waits', () => {
    const other = { ...DRAFT, id: '0' };
    expect(merge([DRAFT], other).map((each) => each.id)).toEqual(['0', '1']);
    expect(merge([DRAFT], { ...DRAFT, approvals: ANNA })[0]!.approvals).toEqual(ANNA);
    expect(merge([DRAFT, other], { ...DRAFT, state: 'sent' })).toEqual([other]);
  });
});
