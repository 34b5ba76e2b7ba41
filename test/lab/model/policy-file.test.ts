import { describe, expect, it } from 'vitest';
import {
  readPolicy,
  waiverIndex,
  withoutWaiver,
  withWaiver,
} from '../../../lab/model/policy-file.js';
import { Names } from '../../../src/inspect/index.js';

const NAMES = new Names([]);
const finding = { rule: 'VM001', va: 0x10_0000, bytes: 0x10_0000 } as const;
const other = { rule: 'VM012', va: 0, bytes: 4096 } as const;

describe('a policy that is made by waiving', () => {
  it('begins with nothing, and is a policy', () => {
    const text = withWaiver('', { finding, reason: 'it is "patched": at run time', until: '' });
    const { policy, problems } = readPolicy(text, NAMES);
    expect(problems).toEqual([]);
    expect(policy.waivers).toEqual([
      {
        rule: 'VM001',
        range: { base: 0x10_0000, bytes: 0x10_0000, single: false },
        reason: 'it is "patched": at run time',
        until: undefined,
      },
    ]);
  });

  it('keeps what somebody wrote, and goes back to it', () => {
    const written = [
      'version: 1',
      '# why',
      'waivers:',
      '    - rule: VM002',
      '      reason: helpers',
      '      until: 2099-12-31',
      'severity: {VM012: note}',
      '',
    ].join('\n');
    const more = withWaiver(written, { finding, reason: 'a', until: '2098-01-02' });
    const twice = withWaiver(more, { finding: other, reason: 'b', until: '' });
    const { policy, problems } = readPolicy(twice, NAMES);
    expect(problems).toEqual([]);
    expect(policy.waivers.map(({ rule, until }) => [rule, until])).toEqual([
      ['VM012', undefined],
      ['VM001', '2098-01-02'],
      ['VM002', '2099-12-31'],
    ]);
    expect(policy.severities.get('VM012')).toBe('note');
    const index = waiverIndex(policy, finding, 'a');
    const back = withoutWaiver(withoutWaiver(twice, index), waiverIndex(policy, other, 'b'));
    expect(back).toBe(written);
  });

  it('goes back to nothing', () => {
    const text = withWaiver('version: 1\n', { finding, reason: 'a', until: '' });
    expect(withoutWaiver(text, 0)).toBe('version: 1\n');
    expect(withoutWaiver('version: 1\n', 0)).toBe('version: 1\n');
  });

  it('does not touch waivers that stand in one line', () => {
    const text = 'version: 1\nwaivers: [{rule: VM001, reason: a}]\n';
    expect(() => withWaiver(text, { finding, reason: 'b', until: '' })).toThrow('in one line');
    expect(withoutWaiver(text, 0)).toBe(text);
  });

  it.each([
    ['version: 1\nwaivers:\n  - rule: VM001\n    reason: a\n    until: soon\n', 5, 12],
    ['version: 1\nrules:\n  - forbid: w and x\n  - allow: w and\n', 4, 12],
    ['version: 1\nseverity:\n  VM001: high\n', 3, 10],
    ['version: 2\n', 1, 10],
    ['version: 1\nkernel: [1..2, what]\n', 2, 16],
  ])('says where %j is wrong', (text, line, column) => {
    const { problems } = readPolicy(text, NAMES);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line, column });
  });
});
