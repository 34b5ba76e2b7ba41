import type { ErrorNumber } from '../base/index.js';
import type { PmapCore } from './pmap-core.js';
import type { PmapCost } from './pmap-map.js';
export class ReshapeOperation {
  private readonly core: PmapCore;
  readonly cost: PmapCost = { tables: 0, tableBytes: 0, entryWrites: 0, records: 0, slots: 0 };
  constructor(core: PmapCore) {
    this.core = core;
  }
  split(_a: number): ErrorNumber {
    return this.core.endPage;
  }
  planSplit(_a: number): ErrorNumber {
    return 0;
  }
  promote(_a: number, _b: number): ErrorNumber {
    return 0;
  }
  planPromote(_a: number, _b: number): ErrorNumber {
    return 0;
  }
}
