/**
 * Listening to the TLB maintenance that software does: for whoever has to repeat it on another
 * machine that walks the same tables.
 */

import type { Tlb } from './tlb.js';

/** One operation, by the manual's name, with the word that it is given (Arm ARM B4.2.2). */
export interface TlbMaintenance {
  readonly operation: 'TLBIALL' | 'TLBIMVA' | 'TLBIASID' | 'TLBIMVAA';
  readonly argument: number;
}

/** Calls `heard` before each maintenance operation of `tlb`, from now on. */
export function onTlbMaintenance(tlb: Tlb, heard: (maintenance: TlbMaintenance) => void): void {
  const all = tlb.invalidateAll.bind(tlb);
  const byAddress = tlb.invalidateAddress.bind(tlb);
  const byAddressAllAsids = tlb.invalidateAddressAllAsids.bind(tlb);
  const byAsid = tlb.invalidateAsid.bind(tlb);
  tlb.invalidateAll = () => {
    heard({ operation: 'TLBIALL', argument: 0 });
    all();
  };
  tlb.invalidateAddress = (va, asid) => {
    heard({ operation: 'TLBIMVA', argument: ((va & ~0xfff) | asid) >>> 0 });
    byAddress(va, asid);
  };
  tlb.invalidateAddressAllAsids = (va) => {
    heard({ operation: 'TLBIMVAA', argument: (va & ~0xfff) >>> 0 });
    byAddressAllAsids(va);
  };
  tlb.invalidateAsid = (asid) => {
    heard({ operation: 'TLBIASID', argument: asid });
    byAsid(asid);
  };
}
