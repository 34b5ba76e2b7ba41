/** What the kernel tells of a capability to whoever holds it. */
import { CapType } from './capability-types.js';

/** What `Invocations.identify` found; filled anew by each call. */
export class Identity {
  type: number = CapType.NULL;
  rights = 0;
  /** Physical address and size of the object in KiB, which are small integers for all addresses. */
  kibibyte = 0;
  kibibytes = 0;

  /** Physical address of the object, in bytes. */
  get base(): number {
    return this.kibibyte * 1024;
  }

  /** Size of the object, in bytes. */
  get bytes(): number {
    return this.kibibytes * 1024;
  }
}

/** What `Invocations.identifyMapping` found; filled anew by each call. */
export class MappingIdentity {
  /** One of `Kind`: of its leaves, or `Kind.TABLE`. */
  kind = 0;
  /** Physical address of the table that it is installed in, in KiB. */
  tableKibibyte = 0;
  /** Its first entry there, and how many there are. */
  entry = 0;
  entries = 0;
  /** Physical address of the object that is mapped, in KiB, and the page of it that it begins with. */
  kibibyte = 0;
  page = 0;
}
