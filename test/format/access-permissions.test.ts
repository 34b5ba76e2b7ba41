import { describe, expect, it } from 'vitest';
import {
  ACCESS_NAMES,
  Access,
  ALL_RIGHTS,
  accessFlagSet,
  apFor,
  clientRights,
  DOMAIN_ACCESS_NAMES,
  domainAccess,
  effectiveRights,
  effectiveRightsTable,
  isFetch,
  isPrivileged,
  isWrite,
  type PermissionControls,
  rightsText,
} from '../../src/format/index.js';

const full: PermissionControls = { afe: false, wxn: false, uwxn: false };
const simple: PermissionControls = { ...full, afe: true };
const data = { xn: true, pxn: false };
const code = { xn: false, pxn: false };
const bool = [false, true];

const text = (rights: number): string => `${rightsText(rights, true)} ${rightsText(rights, false)}`;

describe('AP', () => {
  it.each([
    // AP, with XN, without XN: PL1 PL0
    [0b000, '--- ---', '--- ---'],
    [0b001, 'rw- ---', 'rwx ---'],
    [0b010, 'rw- r--', 'rwx r-x'],
    [0b011, 'rw- rw-', 'rwx rwx'],
    [0b100, '--- ---', '--- ---'],
    [0b101, 'r-- ---', 'r-x ---'],
    [0b110, 'r-- r--', 'r-x r-x'],
    [0b111, 'r-- r--', 'r-x r-x'],
  ])('%i in the full model', (ap, never, executable) => {
    expect(text(clientRights({ ap, ...data }, full))).toBe(never);
    expect(text(clientRights({ ap, ...code }, full))).toBe(executable);
    expect(accessFlagSet(ap, false)).toBe(true);
  });

  it.each([
    [0b000, 'rw- ---', 'rwx ---'],
    [0b001, 'rw- ---', 'rwx ---'],
    [0b010, 'rw- rw-', 'rwx rwx'],
    [0b011, 'rw- rw-', 'rwx rwx'],
    [0b100, 'r-- ---', 'r-x ---'],
    [0b101, 'r-- ---', 'r-x ---'],
    [0b110, 'r-- r--', 'r-x r-x'],
    [0b111, 'r-- r--', 'r-x r-x'],
  ])('%i in the simple model', (ap, never, executable) => {
    expect(text(clientRights({ ap, ...data }, simple))).toBe(never);
    expect(text(clientRights({ ap, ...code }, simple))).toBe(executable);
    expect(accessFlagSet(ap, true)).toBe((ap & 1) === 1);
  });
});

describe('never execute', () => {
  it('PXN takes execution from PL1 only, XN from both', () => {
    expect(text(clientRights({ ap: 3, xn: false, pxn: true }, full))).toBe('rw- rwx');
    expect(text(clientRights({ ap: 3, xn: true, pxn: true }, full))).toBe('rw- rw-');
    expect(text(clientRights({ ap: 7, xn: false, pxn: true }, full))).toBe('r-- r-x');
  });

  it('SCTLR.WXN takes it where the same privilege may write', () => {
    const wxn = { ...full, wxn: true };
    expect(text(clientRights({ ap: 1, ...code }, wxn))).toBe('rw- ---');
    expect(text(clientRights({ ap: 2, ...code }, wxn))).toBe('rw- r-x');
    expect(text(clientRights({ ap: 3, ...code }, wxn))).toBe('rw- rw-');
    expect(text(clientRights({ ap: 7, ...code }, wxn))).toBe('r-x r-x');
  });

  it('SCTLR.UWXN takes it from PL1 where the user may write', () => {
    const uwxn = { ...full, uwxn: true };
    expect(text(clientRights({ ap: 1, ...code }, uwxn))).toBe('rwx ---');
    expect(text(clientRights({ ap: 2, ...code }, uwxn))).toBe('rwx r-x');
    expect(text(clientRights({ ap: 3, ...code }, uwxn))).toBe('rw- rwx');
  });
});

describe('domains', () => {
  it('are two bits each of the DACR', () => {
    for (let domain = 0; domain < 16; domain++) {
      for (let access = 0; access < 4; access++) {
        const mask = 3 << (2 * domain);
        expect(domainAccess(((access << (2 * domain)) | ~mask) >>> 0, domain)).toBe(access);
        expect(domainAccess((access << (2 * domain)) >>> 0, domain)).toBe(access);
      }
    }
    expect(DOMAIN_ACCESS_NAMES).toEqual(['none', 'client', 'reserved', 'manager']);
  });

  it('every combination of AP, XN, PXN, AFE, WXN, UWXN and domain access', () => {
    for (const afe of bool) {
      for (const wxn of bool) {
        for (const uwxn of bool) {
          const controls = { afe, wxn, uwxn };
          const table = effectiveRightsTable(0b11_10_01_00, controls);
          for (let index = 0; index < 128; index++) {
            const bits = { ap: index & 7, xn: (index & 8) !== 0, pxn: (index & 16) !== 0 };
            const access = index >> 5;
            const rights = effectiveRights(bits, controls, access);
            const client = clientRights(bits, controls);
            expect(rights).toBe([0, client, 0, ALL_RIGHTS][access]);
            expect(table[index]).toBe(rights);
          }
        }
      }
    }
  });
});

describe('accesses', () => {
  it('are the places of their rights', () => {
    const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH } = Access;
    const { USER_READ, USER_WRITE, USER_FETCH } = Access;
    const all = [0, 1, 2, 3, 4, 5];
    expect(all.filter(isWrite)).toEqual([PRIVILEGED_WRITE, USER_WRITE]);
    expect(all.filter(isFetch)).toEqual([PRIVILEGED_FETCH, USER_FETCH]);
    expect(all.filter(isPrivileged)).toEqual([PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH]);
    expect(ACCESS_NAMES[USER_READ]).toBe('user read');
    expect(text(1 << USER_WRITE)).toBe('--- -w-');
    expect(text(1 << PRIVILEGED_FETCH)).toBe('--x ---');
  });
});

describe('choosing AP', () => {
  it('gives what was asked for, in the full model and, but for one, in the simple one', () => {
    for (const privilegedWrite of bool) {
      for (const userRead of bool) {
        for (const userWrite of bool) {
          const ap = apFor({ privilegedWrite, userRead, userWrite });
          if (userWrite && !privilegedWrite) {
            expect(ap).toBeUndefined();
            continue;
          }
          if (ap === undefined) throw new Error('no AP');
          const user = `${userRead || userWrite ? 'r' : '-'}${userWrite ? 'w' : '-'}-`;
          const wanted = `r${privilegedWrite ? 'w' : '-'}- ${user}`;
          expect(text(clientRights({ ap, ...data }, full))).toBe(wanted);
          if (ap === 0b010) continue;
          expect(text(clientRights({ ap, ...data }, simple))).toBe(wanted);
          expect(accessFlagSet(ap, true)).toBe(true);
        }
      }
    }
  });
});
