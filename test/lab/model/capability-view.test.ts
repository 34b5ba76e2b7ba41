import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabSession } from '../../../lab/engine/lab-session.js';
import {
  type CapabilityView,
  capabilityView,
  doomedBy,
  treeRows,
} from '../../../lab/model/capability-view.js';
import { Access } from '../../../src/format/index.js';
import { isLeaf, mapRows, Regions } from '../../../src/inspect/index.js';
import { walk } from '../../../src/machine/index.js';
import { beginning, randomOperations } from '../engine/random-scenario.js';

function finished(text: string): LabSession {
  const session = new LabSession(text);
  session.finish();
  return session;
}

function viewNow(session: LabSession, name: string): CapabilityView {
  const state = session.at(session.lastMoment);
  const domain = state.domain(name);
  if (domain === undefined) throw new Error(`no domain ${name}`);
  return capabilityView(state, domain);
}

/** Every page that some object backs, by domain and address, with its memory. */
function backed(view: CapabilityView): Map<string, number> {
  const pages = new Map<string, number>();
  for (const object of view.objects) {
    for (const { domain, va, bytes, pa } of object.pages) {
      for (let at = 0; at < bytes; at += 4096) pages.set(`${domain} ${va + at}`, pa + at);
    }
  }
  return pages;
}

/** The same as the tables of all domains say it. */
function mapped(session: LabSession): Map<string, number> {
  const state = session.at(session.lastMoment);
  const pages = new Map<string, number>();
  for (const domain of state.domains) {
    const { reader, registers, profile } = state.input(domain);
    const rows = [...mapRows(new Regions(state.space(domain)))];
    for (const { va, bytes } of rows.filter((row) => isLeaf(row.meaning))) {
      for (let at = va; at < va + bytes; at += 4096) {
        const { leaf } = walk(reader, registers, profile, at, Access.PRIVILEGED_READ);
        pages.set(`${domain.name} ${at}`, leaf?.pa ?? -1);
      }
    }
  }
  return pages;
}

describe('capabilities as they are drawn', () => {
  it('back just the pages that the tables map, whatever was done', () => {
    fc.assert(
      fc.property(randomOperations, ({ tlb, steps }) => {
        const session = finished(beginning(tlb));
        for (const step of steps) {
          try {
            session.apply(step);
          } catch {
            // A strict TLB may stop it, and names may not be there.
          }
        }
        const view = viewNow(session, 'first');
        expect(backed(view)).toEqual(mapped(session));
        for (const { about } of view.slots) expect(view.byNumber.has(about)).toBe(true);
        const rows = treeRows(view, undefined);
        expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(view.objects.length);
      }),
      { numRuns: 40 },
    );
  });

  it('die by a revocation just as it was said before', () => {
    const session = finished(beginning('profile'));
    session.apply('map a at=0x1000_0000');
    session.apply('share a with=second as=b');
    session.apply('share b with=first as=c2 rights=r domain=second');
    session.apply('map b at=0x3000_0000');
    const before = viewNow(session, 'first');
    const domain = session.at(session.lastMoment).domain('first');
    const ref = domain?.frames.get('a')?.cap;
    const slot = before.slots.find((each) => each.ref === ref);
    const object = before.byNumber.get(slot?.about ?? 0);
    if (object === undefined || slot === undefined) throw new Error('a has no object');
    const doomed = doomedBy(before, object, slot.slot);
    const result = session.apply('revoke a');
    expect(result.outcome).toMatchObject({ facts: { count: doomed.pages.length } });
    expect(doomed.pages.length).toBe(3);
    const after = viewNow(session, 'first');
    const left = after.byNumber.get(object.number);
    expect(left?.holders.map((holder) => holder.slot.slot)).toEqual([slot.slot]);
    const gone = before.objects.flatMap(({ holders }) => holders).length;
    const kept = after.objects.flatMap(({ holders }) => holders).length;
    expect(gone - kept).toBe(doomed.holders.length);
  });
});
