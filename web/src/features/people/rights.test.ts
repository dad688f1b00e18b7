import { describe, expect, it } from 'vitest';
import { rightsFault, ROLE_CHOICES, withRole, withZone, type Rights } from './rights';

const operator: Rights = { role: 'operator', zones: ['north'] };

describe('rights', () => {
  it('of an administrator are for the whole site', () => {
    expect(withRole(operator, 'administrator')).toEqual({ role: 'administrator', zones: null });
    expect(withRole(operator, 'viewer')).toEqual({ role: 'viewer', zones: ['north'] });
  });
  it('take zones one by one, in order', () => {
    expect(withZone(operator, 'east', true).zones).toEqual(['east', 'north']);
    expect(withZone(operator, 'north', true).zones).toEqual(['north']);
    expect(withZone({ role: 'viewer', zones: null }, 'east', true).zones).toEqual(['east']);
  });
  it('reach something', () => {
    expect(rightsFault(operator)).toBeNull();
    expect(rightsFault(withZone(operator, 'north', false))).toContain('at least one zone');
    expect(rightsFault({ role: 'viewer', zones: null })).toBeNull();
  });
  it('offer every role', () => {
    expect(ROLE_CHOICES.map(({ value }) => value)).toContain('evidence_officer');
    expect(ROLE_CHOICES).toHaveLength(6);
  });
});
