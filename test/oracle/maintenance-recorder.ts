/** Listens to the TLB maintenance that a kernel of ours does, in the guest's words for it. */

import type { Tlb } from '../../src/machine/index.js';

/** A routine of the guest that does TLB maintenance, with its argument. */
export interface Maintenance {
  readonly routine: 'TLBIALL' | 'TLBIMVA' | 'TLBIASID' | 'TLBIMVAA';
  readonly argument: number;
}

/** Calls `heard` before each maintenance operation of `tlb`, from now on. */
export function listenToMaintenance(tlb: Tlb, heard: (maintenance: Maintenance) => void): void {
  const all = tlb.invalidateAll.bind(tlb);
  const byAddress = tlb.invalidateAddress.bind(tlb);
  const byAddressAllAsids = tlb.invalidateAddressAllAsids.bind(tlb);
  const byAsid = tlb.invalidateAsid.bind(tlb);
  tlb.invalidateAll = () => {
    heard({ routine: 'TLBIALL', argument: 0 });
    all();
  };
  tlb.invalidateAddress = (va, asid) => {
    heard({ routine: 'TLBIMVA', argument: ((va & ~0xfff) | asid) >>> 0 });
    byAddress(va, asid);
  };
  tlb.invalidateAddressAllAsids = (va) => {
    heard({ routine: 'TLBIMVAA', argument: (va & ~0xfff) >>> 0 });
    byAddressAllAsids(va);
  };
  tlb.invalidateAsid = (asid) => {
    heard({ routine: 'TLBIASID', argument: asid });
    byAsid(asid);
  };
}
