import { VmError } from '../../src/base/index.js';
import { type ByteSource, MemoryStore } from '../../src/domain/index.js';

/** Whether what is asked of a store or a source fails now. */
export interface Weather {
  failing: () => boolean;
}

/** A backing store that fails when the weather is bad. */
export class FlakyStore extends MemoryStore {
  private readonly weather: Weather;

  constructor(weather: Weather) {
    super();
    this.weather = weather;
  }

  override write(slot: number, page: Uint8Array): void {
    if (this.weather.failing()) throw new VmError('LIB_ERR_PAGER_STORE', 'the disk is full');
    super.write(slot, page);
  }

  override read(slot: number, into: Uint8Array): void {
    // What a failed read leaves behind must not be taken for the page.
    into.fill(0xee);
    if (this.weather.failing()) throw new VmError('LIB_ERR_PAGER_STORE', 'the disk is broken');
    super.read(slot, into);
  }
}

/** The bytes of an array as a source that fails when the weather is bad. */
export function flakySource(bytes: Uint8Array, weather: Weather): Required<ByteSource> {
  return {
    bytes: bytes.length,
    read: (offset, into) => {
      into.fill(0xee);
      if (weather.failing()) throw new Error('the file cannot be read');
      into.set(bytes.subarray(offset, offset + into.length));
    },
    write: (offset, from) => {
      if (weather.failing()) throw new Error('the file cannot be written');
      bytes.set(from, offset);
    },
  };
}
